"""The simulator's answers held against what TMDB really sent: the evidence in reverse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from shapes import Shape

from tmdb_ext.testing import Simulator

SINCE = "2022"
"""Older bodies have older shapes."""
MOST = 0.8
ENOUGH = 5
"""How many recorded nulls say that there are nulls."""
FEW = 4
"""Fewer recorded objects than this do not say which keys there are not."""
MANY = 200
"""How many recorded values without a null say that there are none."""

# Where a recording shows an oddity that is not of this operation, or an old shape.
NOT_OURS = {
    "$.trailers", "$.releases", "$.movies", "$.results[].media._id", "$.guest_stars[].character_name",
}  # fmt: skip


@pytest.fixture(scope="module")
def caller() -> Iterator[tuple[Simulator, httpx.Client]]:
    with Simulator() as simulator:
        headers = {"Authorization": f"Bearer {simulator.access_token}"}
        with httpx.Client(base_url=simulator.base_url, headers=headers) as client:
            yield simulator, client


@cache
def recorded(folder: Path) -> dict[str, tuple[Shape, int]]:
    """The shapes that were recorded, by operation, with how many bodies."""
    found: dict[str, tuple[Shape, int]] = {}
    for line in (folder / "index.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["status"] < 300 and (row.get("recorded") or "9") >= SINCE:
            shape, count = found.setdefault(row["operation"], (Shape(), 0))
            shape.add(json.loads((folder / row["file"]).read_text(encoding="utf-8")), row.get("append") or ())
            found[row["operation"]] = (shape, count + 1)
    return found


SEVERAL = {
    "movie_id": range(1, 60), "series_id": range(1, 60), "person_id": (*range(1, 33), *range(100, 140)),
    "company_id": range(1, 40),
    "network_id": range(1, 10), "collection_id": (10, 40), "keyword_id": (1, 809), "genre_id": (28, 18),
    "list_id": range(1, 10), "season_number": (0, 1), "episode_number": (1, 2), "time_window": ("week", "day"),
}  # fmt: skip


def bodies(client: httpx.Client, template: str) -> Iterator[Any]:
    """Answers to an operation: about several things, and for listings several pages."""
    queries: list[dict[str, Any]] = [{}]
    if template.startswith("/3/search/"):
        queries = [{"query": text} for text in ("star", "the", "a", "silver", "co")]
    elif "/find/" in template:
        known = [("tt0076759", "imdb_id"), ("nm990000002", "imdb_id"), ("tt980000041", "imdb_id")]
        known += [
            (str(client.get(f"{path}/external_ids").json()["tvdb_id"]), "tvdb_id")
            for path in ("/3/tv/41/season/1", "/3/tv/41/season/1/episode/1")
        ]
        for identifier, source in known:
            yield client.get(f"/3/find/{identifier}", params={"external_source": source}).json()
        return
    ids: list[str] = [template]
    for name, values in SEVERAL.items():
        if "{" + name + "}" in template:
            few = list(values)[:8] if ids[1:] else values
            ids = [path.replace("{" + name + "}", str(value)) for path in ids for value in few]
    if "{credit_id}" in template:
        ids = []
        for path in ("/3/movie/11/credits", "/3/tv/41/credits", "/3/movie/12/credits"):
            rows = client.get(path).json()
            ids += [f"/3/credit/{row['credit_id']}" for row in rows["cast"] + rows["crew"]]
    if "{review_id}" in template:
        ids = [f"/3/review/{one['id']}" for one in client.get("/3/movie/11/reviews").json()["results"]]
    if "{tv_episode_group_id}" in template:
        ids = [f"/3/tv/episode_group/{one['id']}" for one in client.get("/3/tv/41/episode_groups").json()["results"]]
    if "{season_id}" in template:
        ids = [template.format(season_id=number) for number in (4101, 4102, 4301)]
    if "{episode_id}" in template:
        ids = [template.format(episode_id=number) for number in (410101, 410102, 430101)]
    for path in ids:
        for query in queries:
            answer = client.get(path, params=query)
            if answer.status_code == 200:
                body = answer.json()
                yield body
                pages = body.get("total_pages", 1) if isinstance(body, dict) and len(ids) < 3 else 1
                for page in {2, pages if "search" in path else 2} if pages > 1 else ():
                    yield client.get(path, params={**query, "page": page}).json()


def readable(shared: Path) -> list[str]:
    return sorted(one.removeprefix("GET ") for one in recorded(shared / "payloads") if one.startswith("GET "))


PERSONAL = ("/3/account/", "/3/guest_session/", "/3/authentication", "/account_states", "/item_status")


def is_odd(place: str) -> bool:
    return any(place == one or place.startswith((f"{one}.", f"{one}[")) for one in NOT_OURS)


def differences(ours: Shape, theirs: Shape) -> list[str]:
    """What a body of ours has that TMDB's never have, lacks that most of them have, or has of another type."""
    found = []
    values = (".value", ".original_value")  # of a change: of any kind
    for place in sorted(ours.places):
        seen, parent = theirs.kinds.get(place), place.rpartition(".")[0]
        if any(part in place for part in values) or theirs.objects[parent] < FEW:
            continue
        if not seen:
            found.append(f"no recording has {place}")
        elif set(seen) != {"null"} and (strange := set(ours.kinds[place]) - set(seen) - {"null"}):
            found.append(f"{place} is {sorted(strange)}, and was recorded as {dict(seen)}")
        elif "null" in ours.kinds[place] and "null" not in seen and sum(seen.values()) > MANY:
            found.append(f"{place} is null, and never was in {dict(seen)}")
    for place in sorted(theirs.places):
        parent = place.rpartition(".")[0]
        if is_odd(place) or not ours.objects[parent] or any(part in place for part in values):
            continue
        seen = theirs.kinds[place]
        if theirs.share(place) > MOST and not ours.kinds.get(place):
            found.append(f"{place} is missing, and {theirs.share(place):.0%} of the recordings have it")
        elif seen["null"] >= ENOUGH and seen["null"] > 0.1 * sum(seen.values()) and "null" not in ours.kinds[place]:
            found.append(f"{place} is never null, and was in {dict(seen)}")
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "template" in metafunc.fixturenames:
        folder = Path(__file__).resolve().parents[3] / "shared"
        known = readable(folder) if (folder / "payloads").is_dir() else []
        metafunc.parametrize("template", [one for one in known if not any(part in one for part in PERSONAL)])


def test_answers_have_the_keys_types_and_nulls_of_what_tmdb_sent(
    shared: Path, caller: tuple[Simulator, httpx.Client], template: str
) -> None:
    theirs, _ = recorded(shared / "payloads")[f"GET {template}"]
    ours = Shape(bodies(caller[1], template))
    assert ours.kinds, "the simulator has nothing to show for it"
    assert differences(ours, theirs) == []

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


PERSONAL = ("/3/account/", "/3/guest_session/", "/3/authentication", "/account_states", "/item_status", "/4/")


def is_odd(place: str) -> bool:
    return any(place == one or place.startswith((f"{one}.", f"{one}[")) for one in NOT_OURS)


def differences(ours: Shape, theirs: Shape, few: int = FEW) -> list[str]:
    """What a body of ours has that TMDB's never have, lacks that most of them have, or has of another type.

    Args:
        ours: The simulator's.
        theirs: Those that were recorded.
        few: Fewer recorded objects than this do not say which keys there are not.
    """
    found = []
    values = (".value", ".original_value")  # of a change: of any kind
    for place in sorted(ours.places):
        seen, parent = theirs.kinds.get(place), place.rpartition(".")[0]
        if any(part in place for part in values) or theirs.objects[parent] < few:
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


class Walk:
    """What a program does for a user, with the bodies that came by operation."""

    def __init__(self, simulator: Simulator, client: httpx.Client) -> None:
        self.simulator, self.client = simulator, client
        self.bodies: dict[str, list[Any]] = {}

    def __call__(self, method: str, template: str, body: Any = None, query: Any = None, **values: Any) -> Any:
        """Sends a request; returns the answer's body."""
        path = template.format(**values)
        answer = self.client.request(method, path, json=body, params=query)
        assert answer.is_success, (method, path, answer.text)
        self.bodies.setdefault(f"{method} {template}", []).append(answer.json())
        return answer.json()

    def version_3(self) -> None:
        """Logs in, marks, rates and makes a list; and rates as a guest."""
        token = self("GET", "/3/authentication/token/new")["request_token"]
        login = {"request_token": token, "username": self.simulator.user.username}
        login["password"] = self.simulator.user.password
        self("POST", "/3/authentication/token/validate_with_login", login)
        session = {"session_id": self("POST", "/3/authentication/session/new", login)["session_id"]}
        me = self("GET", "/3/account/{account_id}", query=session, account_id=1)["id"]
        self("GET", "/3/authentication")
        guest = self("GET", "/3/authentication/guest_session/new")["guest_session_id"]
        for who in ({"guest_session_id": guest}, session):
            for kind, name, number in (("movie", "movie_id", 11), ("tv", "series_id", 41)):
                self("POST", f"/3/{kind}/{{{name}}}/rating", {"value": 8.5}, who, **{name: number})
            states = "/3/tv/{series_id}/season/{season_number}/episode/{episode_number}/"
            place = {"series_id": 41, "season_number": 1, "episode_number": 1}
            self("POST", states + "rating", {"value": 8.5}, who, **place)
        for kind in ("movies", "tv"):
            self("GET", "/3/guest_session/{guest_session_id}/rated/" + kind, guest_session_id=guest)
        for where in ("favorite", "watchlist"):
            for kind, number in (("movie", 11), ("tv", 41)):
                marked = {"media_type": kind, "media_id": number, where: True}
                self("POST", f"/3/account/{{account_id}}/{where}", marked, session, account_id=me)
        for what in ("favorite/movies", "watchlist/movies", "rated/movies", "lists"):
            if what == "lists":
                made = self("POST", "/3/list", {"name": "Rain", "description": "", "language": "en"}, session)
                self("GET", "/3/list/{list_id}/item_status", query={"movie_id": 11}, list_id=made["list_id"])
            self("GET", "/3/account/{account_id}/" + what, query=session, account_id=me)
        for template in ("/3/tv/{series_id}/account_states", states + "account_states"):
            self("GET", template, query=session, **place)
            self("GET", template, query=session, **{**place, "series_id": 42})
        self("DELETE", "/3/list/{list_id}", query=session, list_id=made["list_id"])

    def version_4(self) -> None:
        """Gets a user token, marks and rates, and does all that can be done with a list."""
        token = self("POST", "/4/auth/request_token", {})["request_token"]
        self.simulator.approve(token)
        user = self("POST", "/4/auth/access_token", {"request_token": token})
        session = {"session_id": self.simulator.create_session()}
        for kind, number in (("movie", 11), ("tv", 41)):
            self("POST", f"/3/{kind}/{number}/rating", {"value": 8}, session)
            for where in ("favorite", "watchlist"):
                marked = {"media_type": kind, "media_id": number, where: True}
                self("POST", f"/3/account/me/{where}", marked, session)
        self.client.headers["authorization"] = f"Bearer {user['access_token']}"
        items = [{"media_type": "movie", "media_id": number} for number in (12, 13)]
        made = self("POST", "/4/list", {"name": "Rain", "iso_639_1": "en"})["id"]
        self("POST", "/4/list/{list_id}/items", {"items": items}, list_id=made)
        self("PUT", "/4/list/{list_id}/items", {"items": [{**items[0], "comment": "wet"}]}, list_id=made)
        self("GET", "/4/list/{list_id}", list_id=made)
        self("GET", "/4/list/{list_id}/item_status", query=items[0], list_id=made)
        self("PUT", "/4/list/{list_id}", {"name": "Wind"}, list_id=made)
        whose = "/4/account/{account_object_id}/"
        for what in ("favorites", "rated", "recommendations", "watchlist"):
            for kind in ("movie", "tv"):
                self("GET", f"{whose}{kind}/{what}", account_object_id=user["account_id"])
        self("GET", f"{whose}lists", account_object_id=user["account_id"])
        self("DELETE", "/4/list/{list_id}/items", {"items": items}, list_id=made)
        self("GET", "/4/list/{list_id}/clear", list_id=made)
        self("DELETE", "/4/list/{list_id}", list_id=made)
        self("DELETE", "/4/auth/access_token", {"access_token": user["access_token"]})


@pytest.fixture(scope="module")
def walked() -> dict[str, list[Any]]:
    """By operation, the answers to a user's requests in both versions."""
    found: dict[str, list[Any]] = {}
    for version in (Walk.version_3, Walk.version_4):
        simulator = Simulator()
        headers = {"Authorization": f"Bearer {simulator.access_token}"}
        transport = simulator.transport
        with httpx.Client(base_url="https://api.themoviedb.org", headers=headers, transport=transport) as client:
            walk = Walk(simulator, client)
            version(walk)
            found |= {name: bodies for name, bodies in walk.bodies.items() if f" /{version.__name__[-1]}/" in name}
    return found


@cache
def of_users(folder: Path) -> list[str]:
    """The recorded operations of users, and those that change something."""
    return sorted(one for one in recorded(folder) if not one.startswith("GET ") or any(p in one for p in PERSONAL))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "operation" in metafunc.fixturenames:
        shared = Path(__file__).resolve().parents[3] / "shared"
        names = [
            (folder, one)
            for folder in ("payloads", "payloads-v4")
            for one in (of_users(shared / folder) if (shared / folder).is_dir() else ())
            if folder == "payloads" or " /4/" in one
        ]
        metafunc.parametrize(("folder", "operation"), names)
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


SINCE_THEN = {
    "/4/": ("softcore",),
    "/rated/": (".adult", "softcore"),
    "/account_states": (".favorite", ".watchlist", ".rated"),
}
"""What TMDB's document has, and a single older recording has not; `rated` was recorded with a rating alone."""


def test_answers_to_a_user_have_the_keys_and_types_of_what_tmdb_sent(
    shared: Path, walked: dict[str, list[Any]], folder: str, operation: str
) -> None:
    theirs, _ = recorded(shared / folder)[operation]
    found = differences(Shape(walked[operation]), theirs, few=1)
    newer = tuple(name for part, names in SINCE_THEN.items() if part in operation for name in names)
    assert [one for one in found if not one.split(" is ")[0].endswith(newer)] == []


def test_all_twenty_recordings_of_version_4_are_held_against_ours(shared: Path) -> None:
    assert len(of_users(shared / "payloads-v4")) == 20

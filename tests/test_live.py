"""scripts/live finds what contradicts the document, prints it as entries to paste, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pipeline import truth
from pipeline.cli import BREAKING, COMPATIBLE, OK
from pipeline.live import CHANGES, CONTRADICTED, NOT_ASKED, UNANSWERED, main
from pipeline.notation import parse_type, write_type
from project import ROOT, regenerate
from replaying import Replay

from tmdb_ext.testing import Simulator

KEY = "0123456789abcdef" * 2
SESSION = "5e" * 20
READS = {key for key, row in truth.rows().items() if row.method == "GET"} - CHANGES


def environment(monkeypatch: pytest.MonkeyPatch, address: str, **more: str) -> None:
    for name, value in {"TMDB_API_KEY": KEY, "TMDB_BASE_URL": address, **more}.items():
        monkeypatch.setenv(name, value)


def asked(simulator: Simulator) -> list[str]:
    return [str(request.operation) for request in simulator.requests]


def test_every_read_is_asked_in_two_languages_and_nothing_contradicts_in_the_simulator(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Simulator() as simulator:
        environment(
            monkeypatch, simulator.base_url, TMDB_API_KEY=simulator.api_key,
            TMDB_USER_ACCESS_TOKEN=simulator.create_user_access_token(),
        )  # fmt: skip
        assert main([]) == OK, capsys.readouterr().out
        told = capsys.readouterr().out
        operations = asked(simulator)
        of_reads = {
            f"v4/{row.id}" if row.path.startswith("/4/") else row.id
            for key, row in truth.rows().items()
            if key in READS
        }
        assert of_reads <= {*operations}
        languages = {dict(request.query).get("language") for request in simulator.requests}
        assert languages >= {"en-US", "de-DE"}
        assert simulator.complaints == []
        # One rating made as a guest, and deleted; of the user nothing was changed, and no session is left.
        changing = [one for request, one in zip(simulator.requests, operations, strict=True) if request.method != "GET"]
        assert changing == [
            "movie-add-rating", "movie-delete-rating",
            "authentication-create-session-from-v4-token", "authentication-delete-session",
        ]  # fmt: skip
        rating = next(request for request in simulator.requests if request.method == "POST")
        assert "guest_session_id" in dict(rating.query)
    assert re.match(r"\d+ requests to \d+ operations, [\d,]+ values compared\nv3: 0 contradictions, 0 new keys\n", told)


def test_the_rating_is_deleted_when_the_run_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: object, *args: object) -> None:
        raise KeyboardInterrupt

    with Simulator() as simulator:
        environment(monkeypatch, simulator.base_url, TMDB_API_KEY=simulator.api_key)
        monkeypatch.setattr("pipeline.live.Live._ask_all", lambda *args: None)
        from pipeline.live import Live

        ask = Live._ask

        def asking(self: Live, client: Any, key: str, arguments: Any) -> None:
            ask(self, client, key, arguments)
            if key.startswith("POST"):
                monkeypatch.setattr(Live, "_ask_all", interrupted)

        monkeypatch.setattr(Live, "_ask", asking)
        with pytest.raises(KeyboardInterrupt):
            main([])
        assert asked(simulator)[-2:] == ["movie-add-rating", "movie-delete-rating"]


def test_without_a_credential_it_says_which_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([]) == NOT_ASKED
    assert "TMDB_ACCESS_TOKEN or TMDB_API_KEY" in capsys.readouterr().err
    assert main(["--skip-missing"]) == OK
    with Simulator() as simulator:
        environment(monkeypatch, simulator.base_url)
        assert main([]) == NOT_ASKED
        told = capsys.readouterr().err
        assert (told.startswith("live: "), "Traceback" in told, KEY in told) == (True, False, False)


def test_it_stays_within_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    with Simulator(requests_per_second=40) as simulator:
        environment(monkeypatch, simulator.base_url, TMDB_API_KEY=simulator.api_key)
        assert main(["--only", "movie-*", "--things", "1", "--rate", "30"]) == OK
        assert {request.http_status for request in simulator.requests} == {200, 201}


def test_an_operation_without_an_answer_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Simulator() as simulator:
        environment(monkeypatch, simulator.base_url, TMDB_API_KEY=simulator.api_key)
        simulator.fail_next(503, operation="network-details", times=20)
        simulator.answer("movie-reviews", body={"id": 1, "page": 1, "results": []})
        assert main(["--only", "network-details", "--only", "review-details"]) == UNANSWERED
    told = capsys.readouterr().out
    assert "no answer to judge: GET /3/network/{network_id}: " in told
    assert "no answer to judge: GET /3/review/{review_id}: not asked: no review_id is known" in told


def test_an_answer_that_the_client_cannot_take_is_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Simulator() as simulator:
        environment(monkeypatch, simulator.base_url, TMDB_API_KEY=simulator.api_key)
        simulator.answer("network-details", body=["not", "an", "object"])
        assert main(["--only", "network-details", "--things", "1"]) == CONTRADICTED
    told = capsys.readouterr()
    assert "Traceback" not in told.out + told.err
    assert "GET /3/network/{network_id}" in told.out


# Against what TMDB once sent


def mood(body: Any) -> None:
    """What may be new in the details of a movie, in every form."""
    body |= {
        "mood": "dark",
        "premiere": "2026-01-02",
        "seen_at": "2026-01-02T03:04:05Z",
        "awards": [{"year": 2020, "won_on": "2020-05-01", "jury": {"size": 7, "head": None}}],
        "country": {"iso_3166_1": "DE", "english_name": "Germany", "native_name": None},
        "by_country": {"DE": 1, "US": 2},
        "nothing": None,
        "550 of someone": 1,
    }
    body["budget"] = "1000"
    body["genres"] = [*body["genres"], "Drama"]


def other(body: Any) -> None:
    for item in body["results"]:
        item["vote_average"] = "7.5"


CONTRADICTIONS: dict[str, Callable[[Any], object]] = {
    "GET /3/movie/{movie_id}": mood,
    "GET /3/search/movie": other,
    "GET /3/person/{person_id}": lambda body: body.update(popularity=[1.5]),
    "GET /3/tv/{series_id}": lambda body: body.update(status={"code": 1, "reason": "Ended"}),
    "GET /3/account/{account_id}": lambda body: body.update(plan="gold of someone"),
    "GET /4/list/{list_id}": lambda body: body.update(variant="red"),
}
ENTRIES = {
    "model:Account.plan": "str",
    "model:ListDetails.variant": "str",
    "model:MovieDetails.awards": "[MovieDetailsAwards]",
    "model:MovieDetails.budget": "int | str",
    "model:MovieDetails.by_country": "{int}",
    "model:MovieDetails.country": "Country",
    "model:MovieDetails.genres": "[Genre | str]",
    "model:MovieDetails.mood": "str",
    "model:MovieDetails.premiere": "date",
    "model:MovieDetails.seen_at": "datetime",
    "model:MovieDetailsAwards.jury": "MovieDetailsAwardsJury",
    "model:MovieDetailsAwards.won_on": "date",
    "model:MovieDetailsAwards.year": "int",
    "model:MovieDetailsAwardsJury.head": "any",
    "model:MovieDetailsAwardsJury.size": "int",
    "model:MovieSummary.vote_average": "float | str",
    "model:PersonDetails.popularity": "any",
    "model:TvSeriesDetails.status": "str | TvSeriesDetailsStatus",
    "model:TvSeriesDetailsStatus.code": "int",
    "model:TvSeriesDetailsStatus.reason": "str",
}
ONLY = ["--only", "*-details", "--only", "search-movie", "--only", "list-details"]


@pytest.fixture(scope="module")
def replay(shared: Path) -> Replay:
    return Replay(shared)


def live(root: Path, address: str, token: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run scripts/live of a checkout, in a folder of its own."""
    path = os.pathsep.join(str(root / part) for part in ("scripts", "generated"))
    credentials = {"TMDB_API_KEY": KEY, "TMDB_USER_ACCESS_TOKEN": token, "TMDB_SESSION_ID": SESSION}
    given = {**os.environ, **credentials, "TMDB_BASE_URL": address, "PYTHONPATH": path, "HOME": str(folder)}
    command = [sys.executable, "-m", "pipeline.live", *ONLY]
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, check=False)


def pasted(root: Path, told: str) -> None:
    """Paste what was printed into the files that it names."""
    blocks = re.split(r"^# openapi/([\w.-]+)(?:, in (\S+))?\n", told, flags=re.MULTILINE)
    for file, section, text in zip(blocks[1::3], blocks[2::3], blocks[3::3], strict=True):
        entries = re.split(r"\n\n(?!\[\[)", text)[0]
        path = root / "openapi" / file
        before = path.read_text(encoding="utf-8")
        after = before.replace(f"{section}\n", f"{section}\n{entries}\n", 1) if section else f"{before}\n{entries}\n"
        assert after != before
        path.write_text(after, encoding="utf-8")


@pytest.fixture
def token() -> str:
    with Simulator() as simulator:
        return simulator.create_user_access_token()


def test_contradictions_become_entries_that_mend_them(
    replay: Replay, checkout: Path, token: str, tmp_path: Path
) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    with replay.serving(CONTRADICTIONS) as (address, _):
        first = live(checkout, address, token, folder)
        assert first.returncode == CONTRADICTED, first.stderr
        found = re.findall(r'^target = "(.*)"\n(?:add = true\n)?type = "(.*)"$', first.stdout, re.MULTILINE)
        assert dict(found) == ENTRIES
        assert "# MovieDetails.nothing: was null or empty whenever it was sent" in first.stdout
        assert "# MovieDetails: has a key that is no name (integer): perhaps it is a map" in first.stdout
        # Nothing of anybody's: no value, no credential, no file.
        for secret in ("someone", "dark", "Drama", "7.5", KEY, token, SESSION):
            assert secret not in first.stdout + first.stderr
        assert list(folder.iterdir()) == []
        # The entries are as good as they look.
        pasted(checkout, first.stdout)
        done = regenerate(checkout, "--with-types")
        assert done.returncode in (COMPATIBLE, BREAKING), done.stderr
        assert re.search(r"^warnings: 0$", done.stdout, re.MULTILINE)
        second = live(checkout, address, token, folder)
    assert re.findall(r"^target = .*", second.stdout, re.MULTILINE) == [], second.stdout
    assert {line for line in second.stdout.splitlines() if line.startswith("# ")} == {
        "# to be mended by hand",
        "# MovieDetails.nothing: was null or empty whenever it was sent, so that its type is not known",
        "# MovieDetails: has a key that is no name (integer): perhaps it is a map",
    }


def test_what_tmdb_once_sent_contradicts_nothing(replay: Replay, token: str, tmp_path: Path) -> None:
    with replay.serving() as (address, _):
        done = live(ROOT, address, token, tmp_path)
    assert "v3: 0 contradictions, 0 new keys\nv4: 0 contradictions, 0 new keys\n" in done.stdout, done.stdout
    assert done.returncode == OK, done.stdout


@pytest.mark.parametrize(
    "text",
    ["str", "datetime", "any", "[Genre]", "{[int]}", "int | str", "[Genre | bool]", "media(movie: A, tv: B; Fallback)"],
)
def test_a_type_that_is_written_is_read_as_it_was(text: str) -> None:
    assert write_type(parse_type(text)) == text
    assert json.dumps(parse_type(write_type(parse_type(text)))) == json.dumps(parse_type(text))

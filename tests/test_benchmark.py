"""What the bench makes of its measurements, what it measures with, and a short soak. Nothing here is timed."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from benchmark import bodies, driver, figures, rows, table
from pipeline.truth import contradictions, unknown_keys
from tmdb_api_client.v3 import models

from tmdb_ext import TMDB

SCRIPTS = Path(__file__).parent.parent / "scripts"


@pytest.mark.parametrize(
    ("sign", "below", "at", "above"),
    [("≤", True, True, False), ("≥", False, True, True), ("<", True, False, False), (">", False, False, True)],
)
def test_a_target_has_a_side(sign: str, below: bool, at: bool, above: bool) -> None:
    target = figures.Target(1.1, sign)
    assert [target.is_reached(value) for value in (1.0, 1.1, 1.2)] == [below, at, above]


def test_a_ratio_is_the_median_of_the_rounds_ratios() -> None:
    figure = figures.compared("r", "m", ("a", "b"), ([1.0, 2.0, 30.0], [2.0, 4.0, 10.0]), "ms", figures.Target(1.0))
    assert (figure.of_candidate, figure.of_baseline, figure.ratio) == (2.0, 4.0, 0.5)
    assert figure.reached is True
    slower = figures.compared("r", "m", ("a", "b"), ([3.0] * 3, [2.0] * 3), "ms", figures.Target(1.0))
    assert slower.reached is False
    assert figures.compared("r", "m", ("a", "b"), ([3.0] * 3, [2.0] * 3), "ms").reached is None


def test_a_target_for_the_candidate_itself_does_not_look_at_a_baseline() -> None:
    target = figures.Target(500, "<", absolute=True)
    assert figures.Figure("wheel", "wheel", "a", "—", "kB", 499, target=target).reached is True
    assert figures.Figure("wheel", "wheel", "a", "—", "kB", 500, target=target).reached is False


def test_values_are_taken_in_turn_and_the_first_round_does_not_count() -> None:
    order: list[str] = []

    def taker(name: str) -> Any:
        def take() -> float:
            order.append(name)
            return float(len(order))

        return take

    assert figures.in_turn({"a": taker("a"), "b": taker("b")}, 2) == {"a": [3.0, 5.0], "b": [4.0, 6.0]}
    assert order == ["a", "b"] * 3


def test_the_table_says_which_targets_are_reached() -> None:
    taken = [
        figures.compared("r", "quick", ("a", "b"), ([1.0, 1.0], [2.0, 2.0]), "ms", figures.Target(1.0)),
        figures.compared("r", "slow", ("a", "b"), ([2.0, 2.0], [1.0, 1.0]), "ms", figures.Target(1.0)),
    ]
    _, quick, slow = table.terminal(taken).splitlines()
    assert quick.split()[0] == "quick"
    assert quick.split()[-1] == "yes"
    assert slow.split()[-1] == "no"


@pytest.mark.parametrize("subject", rows.NAMES)
def test_each_subject_is_there(subject: str) -> None:
    module, name = subject.split(":")
    assert callable(getattr(importlib.import_module(f"benchmark.{module}"), name))


def test_the_floor_and_the_extra_have_the_same_aiohttp() -> None:
    pins = driver.PEERS.read_text(encoding="utf-8").splitlines()
    assert [pin for pin in pins if pin.startswith("aiohttp==")] == driver.EXTRAS["aiohttp"][:1]


def test_the_bodies_are_what_a_client_would_get() -> None:
    movie = bodies.encoded(bodies.movie())
    assert 60_000 <= len(movie) <= 100_000
    film = models.MovieDetails.from_dict(json.loads(movie))
    page = models.MovieSummaryPage.from_dict(bodies.search())
    assert len(page.results) == 20
    for model in (film, page):
        assert set(unknown_keys(model)) <= {"MovieDetails.newly_added"}  # one, since TMDB adds keys
        checked = list(contradictions(model))
        assert len(checked) > 200
        assert [name for name, wrong in checked if wrong] == []


def test_the_server_answers_both_variants() -> None:
    command = [sys.executable, "-m", "benchmark.server"]
    with subprocess.Popen(command, cwd=SCRIPTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        address = f"http://127.0.0.1:{int(server.stdout.readline())}"
        with TMDB(api_key="0" * 31 + "1", base_url=address) as tmdb:
            assert tmdb.movies.details(11).id
            assert tmdb.genres.movies(language="en").genres
        assert httpx.get(f"{address}/nothing").status_code == 404
        server.stdin.close()


def test_a_short_soak_loses_nothing() -> None:
    command = [sys.executable, "soaking.py", "--minutes", "0.05", "--faults", "0.2"]
    ended = subprocess.run(command, cwd=SCRIPTS, capture_output=True, text=True, timeout=60, check=False)
    assert "lost 0, twice 0, never asked for 0, wrong ratings 0" in ended.stdout
    assert int(re.search(r"lists made ([\d,]+)", ended.stdout)[1].replace(",", "")) > 0
    assert int(re.search(r"sent again ([\d,]+)", ended.stdout)[1].replace(",", "")) > 0
    assert not re.search(r"lost|twice|nobody|rating|written|failed", ended.stderr)

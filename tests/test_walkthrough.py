"""scripts/demo's walk, as a person sees it."""

from __future__ import annotations

import pytest
import walkthrough

from tmdb_ext import ConfigurationError


def test_the_walk_shows_a_search_a_cast_and_a_guest_rating_read_back(capsys: pytest.CaptureFixture[str]) -> None:
    assert walkthrough.main([]) == 0
    printed = capsys.readouterr().out
    assert "Mark Hamill as Luke Skywalker" in printed
    assert "read back: Star Wars 8.5" in printed
    assert "and deleted again" in printed


def test_live_without_a_credential_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert walkthrough.main(["--live"]) == 1
    assert "TMDB_ACCESS_TOKEN" in capsys.readouterr().err


def test_live_asks_tmdb_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMDB_API_KEY", "0123456789abcdef" * 2)
    with walkthrough.live() as tmdb:
        assert "https://api.themoviedb.org" in repr(tmdb)
        assert tmdb.auth.held == ("api_key",)
        with pytest.raises(ConfigurationError):
            tmdb.account.details()

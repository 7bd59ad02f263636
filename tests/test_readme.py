"""The README's examples, run against the simulator."""

from __future__ import annotations

import inspect
import re
import threading
import webbrowser
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from tmdb_ext import RetryPolicy
from tmdb_ext.testing import Simulator

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def approve(url: str) -> None:
    """Do what a browser does when its user approves."""
    page = url.replace("?redirect_to", "/allow?redirect_to").replace("/auth/access?", "/auth/access/approve?")
    assert httpx.post(page, follow_redirects=True).status_code == 200


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_example_runs(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with Simulator(strict=True) as simulator:
        monkeypatch.setenv("TMDB_BASE_URL", simulator.base_url)
        monkeypatch.setenv("TMDB_SITE_URL", simulator.base_url)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("TMDB_ACCESS_TOKEN", simulator.access_token)
        if "TMDB_USER_ACCESS_TOKEN" in EXAMPLES[number]:
            monkeypatch.setenv("TMDB_USER_ACCESS_TOKEN", simulator.create_user_access_token())
        monkeypatch.setattr(webbrowser, "open", lambda url: threading.Timer(0.1, approve, [url]).start())
        names: dict[str, Any] = {}
        exec(compile(EXAMPLES[number], f"README example {number}", "exec"), names)
        if inspect.iscoroutinefunction(names.get("main")):
            anyio.run(names["main"])
        if "test_my_program" in names:
            monkeypatch.setattr("tmdb_ext._http.retry.DEFAULT", RetryPolicy())
            names["test_my_program"](simulator)
        assert simulator.requests or "Simulator(strict=True)" in EXAMPLES[number] or "TMDB" not in names
        state = simulator._state
        held = [*state.access_tokens, *state.sessions, *state.guest_sessions]
    printed = capsys.readouterr().out
    assert not [secret for secret in held if secret in printed]
    assert printed or "print(" not in EXAMPLES[number]
    if number == 0:
        assert "Star Wars 1977-05-25" in printed
        assert "8.5" in printed


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 17

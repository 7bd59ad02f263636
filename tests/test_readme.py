"""The README's examples, run against the simulator."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import anyio
import pytest

from tmdb_ext import TMDB, AsyncTMDB
from tmdb_ext.testing import Simulator

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_example_runs(number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with Simulator() as simulator:
        for client in (TMDB, AsyncTMDB):
            monkeypatch.setitem(client.__init__.__kwdefaults__, "base_url", simulator.base_url)
        monkeypatch.setenv("TMDB_ACCESS_TOKEN", simulator.access_token)
        names: dict[str, Any] = {}
        exec(compile(EXAMPLES[number], f"README example {number}", "exec"), names)
        if inspect.iscoroutinefunction(names.get("main")):
            anyio.run(names["main"])
        assert simulator.requests or "Simulator()" in EXAMPLES[number]
    printed = capsys.readouterr().out
    assert printed or "print(" not in EXAMPLES[number]
    if number == 0:
        assert "Star Wars 1977-05-25" in printed
        assert "8.5" in printed


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 7

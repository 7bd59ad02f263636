"""The check of how much has a type: a package below the limit fails it, and is told which names."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pipeline import completeness


def symbol(name: str, *, known: bool = True, ambiguous: bool = False) -> dict[str, Any]:
    diagnostics = [] if known and not ambiguous else [{"message": "Type is missing\nmore"}]
    return {"name": name, "isTypeKnown": known, "isTypeAmbiguous": ambiguous, "diagnostics": diagnostics}


def report(share: float, *symbols: dict[str, Any]) -> dict[str, Any]:
    return {"generalDiagnostics": [], "typeCompleteness": {"completenessScore": share, "symbols": [*symbols]}}


def test_a_package_with_types_has_its_score_alone() -> None:
    assert [*completeness.findings("p", report(0.995, symbol("p.a")))] == [
        "p: 99.5% of what is public has a known type"
    ]


def test_a_package_without_says_what_has_none() -> None:
    silent = {**symbol("p"), "isTypeKnown": False}  # because of what is in it
    symbols = (silent, symbol("p.a"), symbol("p.b", known=False), symbol("p.c", ambiguous=True))
    assert [*completeness.findings("p", report(0.9899, *symbols))] == [
        "p: 99.0% of what is public has a known type",
        "  p.b: Type is missing",
        "  p.c: Type is missing",
    ]
    many = [symbol(f"p.{number}", known=False) for number in range(25)]
    assert [*completeness.findings("p", report(0.0, *many))][-1] == "  and 5 more"


def test_a_package_that_is_not_found_has_no_types() -> None:
    nothing = {
        "generalDiagnostics": [{"message": "No py.typed file found"}],
        "typeCompleteness": {"completenessScore": 0, "symbols": []},
    }
    assert completeness.score(nothing) == completeness.score({}) == 0
    assert [*completeness.findings("p", nothing)][1:] == ["  No py.typed file found"]


@pytest.mark.parametrize(
    ("printed", "code"),
    [("{}", 1), ("no JSON", 1), ('{"typeCompleteness": {"completenessScore": 1, "symbols": [1]}}', 0)],
)
def test_the_exit_code_says_whether_it_is_enough(
    printed: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def start(package: str, folder: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", f"print({printed!r})"]
        return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    monkeypatch.setattr(completeness, "_start", start)
    assert completeness.main(["p"]) == code
    assert capsys.readouterr().out.startswith("p: ")

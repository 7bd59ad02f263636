"""Reading JSON is the same with the extra `fast` and without it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmdb_ext import _json

Values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
ODD = [
    b"",
    b"{",
    b"\xef\xbb\xbf{}",
    b'{"a": NaN}',
    b"[Infinity]",
    b'{"a": 1, "a": 2}',
    b'"\\ud83c\\udfac \\ud800"',
    b'"\xff"',
    b"[1,]",
    b"1e999",
    b"-0",
    b"[" * 100_000,
    b"[" * 1500 + b"]" * 1500,
    b"\x00",
    b"<html>",
]


def without_fast(content: bytes) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_json, "_fast", None)
        return read(content)


def read(content: bytes) -> Any:
    try:
        return repr(_json.loads(content))
    except (ValueError, RecursionError):
        return "refused"


def test_the_tests_have_the_extra() -> None:
    assert _json._fast is not None


@given(value=Values)
def test_a_value_is_the_same_both_ways(value: Any) -> None:
    content = json.dumps(value).encode()
    assert read(content) == without_fast(content) == repr(value)


@given(
    content=st.binary(max_size=60)
    | st.text(alphabet='[]{}":,0123456789eE+-.\\untrfals \t\n', max_size=40).map(str.encode)
)
def test_bytes_are_taken_or_refused_both_ways(content: bytes) -> None:
    assert read(content) == without_fast(content)


@pytest.mark.parametrize("content", ODD, ids=[repr(content[:20]) for content in ODD])
def test_what_is_odd_is_taken_or_refused_both_ways(content: bytes) -> None:
    assert read(content) == without_fast(content)


@pytest.mark.parametrize("number", [2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, -9999999999999999999, 10**40])
@pytest.mark.parametrize("text", ["%d", "[%d]", '{"a":%d}', '{"a": -1, "b": %d}', "[1,%d ]", "\n%d\n", "[0.1,%d]"])
def test_a_whole_number_stays_one_whatever_its_size(number: int, text: str) -> None:
    content = (text % number).encode()
    assert read(content) == without_fast(content) == repr(json.loads(content))


@pytest.mark.parametrize(
    "content",
    [b'{"id":"562bb8699251412853005938"}', b"[0.12345678901234567890]", b"[12345678901234567890.5]", b"[1e0]"],
)
def test_many_digits_that_are_no_whole_number_are_still_read_fast(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast, used = _json._fast, []
    monkeypatch.setattr(_json, "_fast", lambda content: used.append(content) or fast(content))
    assert _json.loads(content) == json.loads(content)
    assert used == [content]


def test_real_responses_are_the_same_both_ways(shared: Path) -> None:
    for path in sorted((shared / "payloads").rglob("*.json"))[::10]:
        content = path.read_bytes()
        assert read(content) == without_fast(content)


def test_it_works_where_the_extra_is_not_installed() -> None:
    program = (
        "import sys; sys.modules['msgspec'] = None; from tmdb_ext import _json; print(_json._fast, _json.loads(b'[1]'))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout == "None [1]\n"

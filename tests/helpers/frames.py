"""What a program that records tracebacks with their locals would find in an exception."""

from __future__ import annotations

import functools
import inspect
import types
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tmdb_ext import TMDB, AsyncTMDB, Secret

TESTS = Path(__file__).resolve().parent.parent
PACKAGES = frozenset(
    {"aiohttp", "anyio", "filelock", "h11", "h2", "hishel", "hpack", "httpcore", "httpcore2", "httpx", "httpx2",
     "httpx_aiohttp", "redis", "tmdb_api_client", "tmdb_ext"}
)  # fmt: skip
"""Whose frames hold what a client sends and gets."""
STANDARD = frozenset({"codecs", "concurrent", "contextlib", "http", "json", "selectors", "socket", "ssl", "urllib"})
"""Parts of the standard library that are called with it."""
NOT_LOOKED_INTO = frozenset(
    {"_asyncio", "_pytest", "_thread", "asyncio", "logging", "outcome", "pluggy", "pytest", "threading", "trio"}
)
"""Modules whose objects lead to the whole program, the test's own frames among it."""
DEPTH = 8


def secrets_in(error: BaseException, secrets: Mapping[str, str]) -> list[str]:
    """Where secrets are in an exception: in itself, and in the locals of frames, its causes' and contexts' included.

    A `Secret` and a client are not looked into: they are what the caller holds. Frames of the tests are left out.

    Args:
        error: what arrived.
        secrets: the secrets by what to call them.
    """
    found: list[str] = []
    for one in exceptions_of(error):
        name = type(one).__name__
        places: dict[str, Any] = {"args": one.args, "attributes": vars(one), "text": str(one), "repr": repr(one)}
        found += [f"{name}: {place}" for place in _search(places, secrets)]
        traceback = one.__traceback__
        while traceback is not None:
            frame, line = traceback.tb_frame, traceback.tb_lineno
            if _is_looked_at(frame):
                where = f"{name}: {frame.f_globals['__name__']}:{line} {frame.f_code.co_name}"
                found += [f"{where}: {place}" for place in _search(dict(frame.f_locals), secrets)]
            traceback = traceback.tb_next
    return found


def frames_of(error: BaseException) -> list[str]:
    """The modules of the frames that are looked at."""
    found: list[str] = []
    for one in exceptions_of(error):
        traceback = one.__traceback__
        while traceback is not None:
            if _is_looked_at(traceback.tb_frame):
                found.append(traceback.tb_frame.f_globals["__name__"])
            traceback = traceback.tb_next
    return found


def exceptions_of(error: BaseException) -> list[BaseException]:
    """An exception, its causes and contexts, and the members of groups."""
    found: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo:
        one = todo.pop()
        if one is not None and all(one is not other for other in found):
            found.append(one)
            todo += [one.__cause__, one.__context__]
            if isinstance(one, BaseExceptionGroup):
                todo += one.exceptions
    return found


def _is_looked_at(frame: types.FrameType) -> bool:
    root = str(frame.f_globals.get("__name__", "")).partition(".")[0]
    return root in PACKAGES | STANDARD and not Path(frame.f_code.co_filename).is_relative_to(TESTS)


def _search(places: dict[str, Any], secrets: Mapping[str, str]) -> Iterator[str]:
    """Where a secret is in some values, nearest first, each secret once for each value."""
    for name, value in places.items():
        left = dict(secrets)
        todo: deque[tuple[str, Any, int]] = deque([(name, value, DEPTH)])
        seen: dict[int, Any] = {}  # which keeps them, so that no number comes twice
        while todo and left:
            path, one, depth = todo.popleft()
            text = _text_of(one)
            for what in [what for what, secret in left.items() if secret in text]:
                del left[what]
                yield f"{what} in {path}"
            if depth and not text and id(one) not in seen:
                seen[id(one)] = one
                todo += [(f"{path}{step}", inner, depth - 1) for step, inner in _inside(one)]


def _text_of(value: Any) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("latin-1")
    return ""


def _inside(value: Any) -> Iterator[tuple[str, Any]]:
    """What an object leads to, and by which step."""
    if isinstance(value, Secret | TMDB | AsyncTMDB | types.ModuleType | type | int | float | None):
        return
    root = type(value).__module__.partition(".")[0]
    if root in NOT_LOOKED_INTO:
        return
    if isinstance(value, Mapping):
        for key, inner in list(value.items()):
            yield f".keys[{key!r:.20}]", key
            yield f"[{key!r:.20}]", inner
    elif isinstance(value, list | tuple | set | frozenset | deque):
        yield from ((f"[{number}]", inner) for number, inner in enumerate(list(value)))
    elif isinstance(value, types.GeneratorType | types.CoroutineType | types.AsyncGeneratorType):
        frame = next(getattr(value, name) for name in ("gi_frame", "cr_frame", "ag_frame") if hasattr(value, name))
        if frame is not None and _is_looked_at(frame):
            yield "(frame)", dict(frame.f_locals)
    elif isinstance(value, types.MethodType):
        yield ".__self__", value.__self__
    elif isinstance(value, types.FunctionType):
        if Path(value.__code__.co_filename).is_relative_to(TESTS):
            return
        yield from ((f".closure[{number}]", cell) for number, cell in enumerate(value.__closure__ or ()))
        yield ".defaults", value.__defaults__ or ()
    elif isinstance(value, types.CellType):
        try:
            yield "", value.cell_contents
        except ValueError:
            return
    elif isinstance(value, functools.partial):
        yield ".partial", (value.func, value.args, value.keywords)
    else:
        yield from _attributes(value)


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, BaseException):
        yield ".args", value.args
    yield from ((f".{name}", inner) for name, inner in list(getattr(value, "__dict__", {}).items()))
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in [slots] if isinstance(slots, str) else slots:
            held = f"_{kind.__name__.lstrip('_')}{name}" if name.startswith("__") and not name.endswith("__") else name
            inner = inspect.getattr_static(value, held, None)
            if inspect.ismemberdescriptor(inner):
                try:
                    yield f".{name}", getattr(value, held)
                except AttributeError:
                    continue

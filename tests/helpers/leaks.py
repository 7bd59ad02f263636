"""Where a secret could show: everything that can be seen of an error, and everything that is logged."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent


def everything(error: BaseException) -> str:
    """All that could be shown of an error: the chain, every attribute, and the traceback with locals.

    Frames of the tests are left out: they hold what the caller wrote.
    """
    seen: list[str] = []
    todo: list[BaseException | None] = [error]
    while todo:
        current = todo.pop()
        if current is None:
            continue
        seen += [repr(current), str(current), repr(vars(current)), repr(current.args)]
        report = traceback.TracebackException.from_exception(current, capture_locals=True)
        report.stack[:] = [frame for frame in report.stack if not Path(frame.filename).is_relative_to(TESTS)]  # type: ignore[index]
        seen.append("".join(report.format()))
        todo += [current.__cause__, current.__context__]
    return "\n".join(seen)


class Collector(logging.Handler):
    """Keeps records as a handler gets them: formatted, and raw as a structured logger would store them."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += [logging.Formatter().format(record), repr(vars(record))]

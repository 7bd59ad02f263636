"""Registering what answers an operation, and what answers one that nobody has registered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tmdb_ext.testing._call import Call, Handler, Reply

Browser = Callable[[Call], Any]
"""Gives a whole body, which depends on the request and on what there is."""


class Registry(dict[str, Handler]):
    """Handlers by TMDB's operation id."""

    def replies(self, *operations: str) -> Callable[[Handler], Handler]:
        """Registers the handler of some operations."""

        def register(handler: Handler) -> Handler:
            self.update(dict.fromkeys(operations, handler))
            return handler

        return register

    def answers(self, *operations: str) -> Callable[[Browser], Browser]:
        """Registers what gives the whole bodies of some operations."""

        def register(function: Browser) -> Browser:
            self.replies(*operations)(lambda call: Reply(function(call), exact=True))
            return function

        return register


def generic(call: Call) -> Reply:
    """An operation that only the document knows: the ids in its path have to exist, the rest comes from the schema."""
    page = int(call.query.get("page") or 1)
    given: dict[str, Any] = {"page": page, "total_pages": 1, "total_results": 3}
    try:
        given["id"] = call.entry().id
    except LookupError:
        value = next(iter(call.path.values()), "1")
        given["id"] = int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else value
    if page > 1:
        given["results"] = given["changes"] = []
    return Reply(given)

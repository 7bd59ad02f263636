"""Which library a transport of the caller's is for."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any


def library_of(transport: Any) -> Any:
    """Return httpx2 if a transport is one of its, and httpx if not. httpx2 is not loaded for that."""
    successor = sys.modules.get("httpx2")
    if successor is not None and isinstance(transport, (successor.BaseTransport, successor.AsyncBaseTransport)):
        return successor
    return import_module("httpx")

"""No frame of generated code shows, in a traceback with locals, a secret that a resource method was given."""

from __future__ import annotations

import inspect
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

import anyio
import pytest

GENERATED = str(Path(__file__).resolve().parent.parent / "generated")
SECRETS = {"access_token", "guest_session_id", "password", "request_token", "session_id", "user_access_token"}
SECRET = "5ec3e75ec3e75ec3e7"
VERSIONS = ("v3", "v4")


class BrokenError(Exception):
    """What the transport of these tests raises."""


def methods_with_secrets() -> list[tuple[str, str, str]]:
    """(version, resource, method) of every resource method that takes a secret."""
    found = []
    for version in VERSIONS:
        package = import_module(f"tmdb_api_client.{version}")
        for operation in package.OPERATIONS.values():
            method = getattr(type(getattr(package.Resources(), operation.tag)), operation.resource)
            if SECRETS & set(inspect.signature(method).parameters):
                found.append((version, operation.tag, operation.resource))
    return found


def arguments_for(method: Any) -> dict[str, Any]:
    parameters = inspect.signature(method).parameters.values()
    needed = {p.name for p in parameters if p.default is p.empty and p.name != "self"}
    return dict.fromkeys(needed, "x") | dict.fromkeys(SECRETS & {p.name for p in parameters}, SECRET)


def shown_of_generated_code(error: BaseException) -> str:
    report = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames = [frame for frame in report.stack if frame.filename.startswith(GENERATED)]
    assert frames
    return repr([frame.locals for frame in frames])


def test_the_methods_that_take_a_secret_are_known() -> None:
    found = methods_with_secrets()
    assert {method for version, tag, method in found if (version, tag) == ("v3", "authentication")} == {
        "create_session",
        "create_session_from_login",
        "create_session_from_v4_token",
        "delete_session",
    }
    assert sum(tag == "guest_sessions" for _, tag, _ in found) == 3
    assert {method for version, _, method in found if version == "v4"} == {"create_access_token", "delete_access_token"}


@pytest.mark.parametrize(("version", "tag", "name"), methods_with_secrets())
def test_a_failing_transport_shows_no_secret_sync(version: str, tag: str, name: str) -> None:
    base = import_module(f"tmdb_api_client.{version}").Resources

    class Client(base):  # type: ignore[misc, valid-type]
        def _call(self, endpoint: Any, arguments: dict[str, Any]) -> Any:
            assert SECRET in repr(endpoint.get_kwargs(**arguments))
            raise BrokenError

    method = getattr(getattr(Client(), tag), name)
    with pytest.raises(BrokenError) as caught:
        method(**arguments_for(method))
    assert SECRET not in shown_of_generated_code(caught.value)


@pytest.mark.parametrize(("version", "tag", "name"), methods_with_secrets())
def test_a_failing_transport_shows_no_secret_async(version: str, tag: str, name: str) -> None:
    base = import_module(f"tmdb_api_client.{version}").AsyncResources

    class Client(base):  # type: ignore[misc, valid-type]
        async def _call(self, endpoint: Any, arguments: dict[str, Any]) -> Any:
            assert SECRET in repr(endpoint.get_kwargs(**arguments))
            await anyio.lowlevel.checkpoint()
            raise BrokenError

    async def main() -> Any:
        method = getattr(getattr(Client(), tag), name)
        return await method(**arguments_for(method))

    with pytest.raises(BrokenError) as caught:
        anyio.run(main)
    assert SECRET not in shown_of_generated_code(caught.value)


@pytest.mark.parametrize("text", ["\ud800" + SECRET, "a/b?c#d%2f" + SECRET, "", "..", ".", "\x00"])
def test_a_refused_secret_in_a_path_is_not_shown(text: str) -> None:
    from tmdb_api_client.v3.api.guest_sessions import guest_session_rated_tv

    with pytest.raises(ValueError, match=r"^guest_session_id: give a text without") as caught:
        guest_session_rated_tv.get_kwargs(text)
    assert SECRET not in repr(caught.value)

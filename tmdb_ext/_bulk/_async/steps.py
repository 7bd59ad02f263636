"""The steps of a run that wait for TMDB: whose credential the calls carry, and the call of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tmdb_api_client.v3.models import Status

from tmdb_ext._bulk.job import tag_of
from tmdb_ext._bulk.writes import check_of, holds
from tmdb_ext._errors import ConfigurationError, TMDBError

if TYPE_CHECKING:
    from tmdb_ext._bulk.job import Job
    from tmdb_ext._bulk.rows import Asked, Called


async def user_of(called: Called) -> str | None:
    """Return what tells whose credential the calls of a run carry; None if they carry the application's alone.

    The account is asked for if the client does not know it, and a guest session is made if there is none: what a run
    writes belongs to it, and whoever goes on has to be the same.

    Raises:
        TMDBError: nothing that is held can serve the operation, or TMDB refused.
    """
    client, operation = called.client, called.operation
    if operation.user_auth == "none":
        return None
    await client.auth.is_logged_in()  # reads the store, without blocking an event loop as `explain` would
    user = client.auth.explain(called.name).user
    if user == "session_id":
        return tag_of("account", str(await client.account.id()))
    if user == "guest_session_id":
        return tag_of("guest session", (await client.guest.start()).id.reveal())
    if user == "user_access_token":
        try:
            return tag_of("account", client.v4.account.id())
        except ConfigurationError:  # the token does not tell
            return "a user access token"
    return None


async def call_of(job: Job, asked: Asked) -> Any:
    """Call the method for a row; if a former run may have made the call, look first whether it did.

    Raises:
        TMDBError: there is no answer, or a refusal.
    """
    if asked.is_doubtful and await _was_made(job.called, asked):
        return Status.from_dict({"success": True})
    return await job.called.call(asked)


async def _was_made(called: Called, asked: Asked) -> bool:
    check = check_of(called, asked.arguments)
    if check is None:
        return False
    try:
        return holds(called.operation, asked.arguments, await check())
    except TMDBError:  # nobody knows: these writes may be made again
        return False

"""TMDB's status codes: what each of the 47 means, in our words.

TMDB sends a number of its own in the body (``status_code``) next to the HTTP status. The number is the more exact of
the two: 401 alone may be a wrong API key (7), an expired session (3) or a private resource (39).
"""

from __future__ import annotations

from typing import Final, NamedTuple


class StatusCode(NamedTuple):
    """One of TMDB's status codes."""

    tmdb_code: int
    """TMDB's number, 1 to 47."""
    http_status: int
    """The HTTP status that TMDB sends it with."""
    meaning: str
    """What it says, in our words."""
    transient: bool = False
    """True where the same request may succeed later without a change."""


_ROWS: Final = (
    StatusCode(1, 200, "done"),
    StatusCode(2, 501, "TMDB has no such service"),
    StatusCode(3, 401, "the credentials sent do not permit this"),
    StatusCode(4, 405, "the service does not offer this format"),
    StatusCode(5, 422, "a parameter is not acceptable"),
    StatusCode(6, 404, "no item has this id, or an item it depends on is missing"),
    StatusCode(7, 401, "the API key or access token is not valid"),
    StatusCode(8, 403, "the same data was submitted before"),
    StatusCode(9, 503, "the service is offline for the moment", transient=True),
    StatusCode(10, 401, "TMDB has suspended this API key"),
    StatusCode(11, 500, "TMDB met an error of its own", transient=True),
    StatusCode(12, 201, "updated"),
    StatusCode(13, 200, "deleted"),
    StatusCode(14, 401, "authentication did not succeed"),
    StatusCode(15, 500, "TMDB could not complete the request", transient=True),
    StatusCode(16, 401, "this device is not allowed"),
    StatusCode(17, 401, "this session is not allowed"),
    StatusCode(18, 400, "the data did not pass validation"),
    StatusCode(19, 406, "the Accept header asks for something TMDB does not send"),
    StatusCode(20, 422, "the date range is longer than 14 days"),
    StatusCode(21, 200, "the entry to change does not exist"),
    StatusCode(22, 400, "the page must be a whole number from 1 to 500"),
    StatusCode(23, 400, "the date must be written YYYY-MM-DD"),
    StatusCode(24, 504, "TMDB's own back end took too long", transient=True),
    StatusCode(25, 429, "too many requests in a short time", transient=True),
    StatusCode(26, 400, "both username and password are needed"),
    StatusCode(27, 400, "append_to_response names more than 20 items"),
    StatusCode(28, 400, "the time zone is not one TMDB knows"),
    StatusCode(29, 400, "the action needs confirm=true"),
    StatusCode(30, 401, "the username or the password is wrong"),
    StatusCode(31, 401, "the account is disabled"),
    StatusCode(32, 401, "the account's email address is not verified"),
    StatusCode(33, 401, "the request token is unknown or has expired"),
    StatusCode(34, 404, "there is no such resource"),
    StatusCode(35, 401, "the token is not valid"),
    StatusCode(36, 401, "the user has not given this token permission to write"),
    StatusCode(37, 404, "there is no such session"),
    StatusCode(38, 401, "this resource may not be edited with these credentials"),
    StatusCode(39, 401, "the resource is private"),
    StatusCode(40, 200, "there was nothing to change"),
    StatusCode(41, 422, "the user has not approved the request token"),
    StatusCode(42, 405, "the resource does not support this method"),
    StatusCode(43, 502, "TMDB could not reach its own back end", transient=True),
    StatusCode(44, 500, "the id is not valid"),
    StatusCode(45, 403, "the user is suspended"),
    StatusCode(46, 503, "the API is closed for maintenance", transient=True),
    StatusCode(47, 400, "TMDB cannot use the values sent"),
)

STATUS_CODES: Final[dict[int, StatusCode]] = {row.tmdb_code: row for row in _ROWS}
"""TMDB's status codes by number."""

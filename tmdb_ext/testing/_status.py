"""TMDB's status codes, with the HTTP status that each comes with and our own wording."""

from __future__ import annotations

from typing import Any

STATUSES: dict[int, tuple[int, str]] = {
    1: (200, "Done."),
    2: (501, "There is no such service."),
    3: (401, "This caller may not use this service."),
    4: (405, "The service cannot answer in that format."),
    5: (422, "A request parameter is missing, unknown or out of range."),
    6: (404, "The id is malformed or belongs to nothing."),
    7: (401, "The API key or access token is missing or not valid."),
    8: (403, "The same entry has been submitted already."),
    9: (503, "The service is offline for the moment."),
    10: (401, "The API key has been suspended."),
    11: (500, "The server failed unexpectedly."),
    12: (201, "The entry was changed."),
    13: (200, "The entry was removed."),
    14: (401, "The caller could not be authenticated."),
    15: (500, "The operation failed."),
    16: (401, "The device was refused."),
    17: (401, "The user has not granted a session."),
    18: (400, "The values sent did not pass validation."),
    19: (406, "The Accept header names nothing that can be served."),
    20: (422, "The date range runs backwards or over more than 14 days."),
    21: (200, "The entry to be changed does not exist."),
    22: (400, "The page has to be an integer from 1 to 500."),
    23: (400, "The date has to be written YYYY-MM-DD."),
    24: (504, "The backend took too long."),
    25: (429, "Too many requests in too short a time."),
    26: (400, "A username and a password are needed."),
    27: (400, "No more than 20 sub-resources can be appended."),
    28: (400, "The timezone is not known."),
    29: (400, "The action needs confirm=true."),
    30: (401, "The username or the password is wrong."),
    31: (401, "The account is closed."),
    32: (401, "The account's email address has not been verified."),
    33: (401, "The request token is unknown, used or expired."),
    34: (404, "There is nothing at this address."),
    35: (401, "The token is not valid."),
    36: (401, "The user has not allowed this token to write."),
    37: (404, "There is no such session."),
    38: (401, "The caller may not change this resource."),
    39: (401, "The resource is private."),
    40: (200, "There was nothing to change."),
    41: (422, "The user has not approved the request token yet."),
    42: (405, "The resource does not support this method."),
    43: (502, "The backend could not be reached."),
    44: (500, "The id could not be processed."),
    45: (403, "The user has been suspended."),
    46: (503, "The API is closed for maintenance."),
    47: (400, "The request body could not be understood."),
}
"""Status code to (HTTP status, wording)."""

USUAL_CODE: dict[int, int] = {
    400: 47, 401: 7, 403: 45, 404: 34, 405: 42, 406: 19, 422: 5, 429: 25, 500: 11, 501: 2, 502: 43, 503: 9, 504: 24,
}  # fmt: skip
"""The status code that a fault carries when only its HTTP status was asked for."""


def status_body(code: int, message: str | None = None) -> dict[str, Any]:
    """TMDB's status body for a code. Codes that come with a 2xx status and are no failure have `success` true."""
    http, wording = STATUSES.get(code, (500, "An unlisted status."))
    return {"success": http < 300 and code != 21, "status_code": code, "status_message": message or wording}


class StatusError(Exception):
    """A request that is to be answered with one of TMDB's status bodies.

    Args:
        code: TMDB's status code.
        status: The HTTP status, where it is not the one that usually comes with the code.
        message: What to say in place of the usual wording.
        errors: What is wrong with the values sent. TMDB sends such a list alone, or beside code 18.
    """

    def __init__(
        self, code: int, status: int | None = None, message: str | None = None, errors: list[str] | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.errors = errors
        self.status = STATUSES[code][0] if status is None else status

    def body(self) -> dict[str, Any]:
        """The body to answer with, in one of TMDB's three shapes."""
        if self.errors is not None and self.code != 18:
            return {"errors": self.errors}
        body = status_body(self.code, self.message)
        if self.errors is not None:
            return {**body, "errors": self.errors}
        return {"success": False, "failure": True, **body} if self.code == 17 else body

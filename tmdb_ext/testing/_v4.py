"""Version 4's operations, by TMDB's operation id. All of them change or show what the simulator remembers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from tmdb_ext.testing._call import Call, Handler, Reply, status_reply
from tmdb_ext.testing._clock import utc_text
from tmdb_ext.testing._fill import Facts, stable, stable_hex
from tmdb_ext.testing._generic import Registry
from tmdb_ext.testing._state import Library, MediaKey, User, UserList
from tmdb_ext.testing._status import StatusError
from tmdb_ext.testing._v3 import newest_last, render_media

STATEFUL_V4 = Registry()
_answers = STATEFUL_V4.replies

LONGEST_COMMENT = 1000
ALREADY_THERE = ["It is on the list already"]
UNKNOWN_ITEM = ["There is no such movie or series"]


def _released(shown: Facts) -> str:
    return str(shown.get("release_date") or shown.get("first_air_date") or "")


_LIST_ORDERS: dict[str, Callable[[Facts], Any]] = {
    "primary_release_date": _released,
    "release_date": _released,
    "title": lambda shown: str(shown.get("title") or shown.get("name") or "").casefold(),
    "vote_average": lambda shown: shown["vote_average"],
}


# auth


@_answers("auth-create-request-token")
def _create_request_token(call: Call) -> Reply:
    token = call.state.issue_v4_request_token(call.body.get("redirect_to"))
    return status_reply(1, request_token=token.value)


@_answers("auth-create-access-token")
def _create_access_token(call: Call) -> Reply:
    token = call.state.exchange_v4_request_token(call.body["request_token"])
    return status_reply(1, access_token=token.value, account_id=token.user.object_id if token.user else None)


@_answers("auth-logout")
def _delete_access_token(call: Call) -> Reply:
    token = call.state.access_tokens.get(call.body["access_token"])
    if token is None:
        raise StatusError(35)
    if token.user is None:
        raise StatusError(36)
    del call.state.access_tokens[token.value]
    return status_reply(13)


# account


def _owner(call: Call) -> User:
    """The user, if the account in the path is theirs."""
    user = call.caller.the_user()
    if call.path["account_object_id"] not in (user.object_id, "{account_object_id}"):
        raise StatusError(3)
    return user


def _marked(kind: str, marks_of: Callable[[Library], dict[MediaKey, Any]]) -> Handler:
    def listing(call: Call) -> Reply:
        marks = marks_of(_owner(call).library)
        keys = newest_last(call, [key for key in marks if key[0] == kind])
        return Reply(call.page(keys, lambda key: render_media(call, key)))

    return listing


def _iso(moment: datetime) -> str:
    """A time as TMDB writes when a rating was given: `2031-05-04T17:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _rated(kind: str) -> Handler:
    def listing(call: Call) -> Reply:
        ratings = _owner(call).library.ratings

        def render(key: MediaKey) -> Facts:
            rating = ratings[key]
            return render_media(call, key, account_rating={"created_at": _iso(rating.created), "value": rating.value})

        return Reply(call.page(newest_last(call, [key for key in ratings if key[0] == kind]), render))

    return listing


def _recommended(kind: str) -> Handler:
    def listing(call: Call) -> Reply:
        user = _owner(call)
        entries = sorted(call.world.entries(kind), key=lambda one: stable(f"for {user.username}", one.key))
        fresh = [one.key for one in entries if (kind, one.key) not in user.library.ratings and not one.core["adult"]]
        return Reply(call.page(fresh[:40], lambda number: render_media(call, (kind, number), media_type=kind)))

    return listing


for _kind, _many in {"movie": "movies", "tv": "tv"}.items():
    STATEFUL_V4 |= {
        f"account-favorite-{_many}": _marked(_kind, lambda library: library.favorites),
        f"account-{_kind}-watchlist": _marked(_kind, lambda library: library.watchlist),
        f"account-rated-{_many}": _rated(_kind),
        f"account-{_kind}-recommendations": _recommended(_kind),
    }


@_answers("account-lists")
def _account_lists(call: Call) -> Reply:
    user = _owner(call)
    lists = [one for one in call.state.lists.values() if one.owner is user]
    return Reply(call.page(lists, lambda one: _list_summary(call, one)))


# lists


def _totals(call: Call, items: list[MediaKey]) -> dict[str, Any]:
    """What a list says about all that is on it."""
    films = [call.world.entry("movie", number).core for kind, number in items if kind == "movie"]
    scores = [call.world.entry(str(kind), number).core["vote_average"] for kind, number in items]
    return {
        "average_rating": round(sum(scores) / len(scores), 3) if scores else 0.0,
        "revenue": sum(one["revenue"] for one in films),
        "runtime": sum(one["runtime"] for one in films),
    }


def _list_summary(call: Call, one: UserList) -> Facts:
    totals = _totals(call, list(one.items))
    return Facts(
        account_object_id=one.owner.object_id,
        adult=0,
        average_rating=totals["average_rating"],
        backdrop_path=None,
        created_at=utc_text(one.created),
        description=one.description,
        featured=0,
        id=one.id,
        iso_3166_1=one.country,
        iso_639_1=one.language,
        name=one.name,
        number_of_items=len(one.items),
        poster_path=None,
        public=int(one.public),
        revenue=totals["revenue"],
        runtime=str(totals["runtime"]),
        sort_by=1,
        updated_at=utc_text(one.updated),
    )


@_answers("list-create")
def _create_list(call: Call) -> Reply:
    user, body = call.caller.the_user(), call.body
    if not body["name"]:
        raise StatusError(18)
    made = call.state.create_list(user, body["name"], body.get("description") or "", body["iso_639_1"])
    made.country = body.get("iso_3166_1") or made.country
    made.sort_by = body.get("sort_by") or made.sort_by
    made.public = body.get("public") != 0 or body["public"] is False  # TMDB heeds 0 and ignores false
    return status_reply(1, 201, id=made.id)


def _own_list(call: Call) -> UserList:
    return call.state.own_list(call.caller.the_user(), call.number("list_id"))


@_answers("list-update")
def _update_list(call: Call) -> Reply:
    changed, body = _own_list(call), call.body
    if body.get("name", "x") == "":
        raise StatusError(18)
    for name in ("name", "description", "sort_by"):
        if body.get(name) is not None:
            setattr(changed, name, body[name])
    if body.get("public") is not None:
        changed.public = bool(body["public"])
    call.state.touch(changed)
    return status_reply(12, 201)


@_answers("list-delete")
def _delete_list(call: Call) -> Reply:
    del call.state.lists[_own_list(call).id]
    return status_reply(13)


@_answers("list-clear")
def _clear(call: Call) -> Reply:
    changed = _own_list(call)
    gone = len(changed.items)
    changed.items.clear()
    call.state.touch(changed)
    return status_reply(1, id=changed.id, items_deleted=gone)


def _items(call: Call) -> Iterator[tuple[dict[str, Any], MediaKey]]:
    """The items in a body, with the key that each stands for. What else an item says is ignored, as TMDB does.

    Raises:
        StatusError: With code 47, because one has not the form of an item.
    """
    for item in call.body["items"]:
        if not isinstance(item, dict):
            raise StatusError(47)
        kind, number = item.get("media_type"), item.get("media_id")
        if kind not in ("movie", "tv") or type(number) is not int:
            raise StatusError(47)
        yield item, (kind, number)


def _outcome(key: MediaKey, *, done: bool, error: list[str] | None = None) -> Facts:
    """What became of one item."""
    kind, number = key
    why = {} if error is None else {"error": error}
    return Facts(media_type=kind, media_id=number, success=done, **why)


def _outcomes(outcomes: list[Facts]) -> Reply:
    """TMDB's success is that of the request, whatever became of the items."""
    return status_reply(1, results=outcomes)


@_answers("list-add-items")
def _add_items(call: Call) -> Reply:
    changed = _own_list(call)
    outcomes = []
    for _, key in list(_items(call)):
        error = ALREADY_THERE if key in changed.items else None if call.world.has(*key) else UNKNOWN_ITEM
        if error is None:
            changed.items[key] = None  # a comment that comes with it is dropped, as by TMDB
        outcomes.append(_outcome(key, done=error is None, error=error))
    call.state.touch(changed)
    return _outcomes(outcomes)


@_answers("list-update-items")
def _update_items(call: Call) -> Reply:
    changed = _own_list(call)
    outcomes = []
    for item, key in list(_items(call)):
        comment = item.get("comment")
        if comment is not None and not isinstance(comment, str):
            raise StatusError(47)
        fits = key in changed.items and len(comment or "") <= LONGEST_COMMENT
        if fits:
            changed.items[key] = comment
        outcomes.append(_outcome(key, done=fits))
    call.state.touch(changed)
    return _outcomes(outcomes)


@_answers("list-remove-items")
def _remove_items(call: Call) -> Reply:
    changed = _own_list(call)
    outcomes = []
    for _, key in list(_items(call)):
        there = key in changed.items
        changed.items.pop(key, None)
        outcomes.append(_outcome(key, done=there))
    call.state.touch(changed)
    return _outcomes(outcomes)


@_answers("list-item-status")
def _item_status(call: Call) -> Reply:
    try:
        one = call.state.readable_list(call.number("list_id"), call.caller.user)
    except StatusError:
        raise StatusError(34) from None  # one answer for no such item, no such list and no access
    kind, media = call.query["media_type"], int(call.query["media_id"][:18])
    if (kind, media) not in one.items:
        raise StatusError(34)
    return status_reply(1, id=one.id, media_type=kind, media_id=media)


@_answers("list-details")
def _list_details(call: Call) -> Reply:
    one = call.state.readable_list(call.number("list_id"), call.caller.user)
    items = list(one.items)
    order, _, direction = (call.query.get("sort_by") or one.sort_by).partition(".")
    if order in _LIST_ORDERS:
        items.sort(key=lambda key: _LIST_ORDERS[order](render_media(call, key)))
    if direction == "desc":
        items.reverse()
    shown = call.page(items, lambda key: render_media(call, key, media_type=str(key[0])))
    page = [(shown_one["media_type"], shown_one["id"]) for shown_one in shown["results"]]
    owner = one.owner
    return Reply(
        {
            **shown,
            **_totals(call, items),
            "backdrop_path": None,
            "comments": {f"{kind}:{media}": one.items[kind, media] for kind, media in page},
            "created_by": {
                "avatar_path": None,
                "gravatar_hash": stable_hex(32, "gravatar", owner.username),
                "id": owner.object_id,
                "name": owner.name,
                "username": owner.username,
            },
            "description": one.description,
            "id": one.id,
            "iso_3166_1": one.country,
            "iso_639_1": one.language,
            "item_count": len(items),
            "name": one.name,
            "object_ids": {},
            "poster_path": None,
            "public": one.public,
            "sort_by": one.sort_by,
        }
    )

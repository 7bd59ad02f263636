"""Version 3's operations that change or show what the simulator remembers, by TMDB's operation id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tmdb_ext.testing._call import Call, Handler, Reply, status_reply
from tmdb_ext.testing._checks import NOT_AN_ACCOUNT, check_rating
from tmdb_ext.testing._clock import utc_text
from tmdb_ext.testing._fill import Facts, stable_hex
from tmdb_ext.testing._generic import Registry
from tmdb_ext.testing._state import Library, MediaKey, User, UserList
from tmdb_ext.testing._status import StatusError

STATEFUL = Registry()
_answers = STATEFUL.replies


# authentication


@_answers("authentication-validate-key")
def _validate_key(_: Call) -> Reply:
    return Reply(Facts(success=True))


@_answers("authentication-create-guest-session")
def _create_guest_session(call: Call) -> Reply:
    guest = call.state.open_guest_session()
    expires = utc_text(call.state.guest_session_expiry(guest))
    return Reply({"success": True, "guest_session_id": guest.id, "expires_at": expires})


@_answers("authentication-create-request-token")
def _create_request_token(call: Call) -> Reply:
    token = call.state.issue_request_token()
    return Reply({"success": True, "expires_at": utc_text(token.expires), "request_token": token.value})


@_answers("authentication-create-session-from-login")
def _validate_with_login(call: Call) -> Reply:
    token = call.state.live_request_token(call.body["request_token"], version=3)
    token.user = call.state.log_in(call.body["username"], call.body["password"])
    return Reply({"success": True, "expires_at": utc_text(token.expires), "request_token": token.value})


@_answers("authentication-create-session")
def _create_session(call: Call) -> Reply:
    return Reply({"success": True, "session_id": call.state.exchange_request_token(call.body["request_token"])})


@_answers("authentication-create-session-from-v4-token")
def _convert(call: Call) -> Reply:
    token = call.state.access_tokens.get(call.body["access_token"])
    if token is None:
        raise StatusError(35)
    if token.user is None:
        raise StatusError(36)
    return Reply({"success": True, "session_id": call.state.open_session(token.user)})


@_answers("authentication-delete-session")
def _delete_session(call: Call) -> Reply:
    if call.state.sessions.pop(call.body["session_id"], None) is None:
        raise StatusError(37)
    return Reply({"success": True})


# account


@_answers("account-details")
def _account(call: Call) -> Reply:
    user = call.caller.the_user()
    gravatar = {"hash": stable_hex(32, "gravatar", user.username)}
    return Reply(
        {
            "avatar": {"gravatar": gravatar, "tmdb": {"avatar_path": None}},
            "id": user.id,
            "iso_639_1": user.iso_639_1,
            "iso_3166_1": user.iso_3166_1,
            "name": user.name,
            "include_adult": user.include_adult,
            "username": user.username,
        }
    )


def _owner(call: Call) -> User:
    """The user, if the account in the path is theirs."""
    user = call.caller.the_user()
    if call.path["account_id"] not in (str(user.id), NOT_AN_ACCOUNT):
        raise StatusError(3)
    return user


def _marker(property_name: str, marks_of: Callable[[Library], dict[MediaKey, Any]]) -> Handler:
    def mark(call: Call) -> Reply:
        user = _owner(call)
        kind, number = call.body["media_type"], call.body["media_id"]
        if kind not in ("movie", "tv"):
            raise StatusError(18)
        call.world.entry(kind, number)
        wanted = call.body[property_name]
        before = call.state.mark(marks_of(user.library), (kind, number), wanted)
        if not wanted:
            return status_reply(13)
        return status_reply(12 if before else 1, 201)

    return mark


def _marked(kind: str, marks_of: Callable[[Library], dict[MediaKey, Any]]) -> Handler:
    def listing(call: Call) -> Reply:
        marks = marks_of(_owner(call).library)
        keys = newest_last(call, [key for key in marks if key[0] == kind])
        return Reply(call.page(keys, lambda key: render_media(call, key)), exact=True)

    return listing


def newest_last(call: Call, keys: list[MediaKey]) -> list[MediaKey]:
    """What somebody has rated or marked, in the order that the request asks for."""
    return keys[::-1] if call.query.get("sort_by") == "created_at.desc" else keys


def render_media(call: Call, key: MediaKey, **more: Any) -> Facts:
    """A rated or marked film, series or episode as listings show it."""
    kind, *numbers = key
    return call.world.media(str(kind), tuple(numbers) if numbers[1:] else numbers[0], call.locale, **more)


STATEFUL.update(
    {
        "account-add-favorite": _marker("favorite", lambda library: library.favorites),
        "account-add-to-watchlist": _marker("watchlist", lambda library: library.watchlist),
        "account-get-favorites": _marked("movie", lambda library: library.favorites),
        "account-favorite-tv": _marked("tv", lambda library: library.favorites),
        "account-watchlist-movies": _marked("movie", lambda library: library.watchlist),
        "account-watchlist-tv": _marked("tv", lambda library: library.watchlist),
    }
)

# ratings


def _rated_key(call: Call) -> MediaKey:
    """What the path says is rated."""
    entry = call.entry()
    return (entry.kind, *(entry.key if isinstance(entry.key, tuple) else (entry.key,)))


@_answers("movie-add-rating", "tv-series-add-rating", "tv-episode-add-rating")
def _rate(call: Call) -> Reply:
    key = _rated_key(call)
    check_rating(call.body["value"])
    before = call.state.rate(call.caller.library, key, float(call.body["value"]))
    return status_reply(12 if before else 1, 201)


@_answers("movie-delete-rating", "tv-series-delete-rating", "tv-episode-delete-rating")
def _unrate(call: Call) -> Reply:
    key = _rated_key(call)
    call.caller.library.ratings.pop(key, None)
    return status_reply(13)


def _rated(call: Call, library: Library, kind: str) -> Reply:
    keys = newest_last(call, [key for key in library.ratings if key[0] == kind])
    return Reply(call.page(keys, lambda key: render_media(call, key, rating=library.ratings[key].value)), exact=True)


def _account_rated(kind: str) -> Handler:
    return lambda call: _rated(call, _owner(call).library, kind)


def _guest_rated(kind: str) -> Handler:
    def answer(call: Call) -> Reply:
        library = call.caller.library
        if not any(key[0] == kind for key in library.ratings):
            raise StatusError(34)  # TMDB has no empty list of a guest's
        return _rated(call, library, kind)

    return answer


for _suffix, _kind in {"movies": "movie", "tv": "tv", "tv-episodes": "episode"}.items():
    STATEFUL[f"account-rated-{_suffix}"] = _account_rated(_kind)
    STATEFUL[f"guest-session-rated-{_suffix}"] = _guest_rated(_kind)


def _shown_rating(library: Library, key: MediaKey) -> Any:
    rating = library.ratings.get(key)
    return {"value": rating.value} if rating else False


@_answers("movie-account-states", "tv-series-account-states", "tv-episode-account-states")
def _account_states(call: Call) -> Reply:
    key = _rated_key(call)
    library = call.caller.library
    states = {
        "id": call.entry().id,
        "favorite": key in library.favorites,
        "rated": _shown_rating(library, key),
        "watchlist": key in library.watchlist,
    }
    return Reply(Facts(states))


@_answers("tv-season-account-states")
def _season_account_states(call: Call) -> Reply:
    entry, world = call.entry(), call.world
    series, season = entry.key
    library = call.caller.library
    results = [
        Facts(
            id=world.entry("episode", (series, season, episode)).id,
            episode_number=episode,
            rated=_shown_rating(library, ("episode", series, season, episode)),
        )
        for episode in world.episodes(series, season)
    ]
    return Reply({"id": entry.id, "results": results})


# lists


def _list_summary(one: UserList) -> Facts:
    """What every operation says of a list."""
    return Facts(
        description=one.description,
        favorite_count=0,
        id=one.id,
        item_count=len(one.items),
        iso_639_1=one.language,
        name=one.name,
        poster_path=None,
    )


@_answers("account-lists")
def _account_lists(call: Call) -> Reply:
    user = _owner(call)
    lists = [one for one in call.state.lists.values() if one.owner is user]
    return Reply(call.page(lists, lambda one: Facts(_list_summary(one), list_type="movie")))


@STATEFUL.answers("movie-lists", "lists-copy")
def _lists_with_it(call: Call) -> Facts:
    entry = call.entry()
    lists = [one for one in call.state.lists.values() if one.public and (entry.kind, entry.key) in one.items]
    more = {"list_type": "movie"} if entry.kind == "movie" else {}
    shown = call.page(lists, lambda one: Facts(_list_summary(one), iso_3166_1=one.country or "US", **more))
    return Facts(shown, id=entry.key)


@_answers("list-create")
def _create_list(call: Call) -> Reply:
    user = call.caller.the_user()
    if not call.body["name"]:
        raise StatusError(18)
    made = call.state.create_list(
        user, call.body["name"], call.body.get("description") or "", call.body.get("language") or user.iso_639_1
    )
    return status_reply(1, 201, list_id=made.id)


def _own_list(call: Call) -> UserList:
    return call.state.own_list(call.caller.the_user(), call.number("list_id"))


@_answers("list-add-movie")
def _add_item(call: Call) -> Reply:
    changed = _own_list(call)
    key = ("movie", call.body["media_id"])
    if key in changed.items:
        raise StatusError(8)
    call.world.entry(*key)
    changed.items[key] = None
    call.state.touch(changed)
    return status_reply(12)


@_answers("list-remove-movie")
def _remove_item(call: Call) -> Reply:
    changed = _own_list(call)
    key = ("movie", call.body["media_id"])
    if key not in changed.items:
        raise StatusError(21)
    del changed.items[key]
    call.state.touch(changed)
    return status_reply(13)


@_answers("list-clear")
def _clear(call: Call) -> Reply:
    changed = _own_list(call)
    changed.items.clear()
    call.state.touch(changed)
    return status_reply(12)


@_answers("list-delete")
def _delete_list(call: Call) -> Reply:
    del call.state.lists[_own_list(call).id]
    return status_reply(13)


@_answers("list-check-item-status")
def _item_status(call: Call) -> Reply:
    one = call.state.readable_list(call.number("list_id"), call.caller.user)
    wanted = call.query.get("movie_id") or "0"
    present = ("movie", int(wanted[:18])) in one.items
    return Reply({"id": one.id, "item_present": present})


@_answers("list-details")
def _list_details(call: Call) -> Reply:
    one = call.state.readable_list(call.number("list_id"), call.caller.user)
    page = call.page(list(one.items), lambda key: render_media(call, key, media_type=str(key[0])))
    shown = page.pop("results")
    return Reply({**_list_summary(one), **page, "items": shown, "created_by": one.owner.username}, exact=True)

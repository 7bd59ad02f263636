"""Every operation through its resource method, sync and async, against the simulator; the list is the registry's."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import anyio
import pytest
from tmdb_api_client.v3 import models
from tmdb_api_client.v3.operations import OPERATIONS, Operation
from tmdb_api_client.v4 import models as v4_models
from tmdb_api_client.v4.operations import OPERATIONS as V4_OPERATIONS

from tmdb_ext import TMDB, AsyncTMDB, NotFound
from tmdb_ext.testing import Simulator

SUPPLIED = {"session_id", "guest_session_id", "account_id"}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(strict=True) as running:
        yield running


@pytest.fixture
def session(simulator: Simulator) -> str:
    return simulator.create_session()


@pytest.fixture
def guest(simulator: Simulator) -> str:
    """A guest who has rated something: for another one TMDB has no list."""
    with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
        tmdb.movies.add_rating(11, value=7)
        tmdb.tv_series.add_rating(41, value=7)
        tmdb.tv_episodes.add_rating(41, 1, 1, value=7)
        return tmdb.guest.start().id.reveal()


def arguments_for(operation: Operation, method: Any, simulator: Simulator, session: str) -> dict[str, Any]:
    """What a caller must give: the parameters without a default."""
    needed = {p.name for p in inspect.signature(method).parameters.values() if p.default is p.empty}
    values: dict[str, Any] = {
        "value": 8.5, "media_type": "movie", "media_id": 11, "favorite": True, "watchlist": True, "name": "mine",
        "query": "star", "confirm": True, "external_id": "tt0076759", "external_source": "imdb_id",
        "time_window": "day", "movie_id": 11, "username": simulator.user.username, "password": simulator.user.password,
        "season_id": 4101, "episode_id": 410101, "genre_id": 28,
    }  # fmt: skip
    if needed & {"credit_id", "review_id", "tv_episode_group_id"}:
        with TMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb:
            values["credit_id"] = tmdb.movies.credits(11).cast[0].credit_id
            values["review_id"] = tmdb.movies.reviews(11).results[0].id
            values["tv_episode_group_id"] = tmdb.tv_series.episode_groups(41).results[0].id
    values |= dict.fromkeys(sorted(needed - values.keys()), 1)
    if needed & {"list_id", "request_token"}:
        with TMDB(access_token=simulator.access_token, session_id=session, base_url=simulator.base_url) as tmdb:
            if "list_id" in needed:
                values["list_id"] = tmdb.lists.create(name="mine").list_id
            if "request_token" in needed:
                values["request_token"] = tmdb.authentication.create_request_token().request_token
                if operation.id == "authentication-create-session":
                    simulator.approve(values["request_token"])
    if "session_id" in needed:
        values["session_id"] = simulator.create_session()
    if "access_token" in needed:
        values["access_token"] = simulator.create_user_access_token()
    return {name: values[name] for name in needed}


def prepare(operation: Operation, arguments: dict[str, Any], simulator: Simulator, session: str) -> None:
    """Bring about what an operation takes for granted: a rating to delete, an item to remove."""
    with TMDB(access_token=simulator.access_token, session_id=session, base_url=simulator.base_url) as tmdb:
        if operation.resource == "delete_rating":
            getattr(tmdb, operation.tag).add_rating(**arguments, value=7)
        if operation.id == "list-remove-movie":
            tmdb.lists.add_movie(**arguments)


def check(operation: Operation, result: Any, simulator: Simulator) -> None:
    known = tuple(getattr(models, name) for name in models.__all__ if isinstance(getattr(models, name), type))
    if isinstance(result, list):
        assert result
        assert all(isinstance(item, (*known, str)) for item in result)
    else:
        assert isinstance(result, known)
        assert result.to_dict()
        assert result.additional_keys == []
    sent = [request for request in simulator.requests if request.operation == operation.id][-1]
    assert sent.method == operation.method
    assert sent.http_status in {200, 201}


@pytest.mark.parametrize("operation_id", sorted(OPERATIONS))
def test_every_operation_answers_sync(operation_id: str, simulator: Simulator, session: str, guest: str) -> None:
    operation = OPERATIONS[operation_id]
    held = {"access_token": simulator.access_token, "session_id": session, "guest_session_id": guest}
    with TMDB(**held, base_url=simulator.base_url) as tmdb:
        method = getattr(getattr(tmdb, operation.tag), operation.resource)
        arguments = arguments_for(operation, method, simulator, session)
        prepare(operation, arguments, simulator, session)
        check(operation, method(**arguments), simulator)


@pytest.mark.parametrize("operation_id", sorted(OPERATIONS))
def test_every_operation_answers_async(operation_id: str, simulator: Simulator, session: str, guest: str) -> None:
    operation = OPERATIONS[operation_id]
    held = {"access_token": simulator.access_token, "session_id": session, "guest_session_id": guest}

    async def main() -> Any:
        async with AsyncTMDB(**held, base_url=simulator.base_url) as tmdb:
            method = getattr(getattr(tmdb, operation.tag), operation.resource)
            arguments = arguments_for(operation, method, simulator, session)
            prepare(operation, arguments, simulator, session)
            return await method(**arguments)

    check(operation, anyio.run(main), simulator)


def v4_arguments_for(method: Any, simulator: Simulator, tmdb: TMDB) -> dict[str, Any]:
    """What a caller of v4 must give, with the list, the item on it and the tokens that it takes for granted."""
    made = tmdb.v4.lists.create(name="mine", iso_639_1="en").id
    assert made is not None
    item = v4_models.ListItem(media_id=11, media_type="movie")
    tmdb.v4.lists.add_items(made, items=[item])
    request_token = tmdb.v4.auth.create_request_token().request_token
    assert request_token is not None
    simulator.approve(request_token)
    values: dict[str, Any] = {
        "name": "mine", "iso_639_1": "en", "list_id": made, "media_id": 11, "media_type": "movie", "items": [item],
        "request_token": request_token, "access_token": simulator.create_user_access_token(),
    }  # fmt: skip
    needed = [p.name for p in inspect.signature(method).parameters.values() if p.default is p.empty]
    return {name: values[name] for name in needed}


@pytest.mark.parametrize("variant", ["sync", "async"])
@pytest.mark.parametrize("operation_id", sorted(V4_OPERATIONS))
def test_every_operation_of_v4_answers(operation_id: str, variant: str, simulator: Simulator) -> None:
    operation = V4_OPERATIONS[operation_id]
    token = simulator.create_user_access_token()

    async def main(arguments: dict[str, Any]) -> Any:
        async with AsyncTMDB(user_access_token=token, base_url=simulator.base_url) as tmdb:
            return await getattr(getattr(tmdb.v4, operation.tag), operation.resource)(**arguments)

    with TMDB(user_access_token=token, base_url=simulator.base_url) as tmdb:
        tmdb.movies.add_rating(11, value=8.5)
        tmdb.tv_series.add_rating(41, value=8.5)
        for kind, number in (("movie", 11), ("tv", 41)):
            tmdb.account.add_favorite(media_type=kind, media_id=number, favorite=True)
            tmdb.account.add_to_watchlist(media_type=kind, media_id=number, watchlist=True)
        method = getattr(getattr(tmdb.v4, operation.tag), operation.resource)
        arguments = v4_arguments_for(method, simulator, tmdb)
        result = method(**arguments) if variant == "sync" else anyio.run(main, arguments)
    assert type(result).__module__.startswith("tmdb_api_client.v4.models.")
    assert result.to_dict()
    assert result.additional_keys == []
    assert getattr(result, "results", None) != []
    last = simulator.requests[-1]
    assert (last.operation, last.method) == (f"v4/{operation.id}", operation.method)
    assert last.http_status in {200, 201}


def test_sync_and_async_methods_have_the_same_signature_and_nothing_that_is_supplied_is_required() -> None:
    for operation in OPERATIONS.values():
        resource = vars(import_module(f"tmdb_api_client.v3.resources.{operation.tag}"))
        stem = "".join(word.capitalize() for word in operation.tag.split("_")) + "Resource"
        sync, variant = (
            resource[stem].__dict__[operation.resource],
            resource[f"Async{stem}"].__dict__[operation.resource],
        )
        assert inspect.signature(sync) == inspect.signature(variant), operation.id
        assert inspect.iscoroutinefunction(variant)
        assert not inspect.iscoroutinefunction(sync)
        assert sync.__doc__ == variant.__doc__
        assert (f"reference/{operation.id}" in sync.__doc__) == operation.documented
        assert ("does not document it" in sync.__doc__) == (not operation.documented)
        if operation.id != "authentication-delete-session":  # its body is the session to delete
            for parameter in inspect.signature(sync).parameters.values():
                if parameter.name in SUPPLIED:
                    assert parameter.default is None, operation.id


def test_a_film_in_a_search_and_in_a_list_is_the_same_class(simulator: Simulator) -> None:
    with TMDB(api_key=simulator.api_key, base_url=simulator.base_url) as tmdb:
        found = tmdb.search.movie("star wars", year=1977).results[0]
        popular = tmdb.movies.popular().results[0]
    assert type(found) is type(popular) is models.MovieSummary
    assert found.title == "Star Wars"


def test_appended_sub_resources_are_typed_attributes(simulator: Simulator) -> None:
    with TMDB(api_key=simulator.api_key, base_url=simulator.base_url) as tmdb:
        film = tmdb.movies.details(11, append=["credits", "watch/providers"])
    assert film.credits is not None
    assert "Mark Hamill" in {member.name for member in film.credits.cast}
    assert isinstance(film.watch_providers, models.WatchProviders)
    assert film.videos is None


def test_what_tmdb_does_not_know_is_a_typed_error(simulator: Simulator) -> None:
    with TMDB(api_key=simulator.api_key, base_url=simulator.base_url) as tmdb, pytest.raises(NotFound) as caught:
        tmdb.movies.details(999_999_999)
    assert caught.value.http_status == 404
    assert caught.value.tmdb_code == 34
    assert caught.value.path == "/3/movie/999999999"

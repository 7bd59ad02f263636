"""The two clients as their users meet them: made, called, closed, shared, shown."""

from __future__ import annotations

import ast
import gzip
import inspect
import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from scenes import MadeEndpoint
from tmdb_api_client.v3.api.movies import movie_details
from tmdb_api_client.v3.client import Client
from tmdb_api_client.v3.errors import UnexpectedStatus

import tmdb_ext
from tmdb_ext import TMDB, AsyncTMDB, ConfigurationError, ConnectError, InvalidArgument, NotFound
from tmdb_ext.testing import Simulator

KEY = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJub2JvZHkifQ.c2VjcmV0LXNpZ25hdHVyZQ"
BACKENDS = ("asyncio", "trio")

Seen = list[httpx.Request]


def recording(seen: Seen, answer: Callable[[httpx.Request], httpx.Response] | None = None) -> httpx.MockTransport:
    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer(request) if answer else httpx.Response(200, json={"id": 11, "title": "A film"})

    return httpx.MockTransport(handle)


def test_what_the_type_checker_sees_is_what_is_public() -> None:
    tree = ast.parse(inspect.getsource(tmdb_ext))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level
             for alias in node.names}  # fmt: skip
    assert names | {"any_of", "season"} == set(tmdb_ext.__all__)  # which is the generated layer's


def test_importing_the_package_imports_neither_httpx_nor_the_models() -> None:
    program = (
        "import sys, tmdb_ext; print([m for m in ('httpx', 'attrs', 'anyio', 'tmdb_api_client') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


def test_using_a_client_imports_no_more_models_than_the_call_needs() -> None:
    program = f"""
import sys, httpx
from tmdb_ext import TMDB
answer = httpx.MockTransport(lambda request: httpx.Response(200, json={{"genres": []}}))
TMDB(api_key={KEY!r}, transport=answer).genres.movies()
print(sum(name.startswith("tmdb_api_client.v3.models.") for name in sys.modules))
"""
    assert int(subprocess.check_output([sys.executable, "-c", program], text=True)) < 10


PACKAGE = Path(tmdb_ext.__file__).parent


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path: Path) -> set[str]:
    """The modules of the package that a module imports, at run time and when it is imported itself."""
    package = module_name(path) if path.stem == "__init__" else module_name(path).rpartition(".")[0]
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom):
            parent = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parent, *([node.module] if node.module else [])])
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return found


def test_imports_inside_the_package_run_one_way() -> None:
    rooms = [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in ("cli", "testing")]
    modules = {module_name(path): path for path in rooms if path.parent != PACKAGE or path.stem != "__init__"}
    graph = {name: imports_of(path) & modules.keys() - {name} for name, path in modules.items()}
    assert len(graph) > 30
    while graph:
        leaves = {name for name, wanted in graph.items() if not wanted & graph.keys()}
        assert leaves, f"a circle among {sorted(graph)}"
        graph = {name: wanted for name, wanted in graph.items() if name not in leaves}


def test_httpx_is_imported_in_few_modules() -> None:
    at_run_time = [module_name(path) for path in PACKAGE.rglob("*.py") if "\nimport httpx" in path.read_text()]
    assert sorted(at_run_time) == [
        "tmdb_ext._client.low_level",
        "tmdb_ext._http._async.cache",
        "tmdb_ext._http._sync.cache",
        "tmdb_ext._http.cache",
        "tmdb_ext.aiohttp",
        "tmdb_ext.testing._in_process",
        "tmdb_ext.testing._recording",
    ]


@pytest.mark.parametrize(
    ("credential", "header", "query"),
    [({"access_token": TOKEN}, f"Bearer {TOKEN}", None), ({"api_key": KEY}, None, KEY)],
)
def test_a_call_carries_the_application_credential_where_it_belongs(
    credential: dict[str, str], header: str | None, query: str | None
) -> None:
    seen: Seen = []
    with TMDB(**credential, transport=recording(seen)) as tmdb:
        assert tmdb.movies.details(11, language="de-DE").title == "A film"
    assert str(seen[0].url).startswith("https://api.themoviedb.org/3/movie/11?language=de-DE")
    assert seen[0].headers.get("authorization") == header
    assert seen[0].url.params.get("api_key") == query
    assert seen[0].headers["accept"] == "application/json"
    assert "gzip" in seen[0].headers["accept-encoding"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_async_call_carries_the_same(backend: str) -> None:
    async def main() -> None:
        seen: Seen = []
        async with AsyncTMDB(api_key=KEY, transport=recording(seen)) as tmdb:
            assert (await tmdb.movies.details(11)).title == "A film"
        assert dict(seen[0].url.params) == {"api_key": KEY}

    anyio.run(main, backend=backend)


def test_compressed_answers_are_read() -> None:
    body = gzip.compress(json.dumps({"id": 11, "title": "A film"}).encode())
    with TMDB(
        api_key=KEY,
        transport=recording([], lambda _: httpx.Response(200, content=body, headers={"content-encoding": "gzip"})),
    ) as tmdb:
        assert tmdb.movies.details(11).title == "A film"


@pytest.mark.parametrize(
    ("base_url", "says"),
    [
        ("api.themoviedb.org", "http or https"),
        ("ftp://api.themoviedb.org", "http or https"),
        ("https://", "http or https"),
        ("https://user:hunter2@api.themoviedb.org", "must not have a user name"),
        ("https://api.themoviedb.org?api_key=x", "must not have"),
        ("https://api.themoviedb.org/3", "must not end in the API version"),
        ("https://api.themoviedb.org/3/", "must not end in the API version"),
    ],
)
def test_a_base_url_that_cannot_work_is_refused(base_url: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        TMDB(api_key=KEY, base_url=base_url)
    assert "hunter2" not in str(caught.value)


def test_a_base_url_may_have_a_path() -> None:
    seen: Seen = []
    answers = {"/tmdb/3/movie/11/rating": {"success": True}}
    with TMDB(
        api_key=KEY,
        base_url="https://proxy.example/tmdb/",
        transport=recording(
            seen, lambda request: httpx.Response(200, json=answers.get(request.url.path, {"guest_session_id": "g1"}))
        ),
    ) as tmdb:
        tmdb.movies.add_rating(11, value=5)
    assert [request.url.path for request in seen] == [
        "/tmdb/3/authentication/guest_session/new", "/tmdb/3/movie/11/rating",
    ]  # fmt: skip


def test_a_mode_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="mode must be one of 'auto', 'session', 'guest', 'application'"):
        TMDB(api_key=KEY, mode="user")  # type: ignore[arg-type]
    with TMDB(api_key=KEY) as tmdb, pytest.raises(ConfigurationError, match="mode must be"):
        tmdb.acting_as("user")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("timeout", "expected"),
    [
        (3.0, {"connect": 3.0, "read": 3.0, "write": 3.0, "pool": 3.0}),
        (httpx.Timeout(1, read=2), {"connect": 1, "read": 2, "write": 1, "pool": 1}),
    ],
)
def test_the_timeout_holds_for_every_request_of_a_call(timeout: Any, expected: dict[str, float]) -> None:
    seen: Seen = []
    with TMDB(
        api_key=KEY,
        timeout=timeout,
        transport=recording(seen, lambda _: httpx.Response(200, json={"guest_session_id": "g1", "success": True})),
    ) as tmdb:
        tmdb.movies.add_rating(11, value=5)
        tmdb.guest.forget()
        tmdb.guest.start()
    assert [request.extensions["timeout"] for request in seen] == [expected] * 3


def test_by_default_no_phase_waits_for_ever() -> None:
    seen: Seen = []
    with TMDB(api_key=KEY, transport=recording(seen)) as tmdb:
        tmdb.movies.details(11)
    assert all(0 < seconds <= 60 for seconds in seen[0].extensions["timeout"].values())


def test_a_closed_client_says_so() -> None:
    tmdb = TMDB(api_key=KEY, transport=recording([]))
    tmdb.close()
    tmdb.close()
    with pytest.raises(ConfigurationError, match="this client is closed"):
        tmdb.movies.details(11)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_closed_async_client_says_so(backend: str) -> None:
    async def main() -> None:
        tmdb = AsyncTMDB(api_key=KEY, transport=recording([]))
        await tmdb.aclose()
        await tmdb.aclose()
        with pytest.raises(ConfigurationError, match="this client is closed"):
            await tmdb.movies.details(11)

    anyio.run(main, backend=backend)


@pytest.mark.parametrize("kind", [TMDB, AsyncTMDB])
def test_a_client_shows_what_it_holds_and_no_value(kind: type[TMDB] | type[AsyncTMDB]) -> None:
    client = kind(api_key=KEY, session_id="5" * 40, mode="session")
    assert repr(client) == (
        f"{kind.__name__}(base_url='https://api.themoviedb.org', credentials=['api_key', 'session_id'], mode='session')"
    )


def test_the_generated_functions_work_with_the_same_credentials() -> None:
    seen: Seen = []
    with TMDB(api_key=KEY, transport=recording(seen)) as tmdb:
        assert movie_details.sync_detailed(11, client=tmdb.low_level).status_code == 200
        assert tmdb.low_level is tmdb.low_level
    assert seen[0].url.params["api_key"] == KEY
    assert "authorization" not in seen[0].headers


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_generated_functions_work_async_with_the_same_credentials(backend: str) -> None:
    async def main() -> None:
        seen: Seen = []
        async with AsyncTMDB(access_token=TOKEN, transport=recording(seen)) as tmdb:
            response = await movie_details.asyncio_detailed(11, client=tmdb.low_level)
        assert response.status_code == 200
        assert seen[0].headers["authorization"] == f"Bearer {TOKEN}"

    anyio.run(main, backend=backend)


def test_the_stock_client_can_be_given_the_connections() -> None:
    seen: Seen = []
    with TMDB(api_key=KEY, transport=recording(seen)) as tmdb:
        stock = Client(base_url="https://api.themoviedb.org").set_httpx_client(tmdb.low_level.get_httpx_client())
        movie_details.sync_detailed(11, client=stock)  # type: ignore[arg-type]
    assert seen[0].url.params["api_key"] == KEY


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/3/movie/11",
        "http://api.themoviedb.org/3/movie/11",
        "https://api.themoviedb.org:8443/3/movie/11",
        "https://api.themoviedb.org.elsewhere.example/3/movie/11",
        "https://api.themoviedb.org@elsewhere.example/3/movie/11",
    ],
)
def test_nothing_is_sent_to_another_scheme_host_or_port(url: str) -> None:
    seen: Seen = []
    with (
        TMDB(api_key=KEY, transport=recording(seen)) as tmdb,
        pytest.raises(ConfigurationError, match=r"talks to https://api.themoviedb.org, and the request was for http"),
    ):
        tmdb.low_level.get_httpx_client().get(url)
    assert seen == []


@pytest.mark.parametrize("url", ["https://API.themoviedb.org:443/3/movie/11", "/3/movie/11"])
def test_the_same_origin_in_other_words_is_served(url: str) -> None:
    seen: Seen = []
    with TMDB(api_key=KEY, transport=recording(seen)) as tmdb:
        tmdb.low_level.get_httpx_client().get(url)
    assert seen[0].url.params["api_key"] == KEY


def test_a_redirect_is_not_followed_to_another_host_even_when_asked_for() -> None:
    seen: Seen = []
    answer = httpx.Response(302, headers={"location": "https://elsewhere.example/"})
    with TMDB(api_key=KEY, transport=recording(seen, lambda _: answer)) as tmdb:
        http = tmdb.low_level.get_httpx_client()
        assert http.get("/3/movie/11").status_code == 302
        with pytest.raises(ConfigurationError, match=r"request was for https://elsewhere\.example"):
            http.get("/3/movie/11", follow_redirects=True)
    assert len(seen) == 2


def test_errors_of_the_generated_functions_are_of_this_package() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with TMDB(api_key=KEY, transport=recording([], refuse)) as tmdb, pytest.raises(ConnectError) as caught:
        movie_details.sync_detailed(11, client=tmdb.low_level)
    assert caught.value.path == "/3/movie/11"


def test_an_argument_that_cannot_be_in_an_address_is_refused() -> None:
    with TMDB(api_key=KEY, transport=recording([])) as tmdb, pytest.raises(InvalidArgument, match="address"):
        tmdb._call(MadeEndpoint("movie-details", {"method": "get", "url": "/3/\x00"}, lambda data: data), {})


def test_one_client_is_shared_by_threads() -> None:
    with Simulator(strict=True) as simulator, TMDB(api_key=simulator.api_key, base_url=simulator.base_url) as tmdb:
        with ThreadPoolExecutor(32) as pool:
            films = list(pool.map(lambda _: tmdb.movies.details(11), range(64)))
        assert {film.id for film in films} == {11}
        with pytest.raises(NotFound):
            tmdb.movies.details(10**9)


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_client_is_shared_by_tasks(backend: str) -> None:
    async def main() -> None:
        with Simulator(strict=True) as simulator:
            async with (
                AsyncTMDB(access_token=simulator.access_token, base_url=simulator.base_url) as tmdb,
                anyio.create_task_group() as group,
            ):
                for _ in range(64):
                    group.start_soon(tmdb.movies.details, 11)
            assert simulator.count("movie-details") == 64

    anyio.run(main, backend=backend)


def test_the_low_level_functions_say_when_a_status_is_unknown_to_python() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(522, json={}))
    with TMDB(access_token=TOKEN, transport=transport) as tmdb, pytest.raises(UnexpectedStatus, match="522"):
        movie_details.sync_detailed(11, client=tmdb.low_level)

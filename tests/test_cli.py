"""The command line `tmdb`: what each command does, how it writes for people, pipes and programs, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import keyring
import keyring.backends.fail
import keyring.core
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError
from leaks import Collector
from scenes import decide

from tmdb_ext import TMDB, TMDBError
from tmdb_ext import _errors as errors
from tmdb_ext.cli import main
from tmdb_ext.cli._app import hoisted, root_command
from tmdb_ext.cli._exit import Exit, code_of
from tmdb_ext.cli._store import KeyringStore
from tmdb_ext.testing import Simulator

ROOT = Path(__file__).resolve().parent.parent


class MemoryKeyring(KeyringBackend):
    """A keyring as a desktop has one."""

    priority = 5  # type: ignore[assignment]
    locked = False

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked("the entry eyJsecret.eyJsecret.secret is locked")
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.entries:
            raise PasswordDeleteError("not there")
        del self.entries[service, username]


class Done(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[list[str]]:
        return [line.split("\t") for line in self.out.splitlines()]

    @property
    def payload(self) -> Any:
        return json.loads(self.out)


class Cli:
    """Runs commands against a simulator."""

    def __init__(self, simulator: Simulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
        self.simulator = simulator
        self.capsys = capsys
        self.monkeypatch = monkeypatch
        self.file: Path

    def __call__(self, *arguments: str, stdin: str = "", code: int | None = 0) -> Done:
        import io

        self.monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        self.capsys.readouterr()
        ended = main(list(arguments))
        shown = self.capsys.readouterr()
        assert code is None or ended == code, shown
        assert "Traceback" not in shown.err
        return Done(ended, shown.out, shown.err)

    def login(self) -> None:
        user = self.simulator.user
        self("auth", "login", "--password", stdin=f"{user.username}\n{user.password}\n")

    def login_v4(self) -> None:
        self.monkeypatch.setenv("TMDB_USER_ACCESS_TOKEN", self.simulator.create_user_access_token())


@pytest.fixture
def cli(
    simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Cli:
    # Not set_keyring() and get_keyring(), which would look at the developer's own.
    monkeypatch.setattr(keyring.core, "_keyring_backend", keyring.backends.fail.Keyring())
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    # The simulator speaks no TLS, and loading the certificates of the world takes longer than most commands.
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.setenv("TMDB_BASE_URL", simulator.base_url)
    monkeypatch.setenv("TMDB_SITE_URL", simulator.base_url)
    monkeypatch.setenv("TMDB_ACCESS_TOKEN", simulator.access_token)
    made = Cli(simulator, capsys, monkeypatch)
    made.file = tmp_path / "tmdb-ext" / "sessions.json"
    return made


@pytest.fixture
def memory(cli: Cli) -> MemoryKeyring:
    backend = MemoryKeyring()
    cli.monkeypatch.setattr(keyring.core, "_keyring_backend", backend)
    return backend


def is_private(path: Path) -> bool:
    return os.name != "posix" or stat.S_IMODE(path.stat().st_mode) == 0o600


# Browsing


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (["movie", "star wars"], ["11", "Star Wars", "1977", "8.2"]),
        (["movie", "star", "wars", "--year", "1977"], ["11", "Star Wars", "1977", "8.2"]),
        (["tv", "harbour nights"], ["41", "Harbour Nights", "2015", "8.1"]),
        (["person", "mark hamill"], ["2", "Mark Hamill", "Acting"]),
        (["star wars"], ["movie", "11", "Star Wars", "1977"]),
        (["multi", "star wars"], ["movie", "11", "Star Wars", "1977"]),
    ],
)
def test_search_finds_things_of_the_kind_that_is_named(cli: Cli, words: list[str], first: list[str]) -> None:
    assert cli("search", *words).lines[0][: len(first)] == first


@pytest.mark.parametrize("kind", ["company", "collection", "keyword"])
def test_search_finds_what_has_no_year(cli: Cli, kind: str) -> None:
    found = cli("search", kind, "a").lines
    assert found
    assert all(line[0].isdigit() and line[1] for line in found)
    assert cli("search", kind, "a", "--year", "1977", code=2).out == ""


def test_a_kind_alone_is_searched_for_as_a_word(cli: Cli) -> None:
    cli("search", "movie")
    assert cli.simulator.requests[-1].operation == "search-multi"
    assert cli.simulator.requests[-1].params["query"] == "movie"


@pytest.mark.parametrize(("limit", "pages"), [(5, 1), (20, 1), (21, 2), (45, 3)])
def test_a_listing_asks_for_as_many_pages_as_it_needs_and_no_more(cli: Cli, limit: int, pages: int) -> None:
    assert len(cli("discover", "movie", "--limit", str(limit)).lines) == limit
    assert [request.params.get("page") for request in cli.simulator.requests] == [str(n + 1) for n in range(pages)]


def test_a_listing_ends_where_there_is_no_more(cli: Cli) -> None:
    found = cli("search", "movie", "star wars", "--limit", "500").lines
    assert 0 < len(found) < 500


def test_a_listing_begins_at_the_page_that_is_named(cli: Cli) -> None:
    both = cli("discover", "movie", "--limit", "40").lines
    assert cli("discover", "movie", "--page", "2", "--limit", "20").lines == both[20:]


def test_a_movie_is_shown_with_what_is_appended(cli: Cli) -> None:
    shown = dict(cli("movie", "11", "--append", "credits,videos").lines)
    assert shown["Title"] == "Star Wars"
    assert shown["Released"] == "1977-05-25"
    assert "Luke Skywalker" in shown["Credits"]
    assert "2 results" in shown["Videos"]
    whole = cli("movie", "11", "--append", "credits", "--append", "videos", "--json").payload
    assert whole["credits"]["cast"][0]["name"] == "Mark Hamill"
    assert len(whole["videos"]["results"]) == 2


def test_a_series_and_a_person_are_shown(cli: Cli) -> None:
    series = dict(cli("tv", "41", "--append", "aggregate_credits").lines)
    assert series["Title"] == "Harbour Nights"
    assert "episodes" in series["Seasons"]
    assert "Aggregate credits" in series
    person = dict(cli("person", "2", "--append", "combined_credits").lines)
    assert (person["Name"], person["Known for"]) == ("Mark Hamill", "Acting")


@pytest.mark.parametrize("command", ["movie", "tv", "person"])
def test_what_cannot_be_appended_is_refused_before_anything_is_sent(cli: Cli, command: str) -> None:
    assert "'nonsense'" in cli(command, "11", "--append", "nonsense", code=2).err
    assert cli.simulator.requests == []


def test_discover_takes_genres_by_name_and_by_id(cli: Cli) -> None:
    by_name = cli("discover", "movie", "--genre", "science fiction", "--genre", "12", "--limit", "3").lines
    assert cli.simulator.requests[-1].params["with_genres"] == "878,12"
    assert by_name == cli("discover", "movie", "--genre", "878", "--genre", "12", "--limit", "3").lines
    assert "Drama" in cli("discover", "tv", "--genre", "nonsense", code=2).err


@pytest.mark.parametrize(("kind", "name"), [("movie", "primary_release_year"), ("tv", "first_air_date_year")])
def test_discover_takes_a_year_and_an_order(cli: Cli, kind: str, name: str) -> None:
    cli("discover", kind, "--year", "2015", "--sort-by", "vote_average.desc")
    sent = cli.simulator.requests[-1].params
    assert (sent[name], sent["sort_by"]) == ("2015", "vote_average.desc")
    assert "vote_average.desc" in cli("discover", kind, "--sort-by", "nonsense", code=2).err


@pytest.mark.parametrize(
    ("words", "operation"),
    [([], "trending-all"), (["movie"], "trending-movies"), (["tv", "week"], "trending-tv"), (["person"], None)],
)
def test_trending_shows_a_page(cli: Cli, words: list[str], operation: str | None) -> None:
    assert len(cli("trending", *words).lines) == 20
    assert cli.simulator.requests[-1].path.endswith("week" if "week" in words else "day")
    assert operation in (None, cli.simulator.requests[-1].operation)


def test_language_and_region_go_to_the_operations_that_take_them(cli: Cli) -> None:
    cli("--language", "de", "--region", "DE", "search", "movie", "star")
    assert {"language": "de", "region": "DE"}.items() <= cli.simulator.requests[-1].params.items()
    cli("search", "company", "a", "--language=de", "--region=DE")
    assert not {"language", "region"} & cli.simulator.requests[-1].params.keys()


# How it is written


@pytest.mark.parametrize(
    "command",
    [
        ["search", "star"],
        ["discover", "tv", "--limit", "3"],
        ["trending", "person"],
        ["operations", "rating"],
        ["movie", "11"],
        ["auth", "status"],
        ["auth", "explain", "movie-details"],
        ["auth", "guest"],
        ["rate", "movie", "11", "8"],
        ["api", "GET", "/3/movie/11"],
    ],
)
def test_with_json_stdout_is_one_document(cli: Cli, command: list[str]) -> None:
    payload = cli(*command, "--json").payload
    assert isinstance(payload, list if command[0] in ("search", "discover", "trending", "operations") else dict)
    assert payload == cli("--json", *command).payload or command[0] in ("auth", "rate")


def test_a_pipe_gets_lines_without_decoration(cli: Cli) -> None:
    done = cli("trending")
    assert re.search(r"[\x1b─│┏]", done.out) is None
    assert len({len(line) for line in done.lines}) == 1


def test_what_users_of_tmdb_have_written_cannot_steer_the_terminal(cli: Cli) -> None:
    hostile = {"id": 1, "title": "a\tb\nc\x1b[2Jd\u202e", "overview": "[bold]x[/bold]\x07"}
    cli.simulator.fail_next(body={"results": [hostile], "total_pages": 1})
    done = cli("search", "movie", "a")
    assert done.lines == [["1", "a b c [2Jd ", "", "", ""]]
    cli.simulator.fail_next(body=hostile)
    assert dict(cli("movie", "1").lines)["Overview"] == "[bold]x[/bold] "


def test_characters_that_the_terminal_does_not_know_do_not_end_the_command(
    tmp_path: Path, simulator: Simulator
) -> None:
    simulator.fail_next(body={"results": [{"id": 1, "title": "Amélie 愛"}], "total_pages": 1}, times=2)
    environment = environment_for(simulator, tmp_path) | {"PYTHONIOENCODING": "ascii"}
    assert run(["search", "movie", "a"], environment).stdout == "1\tAm?lie ?\t\t\t\n"
    assert json.loads(run(["search", "movie", "a", "--json"], environment).stdout)[0]["title"] == "Amélie 愛"


@pytest.mark.parametrize(
    ("given", "front"),
    [
        (["movie", "11", "--json"], ["--json", "movie", "11"]),
        (["movie", "11", "--language", "de"], ["--language", "de", "movie", "11"]),
        (["movie", "--base-url=http://x", "11", "-v"], ["--base-url=http://x", "-v", "movie", "11"]),
        (["search", "--", "--json"], ["search", "--", "--json"]),
        (["search", "x", "--language"], ["--language", "search", "x"]),
    ],
)
def test_global_options_may_stand_anywhere(given: list[str], front: list[str]) -> None:
    assert hoisted(given) == front


# Exit codes


def test_help_explains_credentials_sessions_and_exit_codes(cli: Cli) -> None:
    text = cli("--help").out
    for word in ("TMDB_ACCESS_TOKEN", "tmdb auth token", "TMDB_SESSION_FILE", "keyring", "Example:"):
        assert word in text
    for code in Exit:
        assert re.search(rf"^ +{code:d}  \w", text, re.MULTILINE)


def commands(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    group = root_command() if group is None else group
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from commands(one, (*path, name))
        else:
            yield (*path, name), one


@pytest.mark.parametrize(("path", "one"), [pytest.param(*one, id=" ".join(one[0])) for one in commands()])
def test_every_command_gives_an_example_of_itself(path: tuple[str, ...], one: Any) -> None:
    (example,) = re.findall(r"^Example: tmdb (.*)$", one.help, re.MULTILINE)
    assert example.split()[: len(path)] == list(path)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"http_status": 403}, 1),
        ({"http_status": 422}, 1),
        ({"http_status": 401}, 3),
        ({"tmdb_code": 3}, 3),
        ({"http_status": 404}, 4),
        ({"http_status": 429, "retry_after": 7}, 5),
        ({"http_status": 503}, 5),
        ({"disconnect": True}, 5),
        ({"body": "no JSON"}, 1),
        ({"http_status": 302, "headers": {"location": "https://example.org/"}}, 1),
    ],
)
def test_the_exit_code_tells_what_kind_of_failure_it_was(cli: Cli, fault: dict[str, Any], code: int) -> None:
    cli.simulator.fail_next(**fault, times=5)
    done = cli("movie", "11", code=code)
    assert done.out == ""
    assert re.fullmatch(r"tmdb: .+\n", done.err)
    assert ("7 seconds" in done.err) == ("retry_after" in fault)


def test_every_error_of_the_client_has_an_exit_code() -> None:
    by_name = {
        kind.__name__: code_of(kind("x", **({"http_status": 1} if issubclass(kind, errors.APIError) else {})))
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, TMDBError)
    }
    assert {name for name, code in by_name.items() if code == 3} == {
        "ConfigurationError", "AuthenticationError", "SessionDenied", "LoginError", "LoginPending", "LoginDenied",
        "LoginExpired", "LoginMismatch",
    }  # fmt: skip
    assert {name for name, code in by_name.items() if code == 5} == {
        "RateLimited", "ServerError", "TransportError", "ConnectError", "RequestTimeout",
    }  # fmt: skip
    assert {name for name, code in by_name.items() if code in (2, 4)} == {"InvalidArgument", "NotFound"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["movie"],
        ["movie", "eleven"],
        ["movie", "0"],
        ["--nonsense"],
        ["rate", "movie", "11", "11"],
        ["rate", "movie", "11"],
        ["rate", "movie", "11", "8", "--delete"],
        ["list", "add", "1", "11"],
        ["favorite", "add", "person:2"],
        ["search", "x", "--limit", "0"],
        ["auth", "explain", "nonsense"],
        ["auth", "login", "--v4", "--password"],
        ["api", "FETCH", "/3/movie/11"],
        ["api", "GET", "/movie/11"],
        ["api", "GET", "/3/movie/{movie_id}"],
        ["api", "GET", "/3/movie/11", "-p", "language"],
        ["api", "POST", "/3/movie/11/rating", "--body", "{"],
        ["api", "POST", "/3/movie/11/rating", "--body", "@nowhere.json"],
        ["api", "POST", "/3/movie/11/rating", "--body", "{}", "-b", "value=8"],
    ],
)
def test_a_command_that_is_written_wrongly_sends_nothing(cli: Cli, arguments: list[str]) -> None:
    done = cli(*arguments, code=2)
    assert re.fullmatch(r"tmdb: .+\n", done.err)
    assert done.out == ""
    assert cli.simulator.requests == []


@pytest.mark.parametrize("group", ["auth", "rate", "favorite", "watchlist", "list"])
def test_a_group_alone_shows_its_help_once(cli: Cli, group: str) -> None:
    done = cli(group, code=2)
    assert (done.out + done.err).count("Usage: ") == 1


def test_tmdb_alone_shows_its_help(cli: Cli) -> None:
    assert cli().out.count("Usage: ") == 1


def test_a_mistake_of_ours_is_one_line_without_a_page_of_code(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: object) -> None:
        raise RuntimeError("eyJhbGciOiJ.eyJzdWIi.signature")

    monkeypatch.setattr("tmdb_ext.cli._settings.Settings.client", broken)
    assert cli("movie", "11", code=1).err == "tmdb: unexpected: RuntimeError; -v tells more\n"
    main(["-v", "movie", "11"])
    told = cli.capsys.readouterr().err
    assert "in movie" in told
    assert "signature" not in told


def test_the_version_names_package_and_api_release(cli: Cli) -> None:
    import tmdb_ext

    assert cli("--version").out == f"tmdb-ext {tmdb_ext.__version__} (API release {tmdb_ext.API_RELEASE})\n"


def test_v_tells_what_the_client_does(cli: Cli) -> None:
    assert "guest session" in cli("rate", "movie", "11", "8", "-v").err
    cli("auth", "guest", "--forget")
    assert cli("rate", "movie", "11", "8").err == ""


# Credentials


def test_without_an_application_credential_the_way_to_one_is_shown(cli: Cli) -> None:
    cli.monkeypatch.delenv("TMDB_ACCESS_TOKEN")
    for command in (["movie", "11"], ["auth", "guest"], ["auth", "login"], ["auth", "status"]):
        assert "tmdb auth token" in cli(*command, code=3).err
    assert cli.simulator.requests == []


@pytest.mark.parametrize("name", ["access_token", "api_key"])
def test_auth_token_keeps_what_tmdb_has_accepted(cli: Cli, name: str) -> None:
    cli.monkeypatch.delenv("TMDB_ACCESS_TOKEN")
    value = getattr(cli.simulator, name)
    assert value not in str(cli("auth", "token", stdin=f"{value}\n"))
    assert cli.simulator.count("authentication-validate-key") == 1
    assert value in cli.file.read_text(encoding="utf-8")
    assert is_private(cli.file)
    assert dict(cli("movie", "11").lines)["Title"] == "Star Wars"
    assert cli("auth", "status", "--json").payload["application_from"] == "store"
    cli("auth", "token", "--forget")
    cli("movie", "11", code=3)


@pytest.mark.parametrize(
    ("value", "code"), [("nonsense", 3), ("", 2), ("eyJhbGciOiJ.half", 3), ("0" * 32, 3), ("a" * 40, 3)]
)
def test_auth_token_keeps_nothing_that_is_wrong(cli: Cli, value: str, code: int) -> None:
    cli.monkeypatch.delenv("TMDB_ACCESS_TOKEN")
    done = cli("auth", "token", stdin=f"{value}\n" if value else "", code=code)
    assert not value or value not in done.err
    assert not cli.file.exists()


def test_the_environment_goes_before_what_is_kept(cli: Cli) -> None:
    assert "TMDB_ACCESS_TOKEN" in cli("auth", "token", stdin=cli.simulator.api_key).err
    cli("movie", "11")
    assert "authorization" in cli.simulator.requests[-1].headers
    cli.monkeypatch.delenv("TMDB_ACCESS_TOKEN")
    cli("movie", "11")
    assert cli.simulator.requests[-1].params["api_key"] == cli.simulator.api_key


def test_what_is_kept_goes_to_no_other_host(cli: Cli) -> None:
    cli("auth", "token", stdin=cli.simulator.access_token)
    cli.monkeypatch.delenv("TMDB_ACCESS_TOKEN")
    with Simulator(strict=True) as other:
        cli("movie", "11", "--base-url", other.base_url, code=3)
        assert other.requests == []


def test_a_keyring_is_used_where_there_is_one(cli: Cli, memory: MemoryKeyring) -> None:
    cli.monkeypatch.delenv("TMDB_ACCESS_TOKEN")
    cli("auth", "token", stdin=cli.simulator.access_token)
    cli("rate", "movie", "11", "8.5")
    cli.login()
    assert {service for service, _ in memory.entries} == {"tmdb-ext"}
    scope = cli.simulator.base_url
    assert {key for _, key in memory.entries} == {f"{scope}/application", f"{scope}/guest", f"{scope}/user"}
    assert not cli.file.exists()
    assert "keyring" in cli("auth", "status", "--json").payload["store"]
    cli("auth", "logout")
    assert f"{scope}/user" not in {key for _, key in memory.entries}


def test_a_file_can_be_chosen_over_the_keyring(cli: Cli, memory: MemoryKeyring, tmp_path: Path) -> None:
    cli.monkeypatch.setenv("TMDB_SESSION_FILE", str(tmp_path / "mine.json"))
    cli("auth", "guest")
    assert memory.entries == {}
    assert is_private(tmp_path / "mine.json")
    assert str(tmp_path / "mine.json") in cli("auth", "status").out


def test_a_locked_keyring_is_told_without_what_it_says(cli: Cli, memory: MemoryKeyring) -> None:
    cli.monkeypatch.delenv("TMDB_ACCESS_TOKEN")
    memory.locked = True
    done = cli("movie", "11", code=3)
    assert "KeyringLocked" in done.err
    assert "TMDB_SESSION_FILE" in done.err
    assert "secret" not in done.err


def test_a_keyring_that_cannot_be_asked_is_none(cli: Cli) -> None:
    class Broken(MemoryKeyring):
        @property
        def priority(self) -> float:  # type: ignore[override]
            raise RuntimeError("no bus")

    cli.monkeypatch.setattr(keyring.core, "_keyring_backend", Broken())
    cli("auth", "guest")
    assert cli.file.exists()


def test_the_keyring_store_does_what_every_store_does(tmp_path: Path) -> None:
    backend = MemoryKeyring()
    one, other = KeyringStore(backend, tmp_path / "locks"), KeyringStore(backend, tmp_path / "locks")
    first, second = {"session_id": "first"}, {"session_id": "second"}
    assert one.compare_and_set("b", None, first) == first
    assert other.compare_and_set("b", None, second) == first
    assert other.compare_and_set("b", first, second) == second
    assert one.compare_and_set("b", second, None) is None
    assert one.load("b") is None
    assert one.load("a") is None
    one.save("a", {"session_id": "x", "account_id": 1})
    assert other.load("a") == {"session_id": "x", "account_id": 1}
    other.delete("a")
    other.delete("a")
    assert one.load("a") is None
    backend.set_password("tmdb-ext", "a", "no JSON")
    assert one.load("a") is None
    assert one.acquire("a")
    assert not one.acquire("a")
    assert not other.acquire("a")
    assert other.acquire("b")
    one.release("a")
    assert other.acquire("a")
    assert "x" not in repr(one)


def test_the_keyring_store_agrees_with_other_processes(tmp_path: Path) -> None:
    store = KeyringStore(MemoryKeyring(), tmp_path)
    assert store.acquire("a")
    program = (
        "import sys; from pathlib import Path; from tmdb_ext.cli._store import KeyringStore\n"
        "sys.exit(KeyringStore(None, Path(sys.argv[1])).acquire('a'))"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    assert subprocess.run(command, check=False).returncode == 0
    store.release("a")
    assert subprocess.run(command, check=False).returncode == 1


def test_two_clients_with_a_keyring_share_a_session(cli: Cli, memory: MemoryKeyring, tmp_path: Path) -> None:
    options = {"access_token": cli.simulator.access_token, "base_url": cli.simulator.base_url}
    with TMDB(**options, store=KeyringStore(memory, tmp_path)) as one:
        one.movies.add_rating(11, value=8)
    with TMDB(**options, store=KeyringStore(memory, tmp_path)) as other:
        assert other.guest_sessions.rated_movies().results[0].rating == 8
    assert cli.simulator.count("authentication-create-guest-session") == 1


def test_status_names_what_is_held_and_shows_it_when_told_to(cli: Cli) -> None:
    cli("auth", "guest")
    cli.login()
    done = cli("auth", "status")
    shown = dict(done.lines)
    assert shown["Holds"] == "access token, session id, guest session id"
    assert shown["Account"] == cli.simulator.user.username
    assert str(cli.file) in shown["Kept in"]
    session = json.loads(cli.file.read_text(encoding="utf-8"))["sessions"][f"{cli.simulator.base_url}/user"][
        "session_id"
    ]
    assert session not in str(done)
    told = cli("auth", "status", "--show-secrets", "--json")
    assert told.payload["secrets"]["session_id"] == session
    assert told.payload["secrets"]["access_token"] == cli.simulator.access_token
    assert "keep them to yourself" in told.err


def test_status_works_where_tmdb_does_not_answer(cli: Cli) -> None:
    cli.login()
    cli.simulator.fail_next(503, times=9)
    done = cli("auth", "status")
    assert "Account" not in dict(done.lines)
    assert "the account is not known" in done.err


def test_login_by_password_says_where_the_session_is_kept(cli: Cli) -> None:
    done = cli("auth", "login", "--password", stdin="sample_user\nsample password\n")
    assert "sample_user" in done.out
    assert str(cli.file) in done.out
    assert "sample password" not in str(done)
    assert "logged in already" in cli("auth", "login", "--password", code=1).err
    cli("auth", "logout")
    cli("auth", "login", "--password", stdin="sample_user\nwrong\n", code=3)


def test_login_opens_the_browser_and_takes_the_redirect(cli: Cli) -> None:
    import threading
    import webbrowser

    class Browser:
        def open(self, url: str) -> bool:
            threading.Thread(target=decide, args=(url, self.action)).start()
            return True

    browser = Browser()
    cli.monkeypatch.setattr(webbrowser, "get", lambda: browser)
    browser.action = "deny"
    assert "denied" in cli("auth", "login", code=3).err
    browser.action = "allow"
    assert "Logged in as sample_user" in cli("auth", "login").out
    browser.action = "approve"
    assert "Somebody is logged in already" in cli("auth", "login", "--v4", code=1).err
    cli("auth", "logout")
    assert "Logged in as account " in cli("auth", "login", "--v4").out


@pytest.mark.parametrize("browser", [False, True])
def test_login_shows_the_address_where_no_browser_opens(cli: Cli, browser: bool) -> None:
    import webbrowser

    class Browser:
        def open(self, url: str) -> bool:
            return False

    def get() -> Browser:
        if browser:
            return Browser()
        raise webbrowser.Error("none")

    cli.monkeypatch.setattr(webbrowser, "get", get)
    done = cli("auth", "login", "--timeout", "1", "--interval", "0.5", code=3)
    assert f"{cli.simulator.base_url}/authenticate/" in done.err
    assert "redirect_to" not in done.err


def test_login_waits_no_longer_than_it_is_told_to(cli: Cli) -> None:
    done = cli("auth", "login", "--no-browser", "--timeout", "1", "--interval", "0.2", code=3)
    assert f"{cli.simulator.base_url}/authenticate/" in done.err
    assert done.out == ""


def test_a_login_that_cannot_be_kept_is_ended_again(cli: Cli, memory: MemoryKeyring) -> None:
    memory.set_password = lambda *_: None  # type: ignore[method-assign]
    assert "could not be kept" in cli("auth", "login", "--password", stdin="sample_user\nsample password\n", code=1).err
    assert cli.simulator.count("authentication-delete-session") == 1


def test_a_login_that_has_succeeded_stays_one_where_the_name_cannot_be_looked_up(cli: Cli) -> None:
    cli.simulator.fail_next(503, operation="account-details", times=9)
    done = cli("auth", "login", "--password", "--json", stdin="sample_user\nsample password\n")
    assert done.payload["account"] is None
    assert "the account is not known" in done.err
    cli.simulator.clear_faults()
    assert cli("auth", "status", "--json").payload["account"] == "sample_user"


def test_login_is_refused_where_the_environment_would_go_before_it(cli: Cli) -> None:
    cli.monkeypatch.setenv("TMDB_SESSION_ID", cli.simulator.create_session())
    assert "TMDB_SESSION_ID" in cli("auth", "login", "--no-browser", code=3).err


def test_logout_ends_both_sessions_and_tells_what_stays_in_the_environment(cli: Cli) -> None:
    cli.login_v4()
    cli("favorite", "add", "movie:11")
    done = cli("auth", "logout")
    assert "user access token" in done.out
    assert "TMDB_USER_ACCESS_TOKEN is still set" in done.err
    assert cli.simulator.count("v4/auth-logout") == cli.simulator.count("authentication-delete-session") == 1
    cli.monkeypatch.delenv("TMDB_USER_ACCESS_TOKEN")
    assert cli("auth", "logout").out == "Nobody was logged in.\n"


def test_logout_tells_when_tmdb_did_not_confirm_it(cli: Cli) -> None:
    cli.login()
    cli.simulator.fail_next(503, operation="authentication-delete-session", times=9)
    assert "did not confirm" in cli("auth", "logout", code=1).err
    assert cli("auth", "logout").out == "Nobody was logged in.\n"


def test_explain_says_what_a_call_would_carry(cli: Cli) -> None:
    assert "guest_session_id" in cli("auth", "explain", "movie-add-rating").out
    assert cli("auth", "explain", "movie-details", "--json").payload["application"] == "access_token"
    assert "tmdb auth login" in cli("auth", "explain", "account-lists", code=3).err
    assert "tmdb auth login --v4" in cli("auth", "explain", "v4/account-lists", code=3).err
    assert "movie-details" in cli("auth", "explain", "movie-detail", code=2).err
    assert cli.simulator.requests == []


@pytest.mark.parametrize("where", ["keyring", "file"])
def test_no_command_shows_a_secret(cli: Cli, request: pytest.FixtureRequest, log: Collector, where: str) -> None:
    memory = request.getfixturevalue("memory") if where == "keyring" else None
    said: list[str] = []

    def run(*arguments: str, stdin: str = "", code: int | None = None) -> None:
        said.extend(str(cli(*arguments, *extra, stdin=stdin, code=code)) for extra in ([], ["--json"], ["-v"]))

    cli.monkeypatch.setenv("TMDB_USER_ACCESS_TOKEN", cli.simulator.create_user_access_token())
    secrets = {cli.simulator.access_token, os.environ["TMDB_USER_ACCESS_TOKEN"], "sample password"}
    run("favorite", "add", "movie:11")
    run("auth", "status")
    cli("auth", "logout")
    cli.monkeypatch.delenv("TMDB_USER_ACCESS_TOKEN")
    run("auth", "token", stdin=cli.simulator.api_key)
    cli.monkeypatch.delenv("TMDB_ACCESS_TOKEN")
    run("rate", "movie", "11", "8")
    run("rated")
    cli.login()
    for command in (["status"], ["guest"], ["explain", "movie-add-rating"], ["login", "--no-browser"]):
        run("auth", *command)
    run("api", "GET", "/3/account/{account_id}/favorite/movies", "-i")
    run("list", "show", "999")
    for fault in ({"http_status": 401}, {"http_status": 500}, {"disconnect": True}, {"body": "no JSON"}):
        cli.simulator.fail_next(**fault, times=3)
        run("movie", "11")
        cli.simulator.clear_faults()
    run("movie", "11", "--base-url", "http://127.0.0.1:9", code=3)
    cli.monkeypatch.setenv("TMDB_API_KEY", cli.simulator.api_key)
    run("movie", "11", "--base-url", "http://127.0.0.1:9", code=5)
    kept = str(memory.entries) if memory else cli.file.read_text(encoding="utf-8")
    ids = set(re.findall(r'"(?:guest_)?session_id": "(\w+)"', kept))
    assert len(ids) == 2
    run("auth", "logout")
    shown = "\n".join([*said, *log.lines])
    assert [secret for secret in secrets | ids | {cli.simulator.api_key} if secret in shown] == []


# The account


@pytest.mark.parametrize("who", ["guest", "user", "v4"])
def test_ratings_are_made_shown_and_taken_back(cli: Cli, who: str) -> None:
    if who == "user":
        cli.login()
    elif who == "v4":
        cli.login_v4()
    cli("rate", "movie", "11", "8.5")
    cli("rate", "tv", "41", "7")
    cli("rate", "episode", "41", "1", "2", "6.5")
    shown = cli("rated").lines
    assert [(line[0], line[4]) for line in shown] == [("movie", "8.5"), ("tv", "7.0"), ("episode", "6.5")]
    assert shown[2][5] == "41 S1E2"
    assert [one["id"] for one in cli("rated", "tv", "--json").payload] == [41]
    cli("rate", "movie", "11", "--delete")
    cli("rate", "tv", "41", "--delete")
    cli("rate", "episode", "41", "1", "2", "--delete")
    assert cli("rated").out == ""
    assert cli.simulator.count("authentication-create-guest-session") == (who == "guest")


def test_ratings_that_are_lost_with_a_guest_session_are_told(cli: Cli) -> None:
    cli("rate", "movie", "11", "8.5")
    guest = next(iter(json.loads(cli.file.read_text(encoding="utf-8"))["sessions"].values()))["guest_session_id"]
    cli.simulator.forget_guest_session(guest)
    done = cli("rate", "movie", "12", "7")
    assert re.fullmatch(r"tmdb: The guest session .* is lost.\n", done.err)
    assert guest not in done.err


def test_ratings_are_not_looked_for_where_nobody_can_have_rated(cli: Cli) -> None:
    assert "tmdb auth login" in cli("rated", code=3).err
    assert cli.simulator.requests == []


@pytest.mark.parametrize("group", ["favorite", "watchlist"])
def test_movies_and_series_are_put_there_and_taken_off(cli: Cli, group: str) -> None:
    assert "tmdb auth login" in cli(group, "show", code=3).err
    cli.login()
    cli(group, "add", "movie:11", "tv:41")
    assert [line[:3] for line in cli(group, "show").lines] == [
        ["movie", "11", "Star Wars"],
        ["tv", "41", "Harbour Nights"],
    ]
    cli(group, "remove", "movie:11")
    assert [one["id"] for one in cli(group, "show", "--json").payload] == [41]
    assert cli(group, "show", "movie").out == ""


def test_lists_of_v3_take_movies(cli: Cli) -> None:
    cli.login()
    made = cli("list", "create", "Rainy days", "--description", "For November").out.strip()
    cli("list", "add", made, "movie:11", "movie:12")
    assert "--v4" in cli("list", "add", made, "movie:13", "tv:41", code=3).err
    assert "--v4" in cli("list", "create", "Mine", "--private", code=3).err
    assert [line[1] for line in cli("list", "show", made).lines] == ["11", "12"]
    assert cli("list", "ls").lines == [[made, "Rainy days", "2", "For November"]]
    cli("list", "remove", made, "movie:11")
    whole = cli("list", "show", made, "--json").payload
    assert (whole["name"], [one["id"] for one in whole["items"]]) == ("Rainy days", [12])
    cli("list", "clear", made, "--yes")
    assert cli("list", "show", made).out == ""
    cli("list", "delete", made, "--yes")
    cli("list", "show", made, code=4)


def test_lists_of_v4_take_series_as_well(cli: Cli) -> None:
    cli.login_v4()
    made = cli("list", "create", "Rainy days", "--private", "--json", "--language", "de").payload["id"]
    sent = next(one.json() for one in cli.simulator.requests if one.operation == "v4/list-create")
    assert sent == {"name": "Rainy days", "public": 0, "iso_639_1": "de"}
    assert type(sent["public"]) is int  # TMDB ignores false
    cli("list", "add", str(made), "movie:11", "tv:41")
    assert "movie:11" in cli("list", "add", str(made), "movie:11", code=1).err
    assert [line[:2] for line in cli("list", "show", str(made)).lines] == [["movie", "11"], ["tv", "41"]]
    assert cli("list", "ls").lines[0][:3] == [str(made), "Rainy days", "2"]
    cli("list", "remove", str(made), "tv:41")
    assert len(cli("list", "show", str(made)).lines) == 1
    cli("list", "clear", str(made), "--yes")
    cli("list", "delete", str(made), "-y")
    assert cli("list", "ls").out == ""


@pytest.mark.parametrize("what", ["clear", "delete"])
def test_what_cannot_be_undone_is_refused_without_a_terminal_and_without_yes(cli: Cli, what: str) -> None:
    cli.login()
    cli.simulator.clear_requests()
    assert "--yes" in cli("list", what, "1", stdin="y\n", code=2).err
    assert cli.simulator.requests == []


# Any call


def test_api_knows_what_credentials_an_operation_takes(cli: Cli) -> None:
    cli("api", "post", "3/movie/11/rating", "-b", "value=8.5")
    (asked,) = [one for one in cli.simulator.requests if one.operation == "movie-add-rating"]
    assert asked.json() == {"value": 8.5}
    assert "guest_session_id" in asked.params
    assert cli("api", "GET", "/3/guest_session/{guest_session_id}/rated/movies").payload["results"][0]["rating"] == 8.5


def test_api_fills_in_the_account(cli: Cli) -> None:
    cli.login_v4()
    body = '{"media_type":"tv","media_id":41,"favorite":true}'
    cli("api", "POST", "/3/account/{account_id}/favorite", "--body", "-", stdin=body)
    for path in ("/3/account/{account_id}/favorite/tv", "/4/account/{account_object_id}/tv/favorites"):
        assert cli("api", "GET", path).payload["results"][0]["id"] == 41


def test_api_takes_parameters_and_a_whole_address_of_the_same_host(cli: Cli) -> None:
    address = f"{cli.simulator.base_url}/3/search/movie?query=star+wars"
    assert cli("api", "GET", address, "-p", "year=1977").payload["results"][0]["id"] == 11
    assert cli.simulator.requests[-1].params == {"query": "star wars", "year": "1977"}


@pytest.mark.parametrize("host", ["https://example.org", "//example.org", "https://api.themoviedb.org", "http://[x"])
def test_api_refuses_other_hosts(cli: Cli, host: str) -> None:
    done = cli("api", "GET", f"{host}/3/movie/11", code=2)
    assert cli.simulator.base_url in done.err
    assert cli.simulator.requests == []


def test_api_gives_the_body_of_a_refusal_and_its_exit_code(cli: Cli) -> None:
    done = cli("api", "GET", "/3/movie/0", "-i", code=4)
    status, *headers, empty, body = done.out.splitlines()
    assert status.startswith("HTTP 404")
    assert any(line.startswith("content-type: application/json") for line in headers)
    assert empty == ""
    assert json.loads(body)["status_code"] == 34
    assert re.fullmatch(r"tmdb: .+\n", done.err)
    assert cli.simulator.access_token not in str(done)
    cli.simulator.fail_next(503, body="<html>")
    assert cli("api", "GET", "/3/movie/11", code=5).out == "<html>\n"


def test_api_sends_what_no_operation_describes_without_a_user(cli: Cli) -> None:
    cli.login()
    cli("api", "GET", "/3/nonsense/11", code=4)
    assert "session_id" not in cli.simulator.requests[-1].params


def test_every_operation_is_found_by_its_own_path(cli: Cli) -> None:
    from tmdb_ext.cli._api import all_operations, operation_of

    table = all_operations()
    assert len(table) == 173 + 3
    for operation in table.values():
        assert operation_of(operation.method, operation.path) == operation
        assert operation_of(operation.method, re.sub(r"\{\w+\}", "7", operation.path)) == operation


def test_operations_are_listed_with_what_they_take(cli: Cli) -> None:
    assert len(cli("operations").lines) == 173 + 3
    (found,) = cli("operations", "list-clear", "--json").payload[1:]
    assert found == {
        "name": "v4/list-clear", "method": "GET", "path": "/4/list/{list_id}/clear", "accepts": "user access token",
        "bearer_only": True, "page": "https://developer.themoviedb.org/v4/reference/list-clear",
    }  # fmt: skip
    (undocumented,) = cli("operations", "genre-movies", "--json").payload
    assert undocumented["page"] is None
    (line,) = cli("operations", "genre-movies").lines
    assert line[0] == "genre-movies"
    assert "None" not in line


# Processes


def environment_for(simulator: Simulator, tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TMDB_", "XDG_", "SSL_"))}
    return kept | {
        "HOME": str(tmp_path),
        "SSL_CERT_DIR": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "TMDB_BASE_URL": simulator.base_url,
        "TMDB_SITE_URL": simulator.base_url,
        "TMDB_ACCESS_TOKEN": simulator.access_token,
    }


def run(arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tmdb_ext.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)


def test_a_reader_who_has_had_enough_ends_the_command_silently(simulator: Simulator, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tmdb_ext.cli", "discover", "movie", "--limit", "60"],
        env=environment_for(simulator, tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT for one process")
def test_an_interrupt_ends_a_command_with_130(simulator: Simulator, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tmdb_ext.cli", "auth", "login", "--no-browser"],
        env=environment_for(simulator, tmp_path),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        while "/authenticate/" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
        assert process.stderr.read() in ("", "tmdb: interrupted\n")


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT for one process")
def test_serve_prints_what_other_programs_need_and_ends_when_interrupted(simulator: Simulator, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tmdb_ext.cli", "serve", "--log"],
        env=environment_for(simulator, tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        shown = [process.stdout.readline() for _ in range(5)]
        exports = dict(re.findall(r"^export (\w+)=(.*)$", "".join(shown), re.MULTILINE))
        assert exports.keys() == {"TMDB_BASE_URL", "TMDB_SITE_URL", "TMDB_ACCESS_TOKEN"}
        done = run(["movie", "11"], environment_for(simulator, tmp_path) | exports)
        assert done.returncode == 0
        assert process.stderr.readline() == "GET /3/movie/11 200 movie-details\n"
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0
    assert simulator.requests == []


@pytest.mark.skipif(os.name == "nt", reason="no SIGTERM for one process")
def test_serve_takes_credentials_and_data_and_ends_when_stopped(simulator: Simulator, tmp_path: Path) -> None:
    data = tmp_path / "movie.json"
    data.write_text('{"id": 900900, "title": "Rain"}')
    token, options = "a.b.c", ["--access-token", "a.b.c", "--seed", "1", "--data", str(data), "--strict"]
    with subprocess.Popen(
        [sys.executable, "-m", "tmdb_ext.cli", "--json", "serve", *options],
        env=environment_for(simulator, tmp_path), stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        said = ""
        while "}" not in said:
            said += process.stdout.readline()
        served = json.loads(said)
        assert served["access_token"] == token
        exports = {"TMDB_BASE_URL": served["base_url"], "TMDB_ACCESS_TOKEN": token}
        assert "Rain" in run(["movie", "900900"], environment_for(simulator, tmp_path) | exports).stdout
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--data", "nowhere"], "cannot be read"),
        (["--public-url", "tmdb"], "public_url begins with"),
        (["--replay", "nowhere"], "no folder"),
        (["--api-key", "two words"], "api_key is letters"),
    ],
)
def test_serve_says_what_is_wrong_with_an_option(cli: Cli, options: list[str], said: str) -> None:
    assert said in cli("serve", *options, code=1).err


def test_serve_says_so_where_the_port_is_taken(cli: Cli) -> None:
    port = cli.simulator.base_url.rpartition(":")[2]
    assert "cannot be used" in cli("serve", "--port", port, code=1).err


def test_without_the_extra_one_line_says_how_to_get_it(capsys: pytest.CaptureFixture[str]) -> None:
    program = (
        "import sys, importlib.util as util\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'typer' else find(name, *rest)\n"
        "from tmdb_ext.cli import main\n"
        "sys.exit(main(['movie', '11']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "tmdb: the command line needs typer: pip install 'tmdb-ext[cli]'\n"


def test_help_and_completion_load_neither_the_client_nor_the_simulator_nor_the_keyring() -> None:
    program = "import sys\nfrom tmdb_ext.cli import main\nmain(['--version'])\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not {"httpx", "keyring", "tmdb_ext._client._sync.client", "tmdb_ext.testing._simulator"} & loaded
    assert not {name for name in loaded if name.startswith("tmdb_api_client")}


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("auth explain movie-add-r", ["movie-add-rating"]),
        ("auth explain v4/list-cl", ["v4/list-clear"]),
        ("movie 11 --append cre", ["credits"]),
        ("movie 11 --append videos,cre", ["videos,credits"]),
        ("tv 41 --append aggregate", ["aggregate_credits"]),
        ("watch", ["watchlist"]),
    ],
)
def test_the_shell_completes_names(simulator: Simulator, tmp_path: Path, words: str, offered: list[str]) -> None:
    count = len(words.split())
    asked = {"_TMDB_COMPLETE": "complete_bash", "COMP_WORDS": f"tmdb {words}", "COMP_CWORD": str(count)}
    assert run([], environment_for(simulator, tmp_path) | asked).stdout.split() == offered
    assert simulator.requests == []

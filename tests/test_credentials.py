"""Where credentials come from, what they must look like, and that nothing shows them."""

from __future__ import annotations

import base64
import copy
import json
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmdb_ext import TMDB, ConfigurationError, Secret
from tmdb_ext._auth.credentials import LABELS, Credentials, variable_name

KEY = "0123456789abcdef0123456789abcdef"
SESSION = "0123456789abcdef0123456789abcdef01234567"
GUEST = "fedcba9876543210fedcba9876543210"


def token(**claims: object) -> str:
    parts = ({"alg": "HS256"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2lnbmF0dXJl"])


TOKEN = token(scopes=["api_read"], sub="u")
USER_TOKEN = token(scopes=["api_read", "api_write"], sub="u")


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in LABELS:
        monkeypatch.delenv(variable_name(name), raising=False)


@pytest.mark.parametrize(
    ("argument", "value", "says"),
    [
        ("api_key", "", "is empty"),
        ("api_key", "   ", "is empty"),
        ("api_key", f"{KEY}\n", "line break around"),
        ("api_key", f"'{KEY}'", "quotation marks"),
        ("api_key", f'"{KEY}', "quotation marks"),
        ("api_key", f"TMDB_API_KEY={KEY}", "name=value"),
        ("api_key", "<<api_key>>", "placeholder"),
        ("api_key", "your_api_key_here", "placeholder"),
        ("api_key", KEY[:16] + " " + KEY[16:], "white space inside"),
        ("api_key", KEY[:31] + "\x00", "control characters"),
        ("api_key", KEY[:31] + "é", "not ASCII"),
        ("api_key", KEY[:30], "has 30 characters, not 32"),
        ("api_key", TOKEN, "access_token="),
        ("api_key", SESSION, "looks like a session id"),
        ("api_key", "zz" * 16, "does not look like one"),
        ("access_token", f"Bearer {TOKEN}", "Bearer"),
        ("access_token", KEY, "looks like an API key"),
        ("access_token", TOKEN.rsplit(".", 1)[0], "cut short (2 of 3 parts)"),
        ("access_token", "secret", "three parts"),
        ("access_token", token(scopes=["pending_request_token"]), "request token"),
        ("user_access_token", SESSION, "looks like a session id"),
        ("session_id", KEY, "40 characters"),
        ("session_id", USER_TOKEN, "user_access_token="),
        ("session_id", "0" * 24, "v4 account id"),
        ("guest_session_id", SESSION, "looks like a session id"),
    ],
)
def test_a_malformed_credential_is_told_apart_and_not_quoted(argument: str, value: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=r"Nothing was sent") as caught:
        TMDB(**{"access_token": TOKEN, argument: value})
    assert says in str(caught.value)
    assert str(caught.value).startswith(f"{argument}=")
    if len(value.strip()) > 6:
        assert value.strip() not in formatted(caught.value)


def formatted(error: BaseException) -> str:
    """What a logger that shows locals would print of the package's own frames; the test's own frame is left out."""
    report = traceback.TracebackException.from_exception(error, capture_locals=True)
    report.stack[:] = [frame for frame in report.stack if frame.filename != __file__]  # type: ignore[index]
    return "".join(report.format())


def test_what_is_not_a_string_is_refused_by_its_type() -> None:
    with pytest.raises(ConfigurationError, match="must be a string, not bytes"):
        TMDB(api_key=KEY.encode())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("api_key", KEY),
        ("api_key", KEY.upper()),
        ("access_token", TOKEN),
        ("access_token", token()),
        ("access_token", "eyJh.bm90anNvbg.c2ln"),
        ("user_access_token", USER_TOKEN),
    ],
)
def test_a_well_formed_application_credential_is_enough(argument: str, value: str) -> None:
    with TMDB(**{argument: value}) as tmdb:
        assert tmdb.auth.held == (argument,)
        assert value not in repr(tmdb)
        assert value not in repr(tmdb.auth)


def test_without_an_application_credential_a_client_cannot_be_made() -> None:
    with pytest.raises(ConfigurationError, match=r"TMDB_ACCESS_TOKEN.*TMDB_API_KEY.*settings/api"):
        TMDB()
    with pytest.raises(ConfigurationError, match="No application credential") as caught:
        TMDB(session_id=SESSION)
    assert caught.value.held == ("session_id",)


def test_the_environment_gives_what_arguments_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMDB_API_KEY", KEY)
    monkeypatch.setenv("TMDB_SESSION_ID", SESSION)
    monkeypatch.setenv("TMDB_ACCESS_TOKEN", "")
    with TMDB() as tmdb:
        assert tmdb.auth.held == ("api_key", "session_id")


def test_an_argument_switches_the_environment_off_for_its_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMDB_ACCESS_TOKEN", TOKEN)
    monkeypatch.setenv("TMDB_SESSION_ID", SESSION)
    with TMDB(api_key=KEY) as tmdb:
        assert tmdb.auth.held == ("api_key", "session_id")
    with TMDB(guest_session_id=GUEST) as tmdb:
        assert tmdb.auth.held == ("access_token", "guest_session_id")
    with TMDB(user_access_token=USER_TOKEN) as tmdb:
        assert tmdb.auth.held == ("user_access_token",)


def test_a_malformed_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMDB_API_KEY", f'"{KEY}"')
    with pytest.raises(ConfigurationError, match=r"^TMDB_API_KEY has quotation marks") as caught:
        TMDB()
    assert KEY not in formatted(caught.value)


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret(KEY)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret:>40}", f"{secret!s}", repr([secret])]
    assert not [text for text in shown if KEY in text]
    assert secret.reveal() == KEY
    assert secret == Secret(KEY)
    assert hash(secret) == hash(Secret(KEY))
    assert secret != KEY
    assert copy.deepcopy(secret) is secret
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(secret)


def test_credentials_show_their_names_only() -> None:
    assert repr(Credentials(api_key=KEY, session_id=SESSION)) == "Credentials(api_key, session_id)"


@given(st.sampled_from(list(LABELS)), st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_accepted_or_refused_without_being_quoted(name: str, before: str, after: str) -> None:
    refusal = ""
    try:
        Credentials(**{name: f"{before}f00dfacef00d{after}"})
    except ConfigurationError as error:
        refusal = str(error)
    assert "f00dface" not in refusal

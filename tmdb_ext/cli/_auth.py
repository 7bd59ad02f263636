"""`tmdb auth`: the application's credential, logging in and out, and what is held."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from tmdb_ext._errors import ConfigurationError, TMDBError

from ._exit import Misuse, Refusal, line_of
from ._settings import (
    APPLICATION,
    NO_APPLICATION,
    ApplicationName,
    Settings,
    application_in_environment,
)
from ._show import details, document, done, emit, is_terminal, line_from, note, secret_from
from ._store import place_of

if TYPE_CHECKING:
    from tmdb_ext import TMDB, Login
    from tmdb_ext._auth.credentials import Secret

app = typer.Typer(help="Credentials: the application's, and the user's or the guest's.")

_LABELS = {"access_token": "API Read Access Token", "api_key": "API key"}


def operation_names(incomplete: str) -> list[str]:
    """Return the names of operations that begin with what has been typed."""
    from ._api import all_operations

    return [name for name in all_operations() if name.startswith(incomplete)]


@app.command("token")
def token(
    context: typer.Context,
    forget: Annotated[bool, typer.Option("--forget", help="Forget the one that is kept.")] = False,
) -> None:
    """Keep the API Read Access Token, or the API key, that every call needs.

    It is asked for without showing it, or read from stdin, and kept once TMDB has said that it is right.

    What the environment holds goes before it.

    Example: tmdb auth token < token.txt
    """
    settings = cast(Settings, context.obj)
    if forget:
        settings.store.delete(settings.application_key)
        done(settings, f"Forgot it: it was kept in {place_of(settings.store)}.", {"kept": None})
        return
    if is_terminal(sys.stdin):
        note("Copy the API Read Access Token (or the API key) from https://www.themoviedb.org/settings/api")
    name, secret = _application_from(_typed())
    _validate(settings, name, secret)
    settings.store.save(settings.application_key, {name: secret.reveal()})
    variable = application_in_environment()
    if variable is not None:
        note(f"tmdb: {variable} is set in the environment and goes before what is kept now")
    where = place_of(settings.store)
    done(settings, f"The {_LABELS[name]} is right, and is kept in {where}.", {"kept": name, "where": where})


def _typed() -> Secret:
    from tmdb_ext._auth.credentials import Secret

    return Secret(secret_from("Token or key").strip())


def _application_from(secret: Secret) -> tuple[ApplicationName, Secret]:
    """Return which of the two a value is.

    Raises:
        ConfigurationError: it has the form of neither.
    """
    from tmdb_ext._auth.credentials import Credentials

    name: ApplicationName = "access_token" if "." in secret.reveal() or secret.reveal()[:3] == "eyJ" else "api_key"
    if name == "access_token":
        Credentials(access_token=secret)
    else:
        Credentials(api_key=secret)
    return name, secret


def _validate(settings: Settings, name: ApplicationName, secret: Secret) -> None:
    from tmdb_ext import TMDB
    from tmdb_ext._auth.credentials import Credentials

    credentials = Credentials(access_token=secret) if name == "access_token" else Credentials(api_key=secret)
    with TMDB(credentials=credentials, guest=False, **settings.addresses()) as tmdb:
        tmdb.authentication.validate_key()


@app.command("login")
def login(
    context: typer.Context,
    v4: Annotated[bool, typer.Option("--v4", help="Get a user access token of v4, for lists with series.")] = False,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the browser, or print the address and wait.")
    ] = True,
    password: Annotated[
        bool, typer.Option("--password", help="Ask for name and password in place of approval on the site.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait for the approval.")] = 300,
    interval: Annotated[float, typer.Option(min=0.1, help="Seconds between questions, without a browser.")] = 5,
) -> None:
    """Log a user in, who approves it on TMDB's site, and keep the session.

    Example: tmdb auth login --no-browser
    """
    settings = cast(Settings, context.obj)
    if v4 and password:
        raise Misuse("--password makes a session of v3; leave --v4 away.")
    with settings.client() as tmdb:
        _refuse_second(tmdb, v4=v4)
        if password:
            _by_password(tmdb)
        elif not (browser and _with_browser(tmdb, v4=v4, timeout=timeout)):
            _with_address(tmdb, v4=v4, timeout=timeout, interval=interval)
        where = place_of(settings.store)
        if settings.store.load(f"{settings.scope}/{'user-v4' if v4 else 'user'}") is None:
            (tmdb.v4.auth if v4 else tmdb.auth).logout()
            raise Refusal(f"The session could not be kept in {where}, so the login was ended again.")
        who = _who(tmdb, v4=v4)
    what = "user access token" if v4 else "session"
    sentence = f"Logged in{f' as {who}' if who else ''}. The {what} is kept in {where}."
    done(settings, sentence, {"account": who, "where": where})


def _refuse_second(tmdb: TMDB, *, v4: bool) -> None:
    """Raise where there is a session already: a second one would leave the first at TMDB, forgotten here."""
    given = "TMDB_USER_ACCESS_TOKEN" if v4 else "TMDB_SESSION_ID"
    for variable, held in (("TMDB_USER_ACCESS_TOKEN", tmdb.v4.auth.token), ("TMDB_SESSION_ID", tmdb.auth.session)):
        source = None if held is None else held.source
        if source == "given" and variable == given:
            raise ConfigurationError(f"{variable} is set in the environment, and would go before the login.")
        if source is not None and source != "given":
            raise Refusal("Somebody is logged in already. Run: tmdb auth logout")


def _by_password(tmdb: TMDB) -> None:
    from tmdb_ext._auth.credentials import Secret

    username = line_from("Name at TMDB").strip()
    tmdb.auth.login(username, Secret(secret_from("Password")))


def _begin(tmdb: TMDB, *, v4: bool, loopback: bool) -> Login[Any]:
    if v4:
        return tmdb.v4.auth.begin_login(loopback=loopback)
    return tmdb.auth.begin_login(loopback=loopback)


def _with_browser(tmdb: TMDB, *, v4: bool, timeout: float) -> bool:
    """Log in by the browser of this machine; return False where there is none."""
    import webbrowser

    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    with _begin(tmdb, v4=v4, loopback=True) as begun:
        if not browser.open(begun.url):
            return False
        note("Approve the login in your browser; if none has opened, interrupt this and add --no-browser.")
        begun.receive(timeout)
    return True


def _with_address(tmdb: TMDB, *, v4: bool, timeout: float, interval: float) -> None:
    """Log in by a browser anywhere: show the address, and ask TMDB now and again."""
    with _begin(tmdb, v4=v4, loopback=False) as begun:
        note("Open this page and approve the login:")
        note(begun.url)
        begun.wait(timeout, interval=interval)


def _who(tmdb: TMDB, *, v4: bool) -> str | None:
    """Return how TMDB calls the user, without making a session for it; None where that cannot be found out."""
    try:
        if v4:
            return f"account {tmdb.v4.account.id()}"
        account = tmdb.account.details()
    except TMDBError as error:
        note(f"tmdb: the account is not known: {line_of(error)}")
        return None
    return str(account.username or account.name or account.id)


@app.command("guest")
def guest(
    context: typer.Context,
    forget: Annotated[bool, typer.Option("--forget", help="Stop using the one that is kept.")] = False,
) -> None:
    """Start a guest session, which can rate; commands that need one start it by themselves.

    Example: tmdb auth guest
    """
    settings = cast(Settings, context.obj)
    with settings.client() as tmdb:
        if forget:
            tmdb.guest.forget()
            done(settings, "Forgot the guest session; TMDB drops it when it expires.", {"guest": None})
            return
        session = tmdb.guest.start()
    where, expires = place_of(settings.store), session.expires_at
    until = f", and TMDB keeps it until {expires:%Y-%m-%d %H:%M} UTC" if expires else ""
    shown = {"guest": True, "expires_at": expires.isoformat() if expires else None, "where": where}
    done(settings, f"The guest session is kept in {where}{until}.", shown)


@app.command("status")
def status(
    context: typer.Context,
    show_secrets: Annotated[
        bool, typer.Option("--show-secrets", help="Show the values too: nobody must look over your shoulder.")
    ] = False,
) -> None:
    """Show what is held, by name and never by value, and where it is kept.

    Example: tmdb auth status
    """
    settings = cast(Settings, context.obj)
    variable = application_in_environment()
    stored = None if variable else settings.stored_application()
    report: dict[str, Any] = {
        "address": settings.scope,
        "application": variable or (_LABELS[stored[0]] if stored else None),
        "application_from": "environment" if variable else "store" if stored else None,
        "store": place_of(settings.store),
    }
    if variable is None and stored is None:
        _show_status(settings, report)
        raise ConfigurationError(NO_APPLICATION)
    with settings.client() as tmdb:
        report |= _held(tmdb)
        if show_secrets:
            note("tmdb: what follows are passwords in all but name; keep them to yourself")
            report["secrets"] = _values(tmdb, stored)
    _show_status(settings, report)


def _held(tmdb: TMDB) -> dict[str, Any]:
    session, user_token, guest_session = tmdb.auth.session, tmdb.v4.auth.token, tmdb.guest.info()
    expires = guest_session.expires_at if guest_session else None
    report = {
        "mode": tmdb.auth.mode,
        "held": list(tmdb.auth.held),
        "session": _origin(session.source) if session else None,
        "user_access_token": _origin(user_token.source) if user_token else None,
        "guest_session": guest_session is not None,
        "guest_session_expires_at": expires.isoformat() if expires else None,
        "account": None,
    }
    if session is not None or user_token is not None:
        report["account"] = _who(tmdb, v4=session is None)
    return report


def _origin(source: str) -> str:
    return "environment" if source == "given" else "store"


def _values(tmdb: TMDB, stored: tuple[ApplicationName, Secret] | None) -> dict[str, str]:
    values: dict[str, str] = {}
    for name in APPLICATION:
        given = os.environ.get(f"TMDB_{name.upper()}")
        if given:
            values[name] = given
    if stored is not None:
        values[stored[0]] = stored[1].reveal()
    session, user_token, guest_session = tmdb.auth.session, tmdb.v4.auth.token, tmdb.guest.info()
    if session is not None:
        values["session_id"] = session.id.reveal()
    if user_token is not None:
        values["user_access_token"] = user_token.token.reveal()
    if guest_session is not None:
        values["guest_session_id"] = guest_session.id.reveal()
    return values


def _show_status(settings: Settings, report: dict[str, Any]) -> None:
    source = {"environment": " (environment)", "store": " (kept)", None: ""}
    guest_until = report.get("guest_session_expires_at")
    pairs: list[tuple[str, object]] = [
        ("Address", report["address"]),
        ("Application", f"{report['application'] or 'none'}{source[report['application_from']]}"),
        ("Holds", [name.replace("_", " ") for name in report.get("held", [])]),
        ("Mode", report.get("mode")),
        ("Session", report.get("session") and f"yes{source[report['session']]}"),
        ("User token", report.get("user_access_token") and f"yes{source[report['user_access_token']]}"),
        ("Guest", f"until {guest_until[:16].replace('T', ' ')} UTC" if guest_until else None),
        ("Account", report.get("account")),
        ("Kept in", report["store"]),
        *((name, value) for name, value in report.get("secrets", {}).items()),
    ]
    details(settings, pairs, report)


@app.command("logout")
def logout(context: typer.Context) -> None:
    """End the session and the user access token, at TMDB and here. The guest session and the token stay.

    Example: tmdb auth logout
    """
    settings = cast(Settings, context.obj)
    with settings.client() as tmdb:
        ended = [
            (name, variable, cast(Any, held).source == "given")
            for name, variable, held in (
                ("user access token", "TMDB_USER_ACCESS_TOKEN", tmdb.v4.auth.token),
                ("session", "TMDB_SESSION_ID", tmdb.auth.session),
            )
            if held is not None
        ]
        # The token first: a session that was made from it ends with it.
        confirmed = [tmdb.v4.auth.logout(), tmdb.auth.logout()]
    for name, variable, given in ended:
        if given:
            note(f"tmdb: {variable} is still set in the environment, with a {name} that has ended")
    names = [name for name, _, _ in ended]
    report = {"ended": names, "confirmed": all(confirmed)}
    if not names:
        done(settings, "Nobody was logged in.", report)
        return
    if not all(confirmed):
        if settings.json:
            document(report)
        raise Refusal("Logged out here, but TMDB did not confirm it.")
    done(settings, f"Logged out: the {' and the '.join(names)} ended.", report)


@app.command("explain")
def explain(
    context: typer.Context,
    operation: Annotated[
        str,
        typer.Argument(
            metavar="OPERATION",
            help="The name of an operation, see 'tmdb operations'.",
            autocompletion=operation_names,
        ),
    ],
) -> None:
    """Say which credentials a call would carry now, and why; nothing is sent.

    Example: tmdb auth explain movie-add-rating
    """
    from tmdb_ext._operations import get_operation

    settings = cast(Settings, context.obj)
    unknown: str | None = None
    try:
        get_operation(operation)
    except ConfigurationError as error:
        unknown = str(error)
    if unknown is not None:
        raise Misuse(unknown)
    with settings.client() as tmdb:
        plan = tmdb.auth.explain(operation)
    if settings.json:
        document(plan._asdict())
    else:
        emit(str(plan))

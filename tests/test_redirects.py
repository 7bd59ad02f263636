"""The redirect that ends a login in a web application: whose it is, and what it says."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from scenes import play, result_of

from tmdb_ext import InvalidArgument, LoginDenied, LoginExpired, LoginMismatch, LoginPending
from tmdb_ext.testing import Simulator

NEW_SESSION = "authentication-create-session"
NEW_TOKEN = "v4/auth-create-access-token"
CALLBACK = "http://127.0.0.1:9/callback?next=%2Fhome"


@pytest.fixture(params=["v3", "v4"])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def auth_of(tmdb: Any, version: str) -> Any:
    return tmdb.v4.auth if version == "v4" else tmdb.auth


def redirected(url: str, action: str) -> str:
    """Press a button of the approval page, and return where the browser is sent."""
    page = httpx.get(url).text
    (target,) = (part.split('"')[0] for part in page.split('action="')[1:] if f"/{action}" in part.split('"')[0])
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    return httpx.post(origin + target.replace("&amp;", "&")).headers["location"]


BUTTONS = {"v3": ("allow", "deny"), "v4": ("approve", "deny")}


def test_an_approved_login_is_completed_by_the_whole_redirect(simulator: Simulator, variant: str, version: str) -> None:
    async def scene(tmdb: Any) -> None:
        auth = auth_of(tmdb, version)
        login = await result_of(auth.begin_login(redirect_to=CALLBACK))
        url = redirected(login.url, BUTTONS[version][0])
        assert url.startswith(CALLBACK)
        made = await result_of(auth.receive_redirect(url, state=login.state))
        assert tmdb.auth.held == ("access_token",)
        assert (await result_of(tmdb.for_user(made).account.details())).id == simulator.user.id
        # It was of use once.
        with pytest.raises(LoginExpired):
            await result_of(auth.receive_redirect(url, state=login.state))

    play(variant, simulator, scene)


def test_the_path_and_query_alone_are_enough_and_a_login_may_be_kept(
    simulator: Simulator, variant: str, version: str
) -> None:
    async def scene(tmdb: Any) -> None:
        auth = auth_of(tmdb, version)
        login = await result_of(auth.begin_login(redirect_to=CALLBACK))
        parts = urlsplit(redirected(login.url, BUTTONS[version][0]))
        await result_of(auth.receive_redirect(f"{parts.path}?{parts.query}", state=login.state, keep=True))
        assert (await result_of(tmdb.account.details())).id == simulator.user.id

    play(variant, simulator, scene)


def test_a_denial_is_told_at_once(simulator: Simulator, variant: str, version: str) -> None:
    async def scene(tmdb: Any) -> None:
        auth = auth_of(tmdb, version)
        login = await result_of(auth.begin_login(redirect_to=CALLBACK))
        url = redirected(login.url, "deny")
        with pytest.raises(LoginDenied):
            await result_of(auth.receive_redirect(url, state=login.state))
        with pytest.raises(LoginDenied):
            await result_of(login.receive_redirect(url))

    play(variant, simulator, scene)
    # In v4 TMDB does not say so in the redirect.
    assert (simulator.count(NEW_SESSION), simulator.count(NEW_TOKEN)) == (0, 2 if version == "v4" else 0)


@pytest.mark.parametrize("kept", ["nothing", "another", "the other version", "text"])
def test_a_browser_that_did_not_begin_the_login_is_refused(simulator: Simulator, variant: str, kept: str) -> None:
    async def scene(tmdb: Any) -> None:
        auth = tmdb.auth
        attackers = await result_of(auth.begin_login(redirect_to=CALLBACK))
        url = redirected(attackers.url, "allow")
        victims = await result_of(auth.begin_login(redirect_to=CALLBACK))
        other = await result_of(tmdb.v4.auth.begin_login())
        states = {"nothing": None, "another": victims.state, "the other version": other.state, "text": "ä.x"}
        simulator.clear_requests()
        with pytest.raises(LoginMismatch) as caught:
            await result_of(auth.receive_redirect(url, state=states[kept]))
        assert attackers.request_token.reveal() not in str(caught.value)
        with pytest.raises(LoginMismatch):
            await result_of(victims.receive_redirect(url))
        assert simulator.requests == []

    play(variant, simulator, scene)


@pytest.mark.parametrize("kept", ["nothing", "another", "the other version", "text"])
def test_in_v4_a_browser_completes_its_own_login_or_none(simulator: Simulator, variant: str, kept: str) -> None:
    async def scene(tmdb: Any) -> None:
        attackers = await result_of(tmdb.v4.auth.begin_login(redirect_to=CALLBACK))
        url = redirected(attackers.url, "approve")
        victims = await result_of(tmdb.v4.auth.begin_login(redirect_to=CALLBACK))
        states = {"nothing": None, "another": victims.state, "the other version": "v3.0", "text": "ä.x"}
        # TMDB does not name the token there, so the victim's own is asked for, which nobody has approved.
        with pytest.raises(LoginPending if kept == "another" else LoginMismatch):
            await result_of(tmdb.v4.auth.receive_redirect(url, state=states[kept]))
        with pytest.raises(LoginMismatch):
            await result_of(victims.receive_redirect(f"{url}&request_token={attackers.request_token.reveal()}"))

    play(variant, simulator, scene)


def test_what_the_redirect_says_is_checked_against_the_token(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        login = await result_of(tmdb.auth.begin_login())
        token = login.request_token.reveal()
        for query in ("", "?approved=true", f"?request_token={token}&request_token=x", f"?request_token={token[::-1]}"):
            with pytest.raises(LoginMismatch):
                await result_of(tmdb.auth.receive_redirect(f"/callback{query}", state=login.state))
        with pytest.raises(LoginPending):
            await result_of(tmdb.auth.receive_redirect(f"/?request_token={token}", state=login.state))
        # The browser came back with an approval, and TMDB has none.
        with pytest.raises(LoginDenied):
            await result_of(tmdb.auth.receive_redirect(f"/?request_token={token}&approved=true", state=login.state))

    play(variant, simulator, scene)


def test_in_v4_the_redirect_may_come_without_the_token(simulator: Simulator, variant: str) -> None:
    async def scene(tmdb: Any) -> None:
        login = await result_of(tmdb.v4.auth.begin_login(redirect_to=CALLBACK))
        simulator.approve(login.request_token.reveal())
        token = await result_of(tmdb.v4.auth.receive_redirect("/callback", state=login.state))
        assert token.account_object_id == simulator.user.object_id

    play(variant, simulator, scene)


@pytest.mark.parametrize("url", [None, 7, b"/callback", "http://[/"])
def test_an_address_that_is_none_is_refused(simulator: Simulator, url: Any) -> None:
    async def scene(tmdb: Any) -> None:
        login = tmdb.auth.begin_login()
        with pytest.raises(InvalidArgument, match="url must be the address"):
            tmdb.auth.receive_redirect(url, state=login.state)
        with pytest.raises(InvalidArgument, match="url must be the address"):
            login.receive_redirect(url)

    play("sync", simulator, scene)


def test_the_state_of_v3_gives_nothing_away(simulator: Simulator) -> None:
    async def scene(tmdb: Any) -> None:
        login = tmdb.auth.begin_login()
        assert login.request_token.reveal() not in login.state
        assert len(login.state) < 600
        assert len(tmdb.v4.auth.begin_login().state) < 600

    play("sync", simulator, scene)

"""Signing in by a real identity provider over real sockets: the way in, every known attack on it, keys that change."""

from __future__ import annotations

import logging
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import Engine, select
from tests.support.identity import CLIENT, SECRET, Claims, IdentityServer, identity_server, visit
from tests.support.signing import DAY, HOUR, NOW, SECOND, VAULT, Dice, add_account

from bursar.errors import BursarError, Forbidden, Unavailable
from bursar.office import audit
from bursar.office.database import open_engine, reading, transaction
from bursar.office.identity import accounts, sessions
from bursar.office.identity.accounts import Account
from bursar.office.identity.oidc import IdentityProvider, Oidc, ProviderClient, SignedIn
from bursar.office.identity.sign_in import Origin
from bursar.office.tables import account_identity, oidc_state
from bursar.office.tables import audit as log
from bursar.office.workforce import people

pytest_plugins = ("tests.postgres",)

BASE = "https://bursar.example"
HOME = Origin("203.0.113.7", "Firefox")


@dataclass
class Clock:
    at: int = NOW

    def __call__(self) -> int:
        return self.at


@dataclass
class Door:
    """The console's side of the way in."""

    engine: Engine
    server: IdentityServer
    clock: Clock
    dice: Dice
    provider: IdentityProvider
    client: ProviderClient

    def with_section(self, **changes: Any) -> Door:
        """The same house with other settings."""
        return door(self.engine, self.server, self.clock, self.dice, **changes)

    async def sign_in(self, change: Callable[[dict[str, str]], dict[str, str]] = lambda query: query) -> SignedIn:
        """The whole way; `change` is what becomes of the query that the browser brings back."""
        begun = await self.provider.begin("/wallet?by=lot")
        return await self.provider.finish(change(await visit(begun.url)), begun.cookie.reveal(), HOME)

    async def refused(self, match: str, error: type[BursarError] = Forbidden, **options: Any) -> None:
        with pytest.raises(error, match=match) as caught:
            await self.sign_in(**options)
        assert SECRET not in f"{caught.value} {caught.value.hint}"
        assert self.sessions() == []

    def sessions(self) -> list[str]:
        with reading(self.engine) as connection:
            return [one.login for one in accounts.listed(connection) if one.signed_in]

    def account(self, name: str) -> Account:
        with reading(self.engine) as connection:
            return accounts.named(connection, name)

    def roles(self, name: str, now: int = 0) -> set[str]:
        with reading(self.engine) as connection:
            actor = accounts.actor_of(connection, accounts.named(connection, name).id, "test", now or self.clock.at)
        assert actor is not None
        return set(actor.roles)


def door(engine: Engine, server: IdentityServer, clock: Clock, dice: Dice, **changes: Any) -> Door:
    section = Oidc(**{"issuer": server.base, "client_id": CLIENT, "client_secret": SECRET, **changes})
    client = ProviderClient(section, clock)
    provider = IdentityProvider(
        engine, VAULT, section, client, base_url=BASE, randomness=dice, new_id=dice.id, clock=clock
    )
    return Door(engine, server, clock, dice, provider, client)


@asynccontextmanager
async def opened(engine: Engine) -> AsyncIterator[Door]:
    """ada is on the roster with her address and has no account yet."""
    with transaction(engine) as connection:
        people.add(connection, {"handle": "ada", "name": "Ada Abara", "email": "ada@example.com"}, "per_ada", 1)
        audit.record(connection, 1, "test", "person.add", "per_ada", {})
    clock = Clock()
    async with identity_server(lambda: clock.at // SECOND) as server:
        one = door(engine, server, clock, Dice())
        async with one.client:
            yield one


@pytest.fixture
async def house(engine: Engine) -> AsyncIterator[Door]:
    async with opened(engine) as one:
        yield one


@pytest.fixture
async def porch(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Door]:
    """The same on one engine, for those who never reach the tables."""
    shutil.copyfile(sqlite_template, tmp_path / "bursar.db")
    engine = open_engine(str(tmp_path / "bursar.db"))
    async with opened(engine) as one:
        yield one
    engine.dispose()


async def test_somebody_of_the_roster_comes_in_and_gets_an_account(house: Door) -> None:
    found = await house.sign_in()
    assert found.back_to == "/wallet?by=lot"
    session = sessions.resume(house.engine, VAULT, found.opened.cookie.reveal(), NOW)
    assert session is not None
    assert (session.issuer, session.address) == (house.server.base, HOME.address)
    ada = house.account("ada@example.com")
    assert (ada.person, ada.name, ada.roles, ada.issuer) == ("ada", "Ada Abara", (), house.server.base)
    assert house.roles("ada@example.com") == {"person"}
    with reading(house.engine) as connection:
        actions = connection.execute(select(log.c.action).order_by(log.c.seq)).scalars().all()
    assert actions == ["person.add", "account.add", "account.identity"]


@pytest.mark.parametrize("kind", ["RS256", "ES256", "Ed25519"])
async def test_every_signature_with_a_public_key_is_understood(porch: Door, kind: str) -> None:
    porch.server.rotate(kind)
    await porch.sign_in()
    assert porch.sessions() == ["ada@example.com"]


async def test_signing_in_again_is_quiet_and_the_subject_counts_not_the_address(house: Door) -> None:
    first = await house.sign_in()
    house.server.user["email"] = "countess@example.com"
    house.clock.at += HOUR
    again = await house.sign_in()
    assert again.opened.session.account == first.opened.session.account
    house.server.user = {"sub": "u-1"}
    assert (await house.sign_in()).opened.session.account == first.opened.session.account
    with reading(house.engine) as connection:
        assert len(connection.execute(select(log)).all()) == 3


# Who may come in.


@pytest.mark.parametrize(
    ("user", "match"),
    [
        ({"sub": "u-1", "email": "ada@example.com"}, "does not vouch"),
        ({"sub": "u-1", "email": "ada@example.com", "email_verified": False}, "does not vouch"),
        ({"sub": "u-1", "email": "ada@example.com", "email_verified": "true"}, "does not vouch"),
        ({"sub": "u-1", "email": "ada@example.com", "email_verified": 1}, "does not vouch"),
        ({"sub": "u-1", "email": ["ada@example.com"], "email_verified": True}, "does not vouch"),
        ({"sub": "u-1", "email": "аda@example.com", "email_verified": True}, "does not vouch"),
        ({"sub": "u-1", "email_verified": True}, "does not vouch"),
        ({"sub": "u-1", "email": "mallory@example.com", "email_verified": True}, "no account for this address"),
        ({"sub": "u-1", "email": "ada@example.com.evil.org", "email_verified": True}, "no account for this address"),
        ({"sub": "u-1", "email": "", "email_verified": True}, "does not vouch"),
    ],
)
async def test_an_address_that_nobody_vouches_for_opens_nothing(porch: Door, user: Claims, match: str) -> None:
    porch.server.user = user
    await porch.refused(match)


async def test_a_subject_does_not_take_over_an_account_that_is_linked(house: Door) -> None:
    await house.sign_in()
    house.server.user["sub"] = "u-2"
    with pytest.raises(Forbidden, match="linked with somebody else"):
        await house.sign_in()
    with transaction(house.engine) as connection:
        accounts.forget_identity(connection, house.account("ada").id, by="owner", now=NOW)
    await house.sign_in()


async def test_an_account_that_was_added_by_hand_is_linked_by_its_login_or_its_person(house: Door) -> None:
    add_account(house.engine, "ada", "", person_id="per_ada", roles=["finance"])
    add_account(house.engine, "kpmg@example.com", "", roles=["auditor"])
    assert (await house.sign_in()).opened.session.account == "acc_ada"
    house.server.user = {"sub": "u-9", "email": "KPMG@example.com", "email_verified": True}
    assert (await house.sign_in()).opened.session.account == "acc_kpmg"
    assert house.roles("kpmg@example.com") == {"auditor"}


async def test_two_accounts_with_one_address_are_not_guessed_between(house: Door) -> None:
    add_account(house.engine, "ada", "", person_id="per_ada")
    with transaction(house.engine) as connection:
        accounts.add(connection, "ada@example.com", account_id="acc_2", by="test", now=NOW)
    await house.refused("two accounts have this address")


async def test_a_suspended_account_stays_out(house: Door) -> None:
    add_account(house.engine, "olga", "", roles=["owner"])
    add_account(house.engine, "ada", "", person_id="per_ada")
    with transaction(house.engine) as connection:
        accounts.suspend(connection, "acc_ada", by="olga", now=NOW)
    await house.refused("suspended")
    with reading(house.engine) as connection:
        assert connection.execute(select(account_identity)).all() == []


async def test_who_left_gets_no_new_account_and_domains_and_new_accounts_can_be_shut(house: Door) -> None:
    for changes in ({"create_accounts": False}, {"email_domains": ("other.example",)}):
        shut = house.with_section(**changes)
        async with shut.client:
            await shut.refused("no account" if "create_accounts" in changes else "domain")
    with transaction(house.engine) as connection:
        people.leave(connection, "per_ada", "2020-01-01", NOW)
        audit.record(connection, 1, "test", "person.leave", "per_ada", {})
    await house.refused("no account for this address")


async def test_groups_give_roles_from_sign_in_to_sign_in(house: Door) -> None:
    mapped = house.with_section(roles={"fin": "finance", "ops": "platform", "board": "owner"}, groups_claim="groups")
    async with mapped.client:
        house.server.user["groups"] = ["ops", "fin", "fin", 7, "everybody"]
        await mapped.sign_in()
        assert mapped.account("ada").mapped == ("finance", "platform")
        assert mapped.roles("ada") == {"person", "finance", "platform"}
        house.server.user["groups"] = "ops"
        await mapped.sign_in()
        assert mapped.roles("ada") == {"person", "platform"}
        assert mapped.roles("ada", NOW + 30 * DAY) == {"person"}
        del house.server.user["groups"]
        await mapped.sign_in()
        assert mapped.roles("ada") == {"person"}
    with reading(house.engine) as connection:
        lines = connection.execute(select(log.c.detail).where(log.c.action == "account.groups")).scalars().all()
    assert len(lines) == 3


async def test_groups_may_lie_deeper_and_come_from_the_userinfo_endpoint(house: Door) -> None:
    deep = house.with_section(roles={"fin": "finance"}, groups_claim="realm_access.roles")
    house.server.extra_userinfo = {"realm_access": {"roles": ["fin"]}}
    house.server.lie = lambda claims: {name: one for name, one in claims.items() if not name.startswith("email")}
    async with deep.client:
        await deep.sign_in()
    assert deep.account("ada").mapped == ("finance",)
    assert "/userinfo" in house.server.asked


async def test_the_userinfo_of_somebody_else_is_not_believed(house: Door) -> None:
    house.server.lie = lambda claims: {name: one for name, one in claims.items() if not name.startswith("email")}
    house.server.extra_userinfo = {"sub": "u-2"}
    await house.refused("does not vouch")


# Attacks on the ID token.


def old(claims: Claims) -> Claims:
    return {**claims, "iat": claims["iat"] - 4_000, "exp": claims["iat"] - 3_600}


LIES: dict[str, tuple[Callable[[Claims], Claims], str]] = {
    "another nonce": (lambda claims: {**claims, "nonce": "x"}, "another sign-in"),
    "no nonce": (lambda claims: {**claims, "nonce": None}, "another sign-in"),
    "a surrogate for a nonce": (lambda claims: {**claims, "nonce": "\ud800"}, "another sign-in"),
    "another audience": (lambda claims: {**claims, "aud": "other"}, "another application"),
    "no audience": (lambda claims: {**claims, "aud": []}, "another application"),
    "an audience that is no name": (lambda claims: {**claims, "aud": {"bursar": 1}}, "another application"),
    "two audiences without a party": (lambda claims: {**claims, "aud": [CLIENT, "other"]}, "another application"),
    "made for another party": (
        lambda claims: {**claims, "aud": [CLIENT, "other"], "azp": "other"},
        "another application",
    ),
    "one audience, another party": (lambda claims: {**claims, "azp": "other"}, "another application"),
    "another issuer": (lambda claims: {**claims, "iss": "https://evil.example"}, "another issuer"),
    "an issuer with a slash": (lambda claims: {**claims, "iss": f"{claims['iss']}/"}, "another issuer"),
    "expired": (old, "too old"),
    "made long ago": (lambda claims: {**claims, "iat": claims["iat"] - 4_000}, "too old"),
    "of the future": (lambda claims: {**claims, "iat": claims["iat"] + 4_000, "exp": 2**40}, "not hold yet"),
    "not before tomorrow": (lambda claims: {**claims, "nbf": claims["iat"] + 86_400}, "not hold yet"),
    "without an end": (lambda claims: {**claims, "exp": None}, "when it holds"),
    "with an end that is no number": (lambda claims: {**claims, "exp": "9999999999"}, "when it holds"),
    "with an end that is true": (lambda claims: {**claims, "exp": True}, "when it holds"),
    "with an endless end": (lambda claims: {**claims, "exp": float("inf")}, "when it holds"),
    "about nobody": (lambda claims: {**claims, "sub": ""}, "who it is about"),
    "about a number": (lambda claims: {**claims, "sub": 7}, "who it is about"),
    "about too much": (lambda claims: {**claims, "sub": "x" * 256}, "who it is about"),
}


@pytest.mark.parametrize("lie", LIES)
async def test_an_id_token_that_is_not_for_this_sign_in_is_refused(porch: Door, lie: str) -> None:
    porch.server.lie, match = LIES[lie]
    await porch.refused(match)


async def test_clocks_may_differ_by_a_minute(porch: Door) -> None:
    porch.server.lie = lambda claims: {**claims, "iat": claims["iat"] + 59, "exp": claims["iat"] - 59}
    await porch.sign_in()


async def test_two_audiences_are_fine_if_it_was_made_for_this_one(porch: Door) -> None:
    porch.server.lie = lambda claims: {**claims, "aud": ["other", CLIENT], "azp": CLIENT}
    await porch.sign_in()


FORGERIES: dict[str, tuple[Callable[[IdentityServer, Claims], str], str]] = {
    "no signature": (lambda server, claims: server.unsigned(claims), "not signed as the provider signs"),
    "an HMAC with the public key": (lambda server, claims: server.confused(claims), "not signed as the provider signs"),
    "a stranger's key under a known name": (
        lambda server, claims: server.sign(claims, RSAKey.generate_key(2048, {"kid": server.keys[0].kid})),
        "not signed by the provider",
    ),
    "a stranger's key under its own name": (
        lambda server, claims: server.sign(claims, RSAKey.generate_key(2048, {"kid": "mine"})),
        "does not publish",
    ),
    "a stranger's key that it brings along": (
        lambda server, claims: (
            lambda key: server.sign(claims, key, kid=server.keys[0].kid, jwk=key.as_dict(private=False))
        )(RSAKey.generate_key(2048)),
        "not signed by the provider",
    ),
    "no name of a key, a stranger's key": (
        lambda server, claims: server.sign(claims, RSAKey.generate_key(2048), kid=None),
        "provider",
    ),
    "changed claims": (
        lambda server, claims: ".".join(
            part if place != 1 else server.sign({**claims, "sub": "u-2"}).split(".")[1]
            for place, part in enumerate(server.sign(claims).split("."))
        ),
        "not signed by the provider",
    ),
    "no token": (lambda server, claims: "nonsense", "is none"),
    "a header that is no object": (lambda server, claims: "W10.e30.", "is none"),
    "nested without end": (lambda server, claims: "W1tb" * 15_000 + ".e30.x", "is none"),
    "too long": (lambda server, claims: server.sign({**claims, "x": "x" * 70_000}), "is none"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_id_token_is_refused(porch: Door, forgery: str) -> None:
    make, match = FORGERIES[forgery]
    porch.server.forge = lambda claims: make(porch.server, claims)
    await porch.refused(match)


async def test_a_key_that_is_too_short_is_not_believed(porch: Door) -> None:
    porch.server.rotate("weak")
    await porch.refused("does not publish")


async def test_a_signature_that_the_provider_does_not_announce_is_not_believed(porch: Door) -> None:
    porch.server.description = {"id_token_signing_alg_values_supported": ["ES256"]}
    await porch.refused("not signed as the provider signs")


# Attacks on the way.


async def test_a_state_is_good_once(house: Door) -> None:
    begun = await house.provider.begin()
    query = await visit(begun.url)
    await house.provider.finish(query, begun.cookie.reveal(), HOME)
    with pytest.raises(Forbidden, match="used already"):
        await house.provider.finish(query, begun.cookie.reveal(), HOME)
    another = await visit(begun.url)
    with pytest.raises(Forbidden, match="used already"):
        await house.provider.finish(another, begun.cookie.reveal(), HOME)


async def test_a_state_that_failed_is_used_up_as_well(house: Door) -> None:
    begun = await house.provider.begin()
    query = await visit(begun.url)
    house.server.lie = lambda claims: {**claims, "aud": "other"}
    for match in ("another application", "used already"):
        with pytest.raises(Forbidden, match=match):
            await house.provider.finish(query, begun.cookie.reveal(), HOME)


async def test_what_was_begun_in_another_browser_is_refused(porch: Door) -> None:
    mine, other = await porch.provider.begin(), await porch.provider.begin()
    query = await visit(mine.url)
    for cookie in (other.cookie.reveal(), "", "x", mine.cookie.reveal() + "x", "\n"):
        with pytest.raises(Forbidden, match="begun in this browser"):
            await porch.provider.finish(query, cookie, HOME)
    await porch.provider.finish(query, mine.cookie.reveal(), HOME)


@pytest.mark.parametrize("state", ["", ".", "a.b", "x" * 5_000, "é", "\ud800"])
async def test_a_state_that_nobody_signed_is_refused(porch: Door, state: str) -> None:
    await porch.refused("begun in this browser|cannot be understood", change=lambda query: {**query, "state": state})


async def test_a_sign_in_takes_ten_minutes_at_most(porch: Door) -> None:
    begun = await porch.provider.begin()
    query = await visit(begun.url)
    porch.clock.at += 600 * SECOND
    with pytest.raises(Forbidden, match="too long"):
        await porch.provider.finish(query, begun.cookie.reveal(), HOME)


@pytest.mark.parametrize("iss", ["https://evil.example", ""])
async def test_only_the_provider_that_was_asked_may_answer(porch: Door, iss: str) -> None:
    porch.server.answer = {"iss": iss}
    await porch.refused("another identity provider answered")
    assert "/token" not in porch.server.asked


async def test_a_provider_that_never_names_itself_may_leave_it_out(porch: Door) -> None:
    porch.server.description = {"authorization_response_iss_parameter_supported": None}
    porch.server.answer = {"iss": ""}
    await porch.sign_in()
    porch.server.answer = {"iss": "https://evil.example"}
    with pytest.raises(Forbidden, match="another identity provider"):
        await porch.sign_in()


async def test_a_stolen_code_is_worth_nothing_in_another_sign_in(porch: Door) -> None:
    victims = await visit((await porch.provider.begin()).url)
    await porch.refused("does not take this code", change=lambda query: {**query, "code": victims["code"]})


async def test_a_refusal_of_the_provider_is_told_in_its_word(porch: Door) -> None:
    porch.server.answer = {"error": "access_denied", "code": ""}
    await porch.refused("access_denied")
    porch.server.answer = {"error": "<script>alert(1)</script>", "code": ""}
    with pytest.raises(Forbidden) as caught:
        await porch.sign_in()
    assert "script" not in str(caught.value)
    porch.server.answer = {"code": ""}
    await porch.refused("cannot be understood")


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ("/wallet?by=lot", "/wallet?by=lot"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("/" + "x" * 600, "/"),
        ("", "/"),
    ],
)
async def test_nobody_is_sent_elsewhere_after_signing_in(porch: Door, page: str, shown: str) -> None:
    begun = await porch.provider.begin(page)
    found = await porch.provider.finish(await visit(begun.url), begun.cookie.reveal(), HOME)
    assert found.back_to == shown


async def test_what_is_asked_carries_pkce_and_no_secret(house: Door) -> None:
    begun = await house.provider.begin()
    asked = parse_qs(urlsplit(begun.url).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"{BASE}/sign-in/return"]
    assert SECRET not in begun.url
    assert begun.cookie.reveal() not in repr(begun) + begun.url
    with reading(house.engine) as connection:
        assert connection.execute(select(oidc_state)).all() == []


async def test_used_states_are_forgotten_when_they_would_be_too_old_anyway(house: Door) -> None:
    await house.sign_in()
    house.clock.at += HOUR
    await house.sign_in()
    with reading(house.engine) as connection:
        assert len(connection.execute(select(oidc_state)).all()) == 1


# The provider's keys and moods.


async def test_a_new_key_is_fetched_when_a_token_names_it(porch: Door) -> None:
    await porch.sign_in()
    porch.server.rotate("ES256")
    porch.clock.at += 61 * SECOND
    await porch.sign_in()
    assert porch.server.asked.count("/jwks") == 2


async def test_strangers_keys_do_not_make_bursar_ask_for_ever(porch: Door) -> None:
    await porch.sign_in()
    porch.server.forge = lambda claims: porch.server.sign(claims, RSAKey.generate_key(2048, {"kid": "mine"}))
    for _ in range(4):
        with pytest.raises(Forbidden, match="does not publish"):
            await porch.sign_in()
    assert porch.server.asked.count("/jwks") == 1
    porch.clock.at += 61 * SECOND
    for _ in range(2):
        with pytest.raises(Forbidden, match="does not publish"):
            await porch.sign_in()
    assert porch.server.asked.count("/jwks") == 2


async def test_a_key_that_was_withdrawn_is_believed_no_longer_than_an_hour(porch: Door) -> None:
    await porch.sign_in()
    withdrawn = porch.server.keys[0]
    porch.server.rotate()
    porch.server.forge = lambda claims: porch.server.sign(claims, withdrawn)
    await porch.sign_in()
    porch.clock.at += HOUR
    with pytest.raises(Forbidden, match="does not publish"):
        await porch.sign_in()


async def test_while_the_provider_is_quiet_what_is_known_goes_on_for_a_day(porch: Door) -> None:
    await porch.sign_in()
    porch.server.down = True
    porch.clock.at += 23 * HOUR
    await porch.sign_in()
    porch.clock.at += 2 * HOUR
    with pytest.raises(Unavailable):
        await porch.sign_in()
    porch.server.down = False
    porch.clock.at += 61 * SECOND
    await porch.sign_in()


async def test_a_provider_that_never_answered_is_asked_every_few_seconds_only(porch: Door) -> None:
    porch.server.down = True
    for match in ("answers 503", "a moment ago", "a moment ago"):
        with pytest.raises(Unavailable, match=match):
            await porch.provider.begin()
    assert len(porch.server.asked) == 1
    porch.server.down = False
    porch.clock.at += 5 * SECOND
    await porch.sign_in()


async def test_nobody_at_that_address_is_said_without_a_secret(porch: Door) -> None:
    away = porch.with_section(issuer="http://127.0.0.1:1")
    async with away.client:
        with pytest.raises(Unavailable, match="does not answer"):
            await away.provider.begin()


DESCRIPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "another issuer": ({"issuer": "https://evil.example"}, "another issuer"),
    "no token endpoint": ({"token_endpoint": None}, "no token_endpoint"),
    "an endpoint in the open": ({"token_endpoint": "http://id.example/token"}, "no https address"),
    "an endpoint that is none": ({"jwks_uri": 7}, "no https address"),
    "no code flow": ({"response_types_supported": ["id_token"]}, "authorization code flow"),
    "no PKCE": ({"code_challenge_methods_supported": ["plain"]}, "PKCE"),
    "only HMAC": ({"id_token_signing_alg_values_supported": ["HS256", "none"]}, "signs with none of"),
    "nonsense for a list": ({"id_token_signing_alg_values_supported": "RS256"}, "signs with none of"),
}


@pytest.mark.parametrize("name", DESCRIPTIONS)
async def test_a_provider_that_cannot_be_trusted_is_not_asked(porch: Door, name: str) -> None:
    porch.server.description, match = DESCRIPTIONS[name]
    with pytest.raises(Unavailable, match=match):
        await porch.provider.begin()


async def test_the_secret_goes_into_the_body_where_no_header_is_taken_and_a_public_client_has_none(porch: Door) -> None:
    porch.server.description = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    await porch.sign_in()
    porch.server.public = True
    public = porch.with_section(client_secret="")
    async with public.client:
        await public.sign_in()
    wrong = porch.with_section(client_secret="wrong")
    porch.server.public = False
    async with wrong.client:
        with pytest.raises(Forbidden, match="does not take this code"):
            await wrong.sign_in()


async def test_signing_out_goes_on_to_the_provider(house: Door) -> None:
    found = await house.sign_in()
    ended = sessions.sign_out(house.engine, VAULT, found.opened.cookie.reveal(), NOW)
    assert ended is not None
    url = urlsplit(await house.provider.sign_out_url(ended))
    assert (url.path, parse_qs(url.query)) == (
        "/logout",
        {"client_id": [CLIENT], "post_logout_redirect_uri": [f"{BASE}/"]},
    )
    add_account(house.engine, "ben", "")
    with transaction(house.engine) as connection:
        local = sessions.start(connection, VAULT, "acc_ben", session_id="ses_l", entropy=bytes(32), now=NOW)
    assert await house.provider.sign_out_url(local.session) == ""
    house.server.description = {"end_session_endpoint": None}
    house.clock.at += 2 * HOUR
    assert await house.provider.sign_out_url(ended) == ""


async def test_no_secret_of_the_way_shows_in_a_log(porch: Door, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        begun = await porch.provider.begin()
        query = await visit(begun.url)
        found = await porch.provider.finish(query, begun.cookie.reveal(), HOME)
        logging.getLogger("test").info("%s %r", found, porch.provider)
    ours = "\n".join(one.getMessage() for one in caplog.records if not one.name.startswith("aiohttp.access"))
    for secret in (SECRET, query["code"], begun.cookie.reveal(), found.opened.cookie.reveal()):
        assert secret not in ours

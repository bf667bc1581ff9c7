"""The way to an identity provider and back: whatever is changed on it is noticed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.errors import Forbidden, InvalidInput
from bursar.office.identity.oidc.flow import (
    ENTROPY_BYTES,
    STATE_SECONDS,
    Begun,
    begin,
    local_page,
    returned,
    sign_out_url,
)
from bursar.office.identity.oidc.provider import ALGORITHMS, read_provider
from bursar.office.identity.oidc_section import Oidc
from bursar.office.settings import Settings

ISSUER = "https://id.example/realm"
DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize?tenant=7",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/jwks",
}
PROVIDER = read_provider(DOCUMENT, ISSUER)
SECTION = Oidc(issuer=ISSUER, client_id="bursar")
KEY = bytes(range(32))
NOW = 1_700_000_000_000_000
entropies = st.binary(min_size=ENTROPY_BYTES, max_size=ENTROPY_BYTES)


def begun(entropy: bytes, back_to: str = "/") -> tuple[Begun, str]:
    found = begin(PROVIDER, SECTION, KEY, back_to=back_to, base_url="https://b.example/", entropy=entropy, now=NOW)
    return found, parse_qs(urlsplit(found.url).query)["state"][0]


def comes_back(state: str, cookie: str, now: int = NOW, key: bytes = KEY, **more: str) -> object:
    query: Mapping[str, str] = {"state": state, "code": "c", "iss": ISSUER, **more}
    return returned(PROVIDER, key, query, cookie, now)


def test_a_provider_that_says_little_is_taken_at_the_standards_word() -> None:
    assert PROVIDER.algorithms == ("RS256",)
    assert not PROVIDER.names_itself
    assert not PROVIDER.secret_in_body
    assert sign_out_url(PROVIDER, SECTION, "https://b.example") == ""
    assert not {"none", "HS256", "HS384", "HS512"} & set(ALGORITHMS)


@given(entropies)
def test_what_is_asked_keeps_what_the_address_had(entropy: bytes) -> None:
    found, _ = begun(entropy)
    asked = parse_qs(urlsplit(found.url).query)
    assert asked["tenant"] == ["7"]
    assert asked["redirect_uri"] == ["https://b.example/sign-in/return"]
    assert len(asked["code_challenge"][0]) == 43


@given(entropies, st.text(max_size=40))
def test_whoever_comes_back_unchanged_is_shown_the_page(entropy: bytes, page: str) -> None:
    found, state = begun(entropy, page)
    came = comes_back(state, found.cookie.reveal())
    assert came.back_to == local_page(page)  # type: ignore[attr-defined]
    assert came.back_to.startswith("/")  # type: ignore[attr-defined]
    assert not came.back_to.startswith("//")  # type: ignore[attr-defined]


@given(entropies, st.integers(0, 200), st.characters(codec="ascii", exclude_categories=["C"]), st.booleans())
def test_one_changed_character_of_state_or_cookie_is_noticed(
    entropy: bytes, place: int, typed: str, in_state: bool
) -> None:
    found, state = begun(entropy, "/wallet")
    given = state if in_state else found.cookie.reveal()
    place %= len(given)
    changed = given[:place] + typed + given[place + 1 :]
    parts = (changed, found.cookie.reveal()) if in_state else (state, changed)
    if changed != given:
        with pytest.raises(Forbidden):
            comes_back(*parts)


@given(entropies, entropies)
def test_two_sign_ins_share_nothing(one: bytes, other: bytes) -> None:
    if one[:16] != other[:16] and one[16:] != other[16:]:
        (first, state), (second, _) = begun(one), begun(other)
        with pytest.raises(Forbidden):
            comes_back(state, second.cookie.reveal())
        asked = [parse_qs(urlsplit(each.url).query) for each in (first, second)]
        for name in ("state", "nonce", "code_challenge"):
            assert asked[0][name] != asked[1][name]


def test_it_ends_after_ten_minutes_and_with_another_master_key() -> None:
    found, state = begun(bytes(ENTROPY_BYTES))
    last = NOW + STATE_SECONDS * 1_000_000 - 1
    comes_back(state, found.cookie.reveal(), last)
    for now, key in ((last + 1, KEY), (NOW, bytes(32))):
        with pytest.raises(Forbidden):
            comes_back(state, found.cookie.reveal(), now, key)
    with pytest.raises(ValueError, match="48 random bytes"):
        begun(b"short")


# The section of the settings.


def test_a_provider_is_set_in_the_file_and_its_secret_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bursar.toml").write_text(
        f"[oidc]\nissuer = '{ISSUER}'\nclient_id = 'bursar'\n[oidc.roles]\n'Finance team' = 'finance'\nops = 'platform'\n"
    )
    monkeypatch.setenv("BURSAR_OIDC_CLIENT_SECRET", "canary-secret")
    settings = Settings(home=tmp_path)
    oidc = settings.oidc
    assert (oidc.issuer, oidc.secret.get_secret_value()) == (ISSUER, "canary-secret")
    assert oidc.roles_of(frozenset({"ops", "Finance team", "x"})) == ("finance", "platform")
    assert oidc.roles_of(frozenset()) == ()
    assert "canary" not in f"{settings} {settings!r} {oidc!r}"
    assert [name for name, field in Oidc.model_fields.items() if not field.description] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("client_secret = 'canary'", "client_secret"),
        ("isuer = 'canary'", "isuer"),
        ("issuer = 'https://id.example'", "client_id"),
        ("client_id = 'bursar'", "client_id"),
        ("issuer = 'http://id.example'\nclient_id = 'b'", "issuer"),
        ("issuer = 'https://user:canary@id.example'\nclient_id = 'b'", "issuer"),
        ("[oidc.roles]\nfin = 'king'", "roles"),
        ("[oidc.roles]\nfin = 'manager'", "roles"),
        ("scopes = 'email'", "scopes"),
        ("timeout_seconds = 0", "timeout_seconds"),
    ],
)
def test_a_section_that_cannot_be_meant_is_refused_without_its_secrets(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "bursar.toml").write_text(f"[oidc]\n{text}\n")
    with pytest.raises(InvalidInput) as caught:
        Settings(home=tmp_path)
    assert said in f"{caught.value}"
    assert "oidc" in f"{caught.value}"
    assert "canary" not in f"{caught.value} {caught.value.hint}" or text.startswith("isuer")


@pytest.mark.parametrize(
    ("name", "value"),
    [("BURSAR_OIDC", "canary"), ("BURSAR_OIDC_ROLES", "canary"), ("BURSAR_OIDC_ROLES", '{"canary": "king"}')],
)
def test_a_variable_that_cannot_be_meant_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInput) as caught:
        Settings()
    assert "oidc" in f"{caught.value}".lower()
    assert "canary" not in f"{caught.value} {caught.value.hint}"


def test_a_secret_lies_in_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("canary\n")
    file.chmod(0o600)
    assert Oidc(issuer=ISSUER, client_id="b", client_secret_file=file).secret.get_secret_value() == "canary"

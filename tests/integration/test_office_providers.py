"""Providers in the database: added, changed, disabled, removed; their credentials sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, select

from bursar.errors import Conflict, InvalidInput, NotFound
from bursar.office.catalogue import providers
from bursar.office.catalogue.providers import ProviderTerms
from bursar.office.database import reading
from bursar.office.keyring.tokens import make_token
from bursar.office.tables import provider
from bursar.office.vault import Secret, Vault

if TYPE_CHECKING:
    from tests.postgres import Changing

pytest_plugins = ("tests.postgres",)

VAULT = Vault(bytes(range(32)))


def add(changing: Changing, name: str, *, secret: str = "", now: int = 1, **terms: object) -> providers.Provider:
    with changing() as connection:
        found = ProviderTerms(name, **terms)  # type: ignore[arg-type]
        return providers.add(connection, VAULT, name, found, secret=Secret(secret), now=now)


def sealed(engine: Engine, name: str) -> bytes:
    with reading(engine) as connection:
        found = connection.execute(select(provider.c.secret).where(provider.c.name == name)).scalar_one()
        return bytes(found)


def test_a_provider_comes_back_as_it_was_added(engine: Engine, changing: Changing) -> None:
    added = add(changing, "groq", secret="gsk_hunter2", models=("llama-*",), priority=5, idle_seconds=30)
    with reading(engine) as connection:
        assert providers.named(connection, "groq") == added
        assert providers.listed(connection) == [added]
    assert added.has_secret
    assert added.terms.base_url == "https://api.groq.com/openai"


def test_a_credential_is_sealed_for_its_provider(engine: Engine, changing: Changing) -> None:
    add(changing, "openai", secret="sk-hunter2")
    raw = sealed(engine, "openai")
    assert b"hunter2" not in raw
    assert VAULT.open(raw, "provider/openai") == Secret("sk-hunter2")
    with pytest.raises(Conflict):
        VAULT.open(raw, "provider/groq")


def test_routing_order_is_priority_then_age(engine: Engine, changing: Changing) -> None:
    add(changing, "openai", now=3)
    add(changing, "groq", now=2)
    add(changing, "mistral", now=4, priority=1)
    with reading(engine) as connection:
        assert [one.name for one in providers.listed(connection)] == ["mistral", "groq", "openai"]


def test_a_change_without_a_credential_keeps_the_one_there_is(engine: Engine, changing: Changing) -> None:
    add(changing, "openai", secret="sk-hunter2")
    before = sealed(engine, "openai")
    with changing() as connection:
        changed = providers.change(connection, VAULT, "openai", ProviderTerms("openai", "http://localhost:1/v1"))
    assert (changed.terms.base_url, changed.has_secret) == ("http://localhost:1", True)
    assert sealed(engine, "openai") == before
    with changing() as connection:
        assert not providers.change(connection, VAULT, "openai", ProviderTerms("openai"), secret=Secret("")).has_secret
    assert sealed(engine, "openai") == b""


def test_a_provider_is_disabled_and_enabled_again(engine: Engine, changing: Changing) -> None:
    add(changing, "openai", secret="sk-hunter2")
    for enabled in (False, True):
        with changing() as connection:
            providers.set_enabled(connection, "openai", enabled=enabled)
        with reading(engine) as connection:
            found = providers.named(connection, "openai")
        assert (found.enabled, found.has_secret) == (enabled, True)


def test_a_removed_provider_is_gone(engine: Engine, changing: Changing) -> None:
    add(changing, "openai")
    with changing() as connection:
        providers.remove(connection, "openai")
    with reading(engine) as connection:
        assert providers.listed(connection) == []
    for act in (
        lambda connection: providers.remove(connection, "openai"),
        lambda connection: providers.set_enabled(connection, "openai", enabled=True),
        lambda connection: providers.change(connection, VAULT, "openai", ProviderTerms("openai")),
    ):
        with pytest.raises(NotFound), changing() as connection:
            act(connection)


def test_a_name_is_taken_once_and_well_formed(changing: Changing) -> None:
    add(changing, "openai")
    with pytest.raises(Conflict, match="provider openai already"):
        add(changing, "openai")
    with pytest.raises(InvalidInput, match="name"), changing() as connection:
        providers.add(connection, VAULT, "a/b", ProviderTerms("openai"), now=1)


def test_there_is_a_largest_number_of_providers(changing: Changing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "MAX_PROVIDERS", 1)
    add(changing, "openai")
    with pytest.raises(Conflict, match="1 providers already"):
        add(changing, "groq")


@pytest.mark.parametrize("secret", ["canary\r\nX-Evil: 1", "canary canary", "cänary", "canary" * 1000])
def test_a_credential_that_does_not_fit_into_a_header_is_refused_unseen(changing: Changing, secret: str) -> None:
    with pytest.raises(InvalidInput, match="secret") as caught:
        add(changing, "openai", secret=secret)
    assert "anary" not in str(caught.value)


def test_a_bursar_key_is_no_credential_of_a_provider(changing: Changing) -> None:
    token = make_token(bytes(range(32)))
    with pytest.raises(InvalidInput, match="an access key of Bursar") as caught:
        add(changing, "openai", secret=token)
    assert token not in str(caught.value)

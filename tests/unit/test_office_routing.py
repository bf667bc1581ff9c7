"""Which provider serves a model, and what a provider may look like."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bursar.errors import InvalidInput
from bursar.office.catalogue.providers import Provider, ProviderTerms, checked, route


def provider(name: str, kind: str = "", models: tuple[str, ...] = (), *, enabled: bool = True) -> Provider:
    return Provider(name, ProviderTerms(kind or name, "https://example.test", models), True, enabled, 1)


OPENAI = provider("openai")
GROQ = provider("groq", models=("llama-*", "qwen/*"))
ANTHROPIC = provider("anthropic")
GOOGLE = provider("vertex", kind="google")


def target(providers: list[Provider], family: str, model: str, **how: bool) -> tuple[str, str] | None:
    found = route(providers, family, model, **how)
    return None if found is None else (found.provider.name, found.model)


def test_a_dialect_goes_to_its_own_family_by_default() -> None:
    everything = [GROQ, OPENAI, ANTHROPIC, GOOGLE]
    assert target(everything, "openai", "gpt-5") == ("openai", "gpt-5")
    assert target(everything, "anthropic", "claude-sonnet-4-5") == ("anthropic", "claude-sonnet-4-5")
    assert target(everything, "gemini", "gemini-2.5-pro") == ("vertex", "gemini-2.5-pro")


def test_a_pattern_wins_over_the_family() -> None:
    assert target([OPENAI, GROQ], "openai", "llama-3.3-70b") == ("groq", "llama-3.3-70b")


def test_among_patterns_the_first_in_order_wins() -> None:
    other = provider("cerebras", models=("llama-*",))
    assert target([other, GROQ], "openai", "llama-3.3-70b") == ("cerebras", "llama-3.3-70b")


def test_a_name_in_front_of_the_model_wins_and_is_taken_off() -> None:
    assert target([OPENAI, GROQ], "openai", "groq/qwen/qwen3-32b") == ("groq", "qwen/qwen3-32b")


def test_a_slash_that_names_no_provider_belongs_to_the_model() -> None:
    assert target([OPENAI, GROQ], "openai", "qwen/qwen3-32b") == ("groq", "qwen/qwen3-32b")
    assert target([OPENAI], "openai", "/x") == ("openai", "/x")
    assert target([OPENAI], "openai", "openai/") == ("openai", "openai/")


def test_callers_that_keep_the_name_are_not_routed_by_it() -> None:
    assert target([OPENAI, GROQ], "openai", "groq/x", by_name=False) == ("openai", "groq/x")


def test_a_disabled_provider_serves_nothing() -> None:
    off = replace(GROQ, enabled=False)
    assert target([off], "openai", "groq/llama-3") is None
    assert target([off], "openai", "llama-3") is None
    assert target([replace(OPENAI, enabled=False), provider("second", "openai")], "openai", "x") == ("second", "x")


def test_without_a_provider_of_the_family_there_is_none() -> None:
    assert target([ANTHROPIC], "openai", "gpt-5") is None
    assert target([], "openai", "gpt-5") is None


def test_a_request_without_a_model_goes_to_the_family() -> None:
    assert target([provider("all", models=("*",)), OPENAI], "openai", "") == ("openai", "")


def test_known_kinds_bring_their_address() -> None:
    assert checked(ProviderTerms("groq")).base_url == "https://api.groq.com/openai"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com"),
        ("https://api.openai.com/v1/", "https://api.openai.com"),
        ("http://vllm.internal:8000/", "http://vllm.internal:8000"),
        ("https://host/proxy", "https://host/proxy"),
    ],
)
def test_a_base_url_is_what_precedes_the_version(given: str, kept: str) -> None:
    assert checked(ProviderTerms("own", given)).base_url == kept


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.openai.com",
        "ftp://host",
        "https://",
        "https://host:99999",
        "https://host:x",
        "https://[broken",
        "https://host/a b",
        "https://host\r\nX: y",
        "https://hôst",
        "https://host?key=canary",
        "https://user:canary@host",
        "https://host#canary",
        "https://host/" + "a" * 2000,
    ],
)
def test_an_address_that_cannot_be_relayed_to_is_refused_without_repeating_a_password(url: str) -> None:
    with pytest.raises(InvalidInput, match="base_url") as caught:
        checked(ProviderTerms("own", url))
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (ProviderTerms("Open AI", "https://host"), "kind"),
        (ProviderTerms("own", "https://host", ("",)), "model"),
        (ProviderTerms("own", "https://host", ("a" * 201,)), "model"),
        (ProviderTerms("own", "https://host", ("a",) * 101), "model"),
        (ProviderTerms("own", "https://host", priority=-1), "priority"),
        (ProviderTerms("own", "https://host", connect_seconds=0), "connect_seconds"),
        (ProviderTerms("own", "https://host", first_byte_seconds=10**6), "first_byte_seconds"),
        (ProviderTerms("own", "https://host", idle_seconds=-5), "idle_seconds"),
    ],
)
def test_terms_out_of_bounds_name_their_field(terms: ProviderTerms, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        checked(terms)
    assert caught.value.field == field

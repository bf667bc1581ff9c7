"""Prices and providers: what a model costs, and where requests are relayed to."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import Field
from sqlalchemy import Connection

from bursar.api import pages
from bursar.api.calls import Call, Called
from bursar.api.limits import MAX_DATE_CHARS, MAX_LIST_ITEMS, MAX_TEXT_CHARS
from bursar.api.pages import DEFAULT_LIMIT, After, Limit
from bursar.api.routes import Resource
from bursar.api.shapes import Document, Instant, Line, Page, Sent, When, instant, said
from bursar.errors import InvalidInput, NotFound
from bursar.office import access
from bursar.office.catalogue import price_history, provider_changes, providers
from bursar.office.database import reading

PRICES = Resource("Prices and providers", "What a model costs, and where requests are relayed to; never a credential.")
COST = access.action("cost.read")


class Rate(Document):
    """What a million tokens cost, USD."""

    provider: str = said("The price book's name of the provider.", "anthropic")
    model: str = said("The model.", "claude-sonnet-4-5")
    what: str = said("input, output, cache read ...", "input")
    list_price: str = said("At list price.", "$3.00")
    cost: str | None = said("What the organisation pays; null without the right `cost.read`.", "$2.40")
    note: str = said("Tier, or whose rate it is.", "")


class Rates(Document):
    """Prices in force at an instant."""

    at: Instant = said("The instant.", "2026-11-20T09:00:00Z")
    version: str = said("Of the price book; a charge names the one it was made with.", "9f2c")
    items: list[Rate] = Field(description="At most 50 models.")


class NewRate(Sent):
    """A contract rate, or the price of an own model. Say a discount, or rates."""

    provider: Line = said("The price book's provider, or the name of one's own.", "anthropic", min_length=1)
    model: Line = said("Model, shell pattern.", "claude-*", min_length=1)
    discount: Line = said("What is paid less than list.", "12.5%", "")
    input_rate: Line = said("Own list price of a million input tokens.", None, "")
    output_rate: Line = said("Own list price of a million output tokens.", None, "")
    cost_input: Line = said("What a million input tokens cost.", None, "")
    cost_output: Line = said("What a million output tokens cost.", None, "")
    starts: When = said("In force from; without it, now.", "2027-01-01", "")
    ends: When = said("In force until, exclusive.", None, "")
    note: Line = said("Contract, source.", "contract 2027", "")


class PriceVersion(Document):
    """A version of the price book."""

    version: str = said("Its name.", "9f2c")
    created: Instant = said("When it was made.", "2026-11-20T09:00:00Z")
    source: str = said("Where its list prices are from.", "genai-prices 0.0.9")
    in_force: bool = said("Whether it is the one in force.", True)
    list_changed: bool = said("Whether the list prices are others than before.", False)
    added: list[dict[str, Any]] | None = Field(description="Rates that were laid over; null without `cost.read`.")


class Overlay(Document):
    """A rate that was set."""

    version: str = said("Of the price book from now on.", "9f2c")
    sentence: str = said("In words.", "anthropic claude-* costs you 12.5% less than list.")
    overlay: dict[str, Any] = Field(description="As the price book holds it.", examples=[{"kind": "discount"}])


class Provider(Document):
    """Where requests are relayed to."""

    name: str = said("Its name.", "anthropic")
    kind: str = said("The price book's name of it.", "anthropic")
    base_url: str = said("What precedes /v1/...", "https://api.anthropic.com")
    models: list[str] = Field(description="Patterns of models that are routed here.", examples=[["claude-*"]])
    secret: str = said("encrypted or none; it is never shown.", "encrypted")
    state: str = said("enabled or disabled.", "enabled")


class ProviderTerms(Sent):
    """How a provider is reached."""

    kind: Line = said("The price book's name of it; without it, its own name.", "anthropic", "")
    base_url: Annotated[str, Field(max_length=providers.MAX_URL_CHARS)] = said(
        "What precedes /v1/...; without it, the public address of a known kind.", "https://api.anthropic.com", ""
    )
    secret: Annotated[str, Field(max_length=providers.MAX_SECRET_CHARS)] = said(
        "Its credential, sealed at once and never shown; without it, the one that is there stays.", None, ""
    )
    models: list[Line] = Field(
        default_factory=list,
        description="Patterns of models that are routed here.",
        examples=[["claude-*"]],
        max_length=MAX_LIST_ITEMS,
    )


@PRICES.get("/prices", "listPrices", "What a model costs", action="price.read", whose="house")
def list_prices(
    call: Called,
    model: Annotated[
        str, Query(description="A model, or a part of its name.", min_length=1, max_length=MAX_TEXT_CHARS)
    ],
    provider: Annotated[str, Query(description="Only at this provider.", max_length=MAX_TEXT_CHARS)] = "",
    at: Annotated[str, Query(description="As it was then.", max_length=MAX_DATE_CHARS)] = "",
) -> Rates:
    """For a million tokens, at list price; at cost for who may see contracts."""
    with call.desk() as desk:
        found = desk.price_show(model, provider=provider, at=at)
    costs = call.may(COST)
    return Rates(
        at=found["at"],
        version=found["version"],
        items=[
            Rate(
                provider=one["provider"],
                model=one["model"],
                what=one["what"],
                list_price=one["list"],
                cost=one["cost"] if costs else None,
                note=one["note"],
            )
            for one in found["rows"]
        ],
    )


@PRICES.post("/prices", "setPrice", "Set a rate", action="price.change", whose="house")
def set_price(call: Called, body: NewRate) -> Overlay:
    """A contract rate, or the price of an own model. Every version of the price book is kept."""
    given = body.model_dump(exclude={"provider", "model"})
    with call.desk() as desk:
        found = desk.price_set(body.provider, body.model, **given)
    return Overlay(version=found["version"], sentence=found["sentence"], overlay=found["overlay"])


@PRICES.get("/providers", "listProviders", "Providers", action="provider.read", whose="house")
def list_providers(call: Called) -> Page[Provider]:
    """In the order in which they are asked; never a credential."""
    with call.desk() as desk:
        return Page[Provider](items=[Provider(**one) for one in desk.providers()])


@PRICES.get("/providers/{provider}", "getProvider", "A provider", action="provider.read", whose="house")
def get_provider(call: Called, provider: Annotated[str, Path(description="Its name.", max_length=63)]) -> Provider:
    """Never its credential."""
    with reading(call.desks.engine) as connection:
        return current(call, connection)


def current(call: Call, connection: Connection) -> Provider:
    name = call.request.path_params["provider"]
    for one in providers.listed(connection):
        if one.name == name:
            return Provider(
                name=one.name,
                kind=one.terms.kind,
                base_url=one.terms.base_url,
                models=list(one.terms.models),
                secret="encrypted" if one.has_secret else "none",
                state="enabled" if one.enabled else "disabled",
            )
    raise NotFound(f"there is no provider {name[:63]!r}")


@PRICES.put(
    "/providers/{provider}",
    "putProvider",
    "Add or change a provider",
    action="provider.manage",
    whose="house",
    current=current,
)
def put_provider(
    call: Called, provider: Annotated[str, Path(description="Its name.", max_length=63)], body: ProviderTerms
) -> Provider:
    """Gateways see it within a second."""
    if not body.secret.isprintable() or not body.base_url.isprintable():
        raise InvalidInput(
            "base_url" if body.secret.isprintable() else "secret", "a value that is not shown", "printable text"
        )
    with call.desk() as desk:
        found = desk.add_provider(
            provider, kind=body.kind, base_url=body.base_url, secret=body.secret, models=tuple(body.models)
        )
        return next(Provider(**one) for one in desk.providers() if one["name"] == found["name"])


@PRICES.post(
    "/providers/{provider}/enable", "enableProvider", "Let it be asked", action="provider.manage", whose="house"
)
def enable_provider(call: Called, provider: Annotated[str, Path(description="Its name.", max_length=63)]) -> Provider:
    """Gateways see it within a second."""
    return _enabled(call, provider, enabled=True)


@PRICES.post(
    "/providers/{provider}/disable", "disableProvider", "Ask it no more", action="provider.manage", whose="house"
)
def disable_provider(call: Called, provider: Annotated[str, Path(description="Its name.", max_length=63)]) -> Provider:
    """Gateways see it within a second; its requests in flight go on."""
    return _enabled(call, provider, enabled=False)


@PRICES.delete("/providers/{provider}", "removeProvider", "Remove a provider", action="provider.manage", whose="house")
def remove_provider(call: Called, provider: Annotated[str, Path(description="Its name.", max_length=63)]) -> None:
    """With its credential; what was charged there stays in the books."""
    with call.desk() as desk:
        provider_changes.remove(desk, provider)


@PRICES.get(
    "/prices/versions", "listPriceVersions", "Every version of the price book", action="price.read", whose="house"
)
def list_price_versions(call: Called, after: After = "", limit: Limit = DEFAULT_LIMIT) -> Page[PriceVersion]:
    """The newest first; a charge names the one that it was made with. Contract rates need the right `cost.read`."""
    with reading(call.desks.engine) as connection:
        found = price_history.versions(connection)
    page, following = pages.before(found, after, limit, lambda one: (one.created, one.version))
    costs = call.may(COST)
    items = [
        PriceVersion(
            version=one.version,
            created=instant(one.created),
            source=one.source,
            in_force=one.in_force,
            list_changed=one.snapshot_changed,
            added=[dict(laid) for laid in one.added] if costs else None,
        )
        for one in page
    ]
    return Page[PriceVersion](items=items, next=following)


def _enabled(call: Call, provider: str, *, enabled: bool) -> Provider:
    with call.desk() as desk:
        provider_changes.set_enabled(desk, provider, enabled=enabled)
    with reading(call.desks.engine) as connection:
        return current(call, connection)

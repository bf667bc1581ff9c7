"""Providers: where do requests go?"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form, Path
from starlette.responses import Response

from bursar.console.platform.area import AREA
from bursar.console.visit import Visit
from bursar.errors import BursarError, InvalidInput
from bursar.office import months
from bursar.office.access import action, reach
from bursar.office.catalogue import provider_changes, providers
from bursar.office.catalogue.providers import KNOWN_BASE_URLS, Provider, ProviderTerms
from bursar.office.database import reading
from bursar.office.figures import house_spending

READ = action("provider.read")
MANAGE = action("provider.manage")
SPEND = action("spend.read")
PATH = "/platform/providers"
DEFAULTS = ProviderTerms("openai")
NUMBERS = ("priority", "connect_seconds", "first_byte_seconds", "idle_seconds")

Name = Annotated[str, Path(max_length=80)]
Text = Annotated[str, Form(max_length=5_000)]
Secret = Annotated[str, Form(max_length=10_000)]
Number = Annotated[str, Form(max_length=20)]


@AREA.page(PATH, name="Providers", question="Where do requests go?", action="provider.read", whose="house")
def page(visit: Visit, done: str = "") -> Response:
    visit.require(READ)
    with reading(visit.caller.desks.engine) as connection:
        found = providers.listed(connection)
    spent: dict[str, house_spending.Sums] = {}
    if "organisation" in reach(visit.actor, SPEND):
        with visit.desk() as desk:
            month = house_spending.spend(desk, "provider", *months.days_of(months.month_of(visit.now))).value
        spent = {one.key: one.sums for one in month.groups}
    return visit.show(
        "platform/providers.html",
        providers=found,
        spent=spent,
        may_change=_may_change(visit),
        done=done,
        path=PATH,
    )


@AREA.page(
    f"{PATH}/add",
    name="Add a provider",
    question="Where shall requests go?",
    action="provider.manage",
    whose="house",
    in_menu=False,
)
def adding(visit: Visit) -> Response:
    visit.require(MANAGE)
    return visit.show("platform/provider.html", **_form(None, _values(DEFAULTS)))


@AREA.form(
    f"{PATH}/add", action="provider.manage", whose="house", name="Add a provider", question="Where shall requests go?"
)
def add(
    visit: Visit,
    name: Text = "",
    kind: Text = "",
    base_url: Text = "",
    models: Text = "",
    secret: Secret = "",
    priority: Number = "100",
    connect_seconds: Number = "5",
    first_byte_seconds: Number = "600",
    idle_seconds: Number = "120",
) -> Response:
    """Add a provider with its credential, which is never shown again."""
    visit.require(MANAGE)
    values = {
        "name": name.strip().lower(),
        "kind": kind.strip().lower(),
        "base_url": base_url.strip(),
        "models": models,
        "priority": priority,
        "connect_seconds": connect_seconds,
        "first_byte_seconds": first_byte_seconds,
        "idle_seconds": idle_seconds,
    }
    try:
        with visit.desk() as desk:
            provider_changes.add(desk, values["name"], _terms(values), secret.strip())
    except BursarError as error:
        return visit.show_faults("platform/provider.html", error, **_form(None, values))
    return visit.done(PATH, "added")


@AREA.page(
    PATH + "/{name}",
    name="Provider",
    question="How is it reached, and what goes there?",
    action="provider.read",
    whose="house",
    in_menu=False,
)
def one(visit: Visit, name: Name, done: str = "") -> Response:
    visit.require(READ)
    with reading(visit.caller.desks.engine) as connection:
        found = providers.named(connection, name)
    return visit.show(
        "platform/provider.html", **_form(found, _values(found.terms), may_change=_may_change(visit), done=done)
    )


@AREA.form(
    PATH + "/{name}",
    action="provider.manage",
    whose="house",
    name="Provider",
    question="How is it reached, and what goes there?",
)
def change(
    visit: Visit,
    name: Name,
    kind: Text = "",
    base_url: Text = "",
    models: Text = "",
    secret: Secret = "",
    priority: Number = "",
    connect_seconds: Number = "",
    first_byte_seconds: Number = "",
    idle_seconds: Number = "",
) -> Response:
    """Change how a provider is reached; an empty credential keeps the one that it has."""
    visit.require(MANAGE)
    with reading(visit.caller.desks.engine) as connection:
        found = providers.named(connection, name)
    values = {
        "name": name,
        "kind": kind.strip().lower(),
        "base_url": base_url.strip(),
        "models": models,
        "priority": priority,
        "connect_seconds": connect_seconds,
        "first_byte_seconds": first_byte_seconds,
        "idle_seconds": idle_seconds,
    }
    try:
        with visit.desk() as desk:
            provider_changes.change(desk, name, _terms(values), secret.strip())
    except BursarError as error:
        return visit.show_faults("platform/provider.html", error, **_form(found, values))
    return visit.done(f"{PATH}/{name}", "changed")


@AREA.form(PATH + "/{name}/state", action="provider.manage", whose="house")
def state(visit: Visit, name: Name, enabled: Annotated[str, Form(max_length=5)] = "") -> Response:
    """Stop relaying to a provider, or begin again."""
    visit.require(MANAGE)
    if enabled not in ("yes", "no"):
        raise InvalidInput("enabled", repr(enabled), "yes or no")
    with visit.desk() as desk:
        provider_changes.set_enabled(desk, name, enabled=enabled == "yes")
    return visit.done(f"{PATH}/{name}", "enabled" if enabled == "yes" else "disabled")


@AREA.page(
    PATH + "/{name}/remove",
    name="Remove a provider",
    question="Really?",
    action="provider.manage",
    whose="house",
    in_menu=False,
)
def removing(visit: Visit, name: Name) -> Response:
    visit.require(MANAGE)
    with reading(visit.caller.desks.engine) as connection:
        found = providers.named(connection, name)
    return visit.show("platform/provider_remove.html", provider=found, path=PATH)


@AREA.form(PATH + "/{name}/remove", action="provider.manage", whose="house")
def remove(visit: Visit, name: Name) -> Response:
    """Forget a provider and its credential."""
    visit.require(MANAGE)
    with visit.desk() as desk:
        provider_changes.remove(desk, name)
    return visit.done(PATH, "removed")


def _may_change(visit: Visit) -> bool:
    return "organisation" in reach(visit.actor, MANAGE)


def _values(terms: ProviderTerms) -> dict[str, str]:
    return {
        "name": "",
        "kind": terms.kind,
        "base_url": terms.base_url,
        "models": "\n".join(terms.models),
        **{name: str(getattr(terms, name)) for name in NUMBERS},
    }


def _terms(values: dict[str, str]) -> ProviderTerms:
    numbers: dict[str, Any] = {}
    for name in NUMBERS:
        text = values[name].strip() or str(getattr(DEFAULTS, name))
        if not text.isascii() or not text.isdecimal() or len(text) > 9:
            raise InvalidInput(name, repr(text[:20]), "a whole number")
        numbers[name] = int(text)
    patterns = tuple(dict.fromkeys(values["models"].replace(",", " ").split()))
    return ProviderTerms(values["kind"], values["base_url"], patterns, **numbers)


def _form(found: Provider | None, values: dict[str, str], *, may_change: bool = True, done: str = "") -> dict[str, Any]:
    return {
        "provider": found,
        "values": values,
        "kinds": sorted(KNOWN_BASE_URLS),
        "may_change": may_change,
        "done": done,
        "path": PATH,
    }

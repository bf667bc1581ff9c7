"""The settings in force, as they can be shown: what each is for, where its value comes from, and never a secret."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, SecretStr

from bursar.office.settings import FILE_NAME, Settings
from bursar.office.telling import channels

Source = Literal["environment", "file", "default"]
HIDDEN = frozenset({"master_key", "database_url"})
"""Held to be secret as a whole: a URL may hold a password."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting; `value` is words where it may not be shown."""

    name: str
    variable: str
    value: str
    default: str
    source: Source
    what: str
    secret: bool


def listed(settings: Settings, environment: Mapping[str, str]) -> list[Shown]:
    """Every setting by name, those of sections last."""
    in_file = _in_file(settings)
    found: list[Shown] = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            there = in_file.get(name, {})
            for part, inner in type(value).model_fields.items():
                secret = name == "notify" and part not in channels.SHOWN
                found.append(_shown(f"{name}.{part}", getattr(value, part), inner, environment, part in there, secret))
            continue
        found.append(_shown(name, value, field, environment, name in in_file, name in HIDDEN))
    return sorted(found, key=lambda one: ("." in one.name, one.name))


def _shown(name: str, value: Any, field: Any, environment: Mapping[str, str], in_file: bool, secret: bool) -> Shown:
    variable = f"BURSAR_{name.replace('.', '_').upper()}"
    source: Source = "environment" if environment.get(variable) else "file" if in_file else "default"
    default = field.get_default(call_default_factory=True)
    return Shown(
        name,
        variable,
        _said(value, secret),
        "" if secret else _said(default, secret),
        source,
        field.description or "",
        secret,
    )


def _said(value: Any, secret: bool) -> str:
    if secret or isinstance(value, SecretStr):
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")
        return "set" if text else "not set"
    return "" if value is None else str(value)


def _in_file(settings: Settings) -> dict[str, Any]:
    """What the installation's file names; it was checked when the settings were read."""
    try:
        return tomllib.loads((settings.home / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}

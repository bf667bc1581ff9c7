"""What can be set from outside; every limit has a name, a unit and a sentence here.

An environment variable (`BURSAR_PORT=9000`) wins over the file `bursar.toml` in the installation's own folder, which
wins over the defaults. The file is looked for there only: a folder that one happens to work in decides nothing.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from bursar.errors import InvalidInput
from bursar.gateway.policy import DEFAULT_POLICY, Policy
from bursar.ledger.separation import ORGANISATION
from bursar.ledger.writer import QUEUE_LIMIT
from bursar.office.identity import oidc_section
from bursar.office.identity.oidc_section import Oidc
from bursar.office.keyring.rates import MAX_PER_MINUTE
from bursar.office.telling import channels
from bursar.office.telling.channels import Notify

FILE_NAME = "bursar.toml"
MAX_FILE_BYTES = 65_536
_PREFIX = "BURSAR_"
MAX_SHOWN_CHARS = 100
_SECRET = frozenset({"master_key", "database_url"})
_SECTIONS: dict[str, tuple[type[BaseModel], Mapping[str, str], frozenset[str]]] = {
    "notify": (Notify, channels.NOT_IN_FILE, frozenset(channels.SHOWN)),
    "oidc": (Oidc, oidc_section.NOT_IN_FILE, oidc_section.SHOWN),
}
"""Sections with their names that the file must not hold, and those whose values an error may show."""
_NOT_IN_FILE = {
    "home": "it is where the file lies: set BURSAR_HOME",
    "master_key": "it would lie in the open beside the database: set BURSAR_MASTER_KEY, or master_key_file",
}


def _default_home() -> Path:
    return Path.home() / ".local" / "share" / "bursar"


class Settings(BaseSettings):
    """Settings of one installation. Raises InvalidInput, naming the field and never repeating a secret."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_nested_delimiter="_",
        env_nested_max_split=1,
        extra="ignore",
        env_ignore_empty=True,
        hide_input_in_errors=True,
        frozen=True,
    )

    home: Path = Field(default_factory=_default_home, description="Folder of the database and the master key.")
    organisation: str = Field(
        default=ORGANISATION,
        pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$",
        description="Whose books this process keeps; several organisations in one database need PostgreSQL.",
    )
    database_url: str = Field(
        default="", repr=False, description="sqlite:///path, a path, or postgresql://...; empty: a file in home."
    )
    master_key_file: Path | None = Field(
        default=None,
        description="File of the master key; without it, home/master.key, or another organisation's home/NAME.master.key.",
    )
    master_key: SecretStr = Field(
        default=SecretStr(""), description="The master key itself (32 bytes in base64), instead of a file."
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="Address that the gateway listens on.")
    port: int = Field(default=8787, ge=0, le=65535, description="Port of the gateway; 0 takes a free one.")
    node: str = Field(
        default="local", pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$", description="Name of this gateway process."
    )
    max_body_bytes: int = Field(
        default=DEFAULT_POLICY.max_body_bytes, ge=1024, le=2**30, description="Largest request body, bytes."
    )
    max_reply_bytes: int = Field(
        default=DEFAULT_POLICY.max_reply_bytes,
        ge=1024,
        le=2**32,
        description="Largest reply that is not streamed, bytes.",
    )
    receipt_seconds: float = Field(
        default=DEFAULT_POLICY.receipt_seconds, gt=0, le=3600, description="A request must have arrived whole by then."
    )
    keepalive_seconds: float = Field(
        default=DEFAULT_POLICY.keepalive_seconds, gt=0, le=3600, description="How long an idle connection is kept."
    )
    max_connections: int = Field(
        default=DEFAULT_POLICY.max_connections, ge=1, le=1_000_000, description="Connections of clients at once."
    )
    queue_limit: int = Field(
        default=QUEUE_LIMIT,
        ge=1,
        le=1_000_000,
        description="Commands that may wait for the ledger; a request beyond them is answered with 429 at once.",
    )
    drain_seconds: float = Field(
        default=DEFAULT_POLICY.drain_seconds,
        ge=0,
        le=86_400,
        description="At shutdown, how long requests in flight may go on before they are stopped and settled.",
    )
    quiet_seconds: float = Field(
        default=DEFAULT_POLICY.quiet_seconds,
        ge=0,
        le=3600,
        description="At shutdown, how long connections without a request are kept when nothing runs any more.",
    )
    unready_seconds: float = Field(
        default=DEFAULT_POLICY.unready_seconds,
        ge=0,
        le=3600,
        description="At shutdown, how long /readyz says no before the gateway stops accepting.",
    )
    hold_seconds: int = Field(
        default=DEFAULT_POLICY.hold_seconds,
        ge=1,
        le=7 * 86_400,
        description="Time limit of a hold; longer than any request may take.",
    )
    request_seconds: float = Field(
        default=DEFAULT_POLICY.request_seconds,
        gt=0,
        le=86_400,
        description="A request that is not over by then is stopped and settled.",
    )
    floor_output_tokens: int = Field(
        default=DEFAULT_POLICY.floor_output_tokens,
        ge=1,
        le=1_000_000,
        description="A request is admitted if it can afford at least this much output, tokens.",
    )
    share_divisor: int = Field(
        default=DEFAULT_POLICY.share_divisor,
        ge=1,
        le=1000,
        description="One request may hold at most 1/n of what is free, where its worst case would need more.",
    )
    unbounded_input_tokens: int = Field(
        default=DEFAULT_POLICY.unbounded_input_tokens,
        ge=0,
        le=10_000_000,
        description="Allowance for input that only the provider knows (its tools, stored conversations), tokens.",
    )
    unknown_model: str = Field(
        default=DEFAULT_POLICY.unknown_model,
        pattern="^(refuse|ceiling)$",
        description="A model without a price: refuse it, or price it at its provider's dearest rates (ceiling).",
    )
    hang_up: str = Field(
        default=DEFAULT_POLICY.hang_up,
        pattern="^(drain|stop)$",
        description="When a client hangs up: drain the reply for its real usage, or stop it and settle an estimate.",
    )
    hang_up_bytes: int = Field(
        default=DEFAULT_POLICY.hang_up_bytes, ge=0, le=2**30, description="Most that is drained after a hang-up, bytes."
    )
    hang_up_seconds: float = Field(
        default=DEFAULT_POLICY.hang_up_seconds, ge=0, le=3600, description="Longest draining after a hang-up."
    )
    client_seconds: float = Field(
        default=DEFAULT_POLICY.client_seconds,
        gt=0,
        le=3600,
        description="Longest wait for a client that reads nothing.",
    )
    on_lapse: str = Field(
        default=DEFAULT_POLICY.on_lapse,
        pattern="^(unresolved|released)$",
        description="A hold that nobody settles becomes a visible unresolved charge, or is released.",
    )
    person_requests_per_minute: int = Field(
        default=0, ge=0, le=MAX_PER_MINUTE, description="Requests of a person per minute, over all keys; 0: no limit."
    )
    person_tokens_per_minute: int = Field(
        default=0, ge=0, le=MAX_PER_MINUTE, description="Tokens of a person per minute, over all keys; 0: no limit."
    )
    ask_at: str = Field(
        default="", max_length=500, description="Where people ask for more: a sentence or a link, in every refusal."
    )
    unusual_factor: int = Field(
        default=20,
        ge=0,
        le=100_000,
        description="A key that costs so many times its usual minute is told of within a minute; 0: never.",
    )
    console_host: str = Field(default="127.0.0.1", min_length=1, description="Address that the console listens on.")
    console_port: int = Field(default=8788, ge=0, le=65535, description="Port of the console; 0 takes a free one.")
    console_proxies: str = Field(
        default="127.0.0.1,::1",
        max_length=1000,
        description="Addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, comma-separated.",
    )
    gateway_url: str = Field(
        default="",
        max_length=500,
        pattern=r"^(https?://[^\s/?#@]+/?)?$",
        description="Where clients reach the gateway, as the console shows it; empty: http://host:port.",
    )
    public_url: Annotated[str, AfterValidator(channels.checked_url)] = Field(
        default="",
        max_length=500,
        description="Where people open the console, in links; https, or http on this machine.",
    )
    offers_public: bool = Field(
        default=False, description="Whether visitors may evaluate offers without signing in; nothing of it is stored."
    )
    oidc: Oidc = Field(default_factory=Oidc, description="Signing in by an identity provider: the section [oidc].")
    notify: Notify = Field(default_factory=Notify, description="Where notices go: the section [notify].")

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise _in_words(error) from None
        except SettingsError as error:
            name = next((one for one in _SECTIONS if f'"{one}"' in str(error)), "notify").upper()
            expected = f"BURSAR_{name}_... one by one, and JSON where there is more than one value"
            raise InvalidInput(f"BURSAR_{name}", "a value that is not shown", expected) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in code, then the environment, then the installation's file."""
        given = {**env_settings(), **init_settings()}
        return init_settings, env_settings, _File(settings_cls, Path(given.get("home") or _default_home()) / FILE_NAME)

    @property
    def url(self) -> str:
        """The database URL in force."""
        if self.database_url and "://" not in self.database_url:
            return f"sqlite:///{self.database_url}"
        return self.database_url or f"sqlite:///{self.home / 'bursar.db'}"

    @property
    def key_file(self) -> Path:
        """Where the master key lies that is not given itself: each organisation has its own."""
        if self.master_key_file is not None:
            return self.master_key_file
        return self.home / ("master.key" if self.organisation == ORGANISATION else f"{self.organisation}.master.key")

    @property
    def console_url(self) -> str:
        """What links begin with, without a slash at the end."""
        return (self.public_url or f"http://{self.console_host}:{self.console_port}").rstrip("/")

    def policy(self) -> Policy:
        """The gateway's limits and choices."""
        return Policy(
            max_body_bytes=self.max_body_bytes,
            receipt_seconds=self.receipt_seconds,
            keepalive_seconds=self.keepalive_seconds,
            max_connections=self.max_connections,
            max_reply_bytes=self.max_reply_bytes,
            drain_seconds=self.drain_seconds,
            quiet_seconds=self.quiet_seconds,
            unready_seconds=self.unready_seconds,
            hold_seconds=self.hold_seconds,
            request_seconds=self.request_seconds,
            floor_output_tokens=self.floor_output_tokens,
            share_divisor=self.share_divisor,
            unbounded_input_tokens=self.unbounded_input_tokens,
            unknown_model=self.unknown_model,
            hang_up=self.hang_up,
            hang_up_bytes=self.hang_up_bytes,
            hang_up_seconds=self.hang_up_seconds,
            client_seconds=self.client_seconds,
            on_lapse=self.on_lapse,
            person_requests_per_minute=self.person_requests_per_minute,
            person_tokens_per_minute=self.person_tokens_per_minute,
            ask_at=self.ask_at,
        )


class _File(PydanticBaseSettingsSource):
    """The settings of a file; an unknown name in it is an error, since a typo would silently set nothing."""

    def __init__(self, settings_cls: type[BaseSettings], path: Path) -> None:
        super().__init__(settings_cls)
        self._path = path

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        try:
            if self._path.stat().st_size > MAX_FILE_BYTES:
                raise InvalidInput(str(self._path), "a larger file", f"at most {MAX_FILE_BYTES} bytes")
            found = tomllib.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InvalidInput(str(self._path), str(error), "a TOML file") from error
        known = self.settings_cls.model_fields.keys()
        for name in found:
            if name in _NOT_IN_FILE:
                raise InvalidInput(
                    f"{self._path}: {name}", "it in the file", "nothing of that name", _NOT_IN_FILE[name]
                )
            if name not in known:
                raise InvalidInput(f"{self._path}: {name}", "an unknown setting", f"one of {', '.join(sorted(known))}")
        for named, (_, refused, _) in _SECTIONS.items():
            given = found.get(named, {})
            for name, why in refused.items():
                if isinstance(given, dict) and name in given:
                    raise InvalidInput(f"{self._path}: {named}.{name}", "it in the file", "nothing of that name", why)
        return found


def _in_words(error: ValidationError) -> InvalidInput:
    first = error.errors(include_url=False, include_context=False)[0]
    path = [str(one) for one in first["loc"]] or ["settings"]
    expected = (
        first["msg"].removeprefix("Value error, ").removeprefix("Input should be ").removeprefix("String should ")
    )
    section = _SECTIONS.get(path[0])
    if len(path) == 1 and section and first["type"] == "value_error":
        # What does not fit together there begins with the name of what is wanted.
        name, _, expected = expected.partition(": ")
        path.append(name)
        found = "what does not go with the rest"
    elif path[0] in _SECRET or (section and path[-1] not in section[2]):
        found = "a value that is not shown"
    else:
        found = repr(first["input"])[:MAX_SHOWN_CHARS]
    if first["type"] == "extra_forbidden" and section:
        expected = f"one of {', '.join(section[0].model_fields)}"
    variable = f"{_PREFIX}{'_'.join(path).upper()}"
    return InvalidInput(variable if variable in os.environ else ".".join(path), found, expected)

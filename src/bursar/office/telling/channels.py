"""Which channels carry notices: the section `[notify]` of the settings, and the channels that it makes.

A channel exists once its address is set. Secrets come from the environment or from a file that its owner alone may
read, never from bursar.toml, and are read anew for each round, so they can be exchanged while a gateway runs.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from bursar.errors import Conflict, InvalidInput
from bursar.exchange.notify import Channel, Mail, Slack, Webhook
from bursar.exchange.notify.mail import Security

MAX_SECRET_BYTES = 4_096
MIN_SIGNING_BYTES = 16
_ADDRESS = r"^([^@\s<>]+@[^@\s<>]+)?$"
NOT_IN_FILE: Mapping[str, str] = {
    name: f"it would lie in the open: set BURSAR_NOTIFY_{name.upper()}, or {name}_file"
    for name in ("smtp_password", "webhook_secret", "slack_url")
}
"""Names of `[notify]` that bursar.toml must not hold, and what to do instead."""


class Notify(BaseModel):
    """Where notices go."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    smtp_host: str = Field(default="", max_length=255, description="Mail server; empty: no e-mail.")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    smtp_security: Security = Field(
        default="starttls", description="starttls (and nothing without it), tls from the start, or plain."
    )
    smtp_user: str = Field(default="", max_length=255, description="User name there; empty: no log-in.")
    smtp_password: SecretStr = Field(default=SecretStr(""), description="Password there, from the environment.")
    smtp_password_file: Path | None = Field(default=None, description="File of that password, mode 600.")
    smtp_ca_file: Path | None = Field(
        default=None, description="Certificates to trust for the mail server, PEM; without it, the system's."
    )
    smtp_from: str = Field(default="", max_length=255, pattern=_ADDRESS, description="Sender's address of e-mails.")
    webhook_url: SecretStr = Field(
        default=SecretStr(""), description="Address for signed JSON, which may carry a token; empty: no webhook."
    )
    webhook_secret: SecretStr = Field(
        default=SecretStr(""), description="Signing secret (whsec_... in base64), from the environment."
    )
    webhook_secret_file: Path | None = Field(default=None, description="File of that secret, mode 600.")
    slack_url: SecretStr = Field(
        default=SecretStr(""), description="Slack's incoming webhook, from the environment; empty: no Slack."
    )
    slack_url_file: Path | None = Field(default=None, description="File of that address, mode 600.")
    timeout_seconds: float = Field(
        default=10.0, ge=0.1, le=60, description="A channel that has not answered by then has failed this time."
    )

    @field_validator("webhook_url", "slack_url")
    @classmethod
    def _is_safe_address(cls, url: SecretStr) -> SecretStr:
        checked_url(url.get_secret_value())
        return url

    @field_validator("webhook_secret")
    @classmethod
    def _is_signing_secret(cls, secret: SecretStr) -> SecretStr:
        checked_signing_secret(secret.get_secret_value())
        return secret

    @model_validator(mode="after")
    def _fits_together(self) -> Notify:
        if self.smtp_host and not self.smtp_from:
            raise ValueError("smtp_from: the address that e-mails come from, since smtp_host is set")
        if self.smtp_user and self.smtp_security == "plain" and not _is_here(self.smtp_host):
            raise ValueError("smtp_security: starttls or tls, since the password of a log-in would travel in the open")
        if self.webhook_url.get_secret_value() and not (
            self.webhook_secret.get_secret_value() or self.webhook_secret_file
        ):
            raise ValueError("webhook_secret: the secret that signs (or webhook_secret_file), since webhook_url is set")
        return self


SHOWN = frozenset(Notify.model_fields) - {*NOT_IN_FILE, "webhook_url"}
"""Names whose values may be repeated in an error; an address may carry a token."""


def channels(notify: Notify) -> list[Channel]:
    """The channels that are set. Raises InvalidInput or Conflict, naming the file, if a secret cannot be read."""
    found: list[Channel] = []
    if notify.smtp_host:
        password = secret_of(notify.smtp_password, notify.smtp_password_file)
        found.append(
            Mail(
                notify.smtp_host,
                notify.smtp_port,
                notify.smtp_from,
                notify.smtp_security,
                notify.smtp_user,
                password,
                notify.smtp_ca_file,
                notify.timeout_seconds,
            )
        )
    if notify.webhook_url.get_secret_value():
        secret = secret_of(notify.webhook_secret, notify.webhook_secret_file)
        _checked_in(notify.webhook_secret_file, checked_signing_secret, secret)
        found.append(Webhook(notify.webhook_url, secret, notify.timeout_seconds))
    if notify.slack_url.get_secret_value() or notify.slack_url_file:
        url = secret_of(notify.slack_url, notify.slack_url_file)
        _checked_in(notify.slack_url_file, checked_url, url)
        found.append(Slack(url, notify.timeout_seconds))
    return found


def checked_url(url: str) -> str:
    """An address to post to: https, or http on this machine alone. Raises ValueError without repeating it."""
    if not url:
        return url
    expected = "https://host/path without user, password and fragment; http only for this machine"
    try:
        parts = urlsplit(url)
        here, _ = _is_here(parts.hostname or ""), parts.port
    except ValueError:
        raise ValueError(expected) from None
    safe = parts.scheme == "https" or (parts.scheme == "http" and here)
    if not safe or not parts.hostname or "@" in parts.netloc or parts.fragment or not url.isprintable() or " " in url:
        raise ValueError(expected)
    return url


def checked_signing_secret(text: str) -> str:
    """A secret of Standard Webhooks. Raises ValueError without repeating it."""
    if not text:
        return text
    try:
        key = base64.b64decode(text.removeprefix("whsec_") + "==", validate=False)
    except ValueError:
        key = b""
    if len(key) < MIN_SIGNING_BYTES:
        raise ValueError(f"whsec_ and at least {MIN_SIGNING_BYTES} bytes in base64")
    return text


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def secret_of(given: SecretStr, file: Path | None) -> SecretStr:
    """What the environment gives, else what the file holds."""
    if given.get_secret_value() or file is None:
        return given
    try:
        mode = file.stat().st_mode
        if os.name == "posix" and mode & 0o077:
            raise Conflict(f"the secret {file} can be read by others", f"chmod 600 {file}")
        with file.open(encoding="utf-8") as opened:
            text = opened.read(MAX_SECRET_BYTES).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(str(file), f"a file that cannot be read ({type(error).__name__})", "a secret") from None
    if not text:
        raise InvalidInput(str(file), "nothing", "a secret")
    return SecretStr(text)


def _checked_in(file: Path | None, check: Any, secret: SecretStr) -> None:
    try:
        check(secret.get_secret_value())
    except ValueError as error:
        raise InvalidInput(str(file), "a value that is not shown", str(error)) from None

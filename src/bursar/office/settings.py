"""What can be set from outside, by environment (`BURSAR_...`) or defaults; every limit has a name and a unit here."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from bursar.gateway.policy import Policy


def _default_home() -> Path:
    return Path.home() / ".local" / "share" / "bursar"


class Settings(BaseSettings):
    """Settings of one installation."""

    model_config = SettingsConfigDict(env_prefix="BURSAR_", extra="ignore")

    home: Path = Field(default_factory=_default_home, description="Folder of the database and the master key.")
    database_url: str = Field(default="", description="sqlite:///path or postgresql://...; empty: a file in home.")
    master_key_file: Path | None = Field(
        default=None, description="File of the master key; without it, home/master.key."
    )
    master_key: str = Field(default="", repr=False, description="The master key itself (base64), instead of a file.")
    host: str = Field(default="127.0.0.1", description="Address that the gateway listens on.")
    port: int = Field(default=8787, ge=0, le=65535, description="Port of the gateway; 0 takes a free one.")
    node: str = Field(
        default="local", pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$", description="Name of this gateway process."
    )
    max_body_bytes: int = Field(default=Policy().max_body_bytes, gt=0)
    receipt_seconds: float = Field(default=Policy().receipt_seconds, gt=0)
    max_connections: int = Field(default=Policy().max_connections, gt=0)
    drain_seconds: float = Field(default=Policy().drain_seconds, ge=0)
    hold_seconds: int = Field(default=Policy().hold_seconds, gt=0)
    request_seconds: float = Field(default=Policy().request_seconds, gt=0)
    floor_output_tokens: int = Field(default=Policy().floor_output_tokens, ge=1)
    share_divisor: int = Field(default=Policy().share_divisor, ge=1)
    unbounded_input_tokens: int = Field(default=Policy().unbounded_input_tokens, ge=0)
    unknown_model: str = Field(default=Policy().unknown_model, pattern="^(refuse|ceiling)$")
    hang_up: str = Field(default=Policy().hang_up, pattern="^(drain|stop)$")
    on_lapse: str = Field(default=Policy().on_lapse, pattern="^(unresolved|released)$")
    ask_at: str = Field(default="", description="Where people ask for more; shown in every refusal.")

    @property
    def url(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{self.home / 'bursar.db'}"

    def policy(self) -> Policy:
        """The gateway's limits and choices."""
        return Policy(
            max_body_bytes=self.max_body_bytes,
            receipt_seconds=self.receipt_seconds,
            max_connections=self.max_connections,
            drain_seconds=self.drain_seconds,
            hold_seconds=self.hold_seconds,
            request_seconds=self.request_seconds,
            floor_output_tokens=self.floor_output_tokens,
            share_divisor=self.share_divisor,
            unbounded_input_tokens=self.unbounded_input_tokens,
            unknown_model=self.unknown_model,
            hang_up=self.hang_up,
            on_lapse=self.on_lapse,
            ask_at=self.ask_at,
        )

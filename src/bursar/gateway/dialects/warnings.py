"""Allotment headers on every reply, in the families that clients read; the upstream's own of these are dropped.

Claude Code reads `anthropic-ratelimit-unified-*`, Codex `x-codex-*`; the `x-bursar-*` ones are ours and documented.
"""

from __future__ import annotations

NANO = 1_000_000_000

_WINDOWS = ("5h", "7d", "7d_opus", "7d_sonnet", "overage")
_UNIFIED = (
    "status",
    "reset",
    "representative-claim",
    "fallback",
    "fallback-percentage",
    "overage-disabled-reason",
    *(f"{window}-{what}" for window in _WINDOWS for what in ("status", "reset", "utilization", "surpassed-threshold")),
)
_CODEX = (
    *(
        f"{window}-{what}"
        for window in ("primary", "secondary")
        for what in ("used-percent", "window-minutes", "reset-at", "reset-after-seconds")
    ),
    "primary-over-secondary-limit-percent",
    "plan-type",
    "active-limit",
    "limit-name",
    "credits-balance",
    "credits-has-credits",
    "credits-unlimited",
    "promo-message",
)

STRIPPED_FAMILIES = ("anthropic-ratelimit-unified-", "x-codex-", "x-bursar-")
"""Every upstream header of these families is dropped: they speak of the organisation's account, not of the person's."""
STRIPPED_UPSTREAM = frozenset(
    {
        *(f"anthropic-ratelimit-unified-{name}" for name in _UNIFIED),
        *(f"x-codex-{name}" for name in _CODEX),
        "anthropic-organization-id",
        "openai-organization",
        "openai-project",
    }
)
"""The known names of those families, and names that tell whose account it is, lower case; `is_stripped` knows the rest."""
WARN_PERCENT = 75
MAX_WINDOW_MINUTES = 60 * 24 * 366


def is_stripped(name: str) -> bool:
    """Whether an upstream reply's header (any case) must not reach the client."""
    lower = name.lower()
    return lower in STRIPPED_UPSTREAM or lower.startswith(STRIPPED_FAMILIES)


def allotment_headers(
    dialect: str,
    *,
    used_nanos: int,
    limit_nanos: int,
    balance_nanos: int,
    resets_at: int | None,
    now: int,
    window_minutes: int | None = None,
) -> tuple[tuple[str, str], ...]:
    """Headers that say how much of the open allotment is used. Amounts in nano-USD, instants in Unix seconds.

    `window_minutes` is the length of the allotment's period; where it is not known, the time until it resets stands in.
    """
    used, balance = max(0, used_nanos), max(0, balance_nanos)
    percent = min(100, used * 100 // limit_nanos) if limit_nanos > 0 else 100
    headers = [("x-bursar-balance", f"{balance // NANO}.{balance % NANO:09d}"), ("x-bursar-used-percent", str(percent))]
    if resets_at is not None:
        headers.append(("x-bursar-resets-at", str(resets_at)))
    if dialect.startswith("anthropic"):
        status = "allowed" if percent < WARN_PERCENT else "allowed_warning"
        headers.append(("anthropic-ratelimit-unified-status", status))
        if resets_at is not None:
            headers.append(("anthropic-ratelimit-unified-reset", str(resets_at)))
    elif dialect == "openai.responses":
        headers.append(("x-codex-primary-used-percent", str(percent)))
        headers.append(("x-codex-credits-has-credits", "true" if balance else "false"))
        headers.append(("x-codex-credits-unlimited", "false"))
        headers.append(("x-codex-credits-balance", f"{balance // NANO}.{balance % NANO // 10_000_000:02d}"))
        if resets_at is not None:
            minutes = (resets_at - now) // 60 if window_minutes is None else window_minutes
            headers.append(("x-codex-primary-window-minutes", str(max(1, min(MAX_WINDOW_MINUTES, minutes)))))
            headers.append(("x-codex-primary-reset-at", str(resets_at)))
    return tuple(headers)

"""Allotment headers on every reply, in the families that clients read; the upstream's own of these are dropped.

Claude Code reads `anthropic-ratelimit-unified-*`, Codex `x-codex-*`; the `x-bursar-*` ones are ours and documented.
"""

from __future__ import annotations

NANO = 1_000_000_000

STRIPPED_UPSTREAM = frozenset(
    {
        "anthropic-ratelimit-unified-status",
        "anthropic-ratelimit-unified-reset",
        "anthropic-ratelimit-unified-representative-claim",
        "anthropic-ratelimit-unified-fallback-percentage",
        "anthropic-ratelimit-unified-overage-status",
        "anthropic-ratelimit-unified-5h-status",
        "anthropic-ratelimit-unified-5h-reset",
        "anthropic-ratelimit-unified-5h-utilization",
        "anthropic-ratelimit-unified-7d-status",
        "anthropic-ratelimit-unified-7d-reset",
        "anthropic-ratelimit-unified-7d-utilization",
        "anthropic-organization-id",
        "openai-organization",
        "openai-project",
        "x-codex-primary-used-percent",
        "x-codex-primary-window-minutes",
        "x-codex-primary-reset-at",
        "x-codex-primary-reset-after-seconds",
        "x-codex-secondary-used-percent",
        "x-codex-secondary-window-minutes",
        "x-codex-secondary-reset-at",
        "x-codex-credits-balance",
        "x-codex-credits-has-credits",
        "x-codex-credits-unlimited",
        "x-codex-promo-message",
    }
)
WARN_PERCENT = 75
MAX_WINDOW_MINUTES = 60 * 24 * 366


def allotment_headers(
    dialect: str, *, used_nanos: int, limit_nanos: int, balance_nanos: int, resets_at: int | None, now: int
) -> tuple[tuple[str, str], ...]:
    """Headers that say how much of the open allotment is used. Amounts in nano-USD, instants in Unix seconds."""
    percent = min(100, used_nanos * 100 // limit_nanos) if limit_nanos else 100
    headers = [
        ("x-bursar-balance", f"{balance_nanos // NANO}.{balance_nanos % NANO:09d}"),
        ("x-bursar-used-percent", str(percent)),
    ]
    if resets_at is not None:
        headers.append(("x-bursar-resets-at", str(resets_at)))
    if dialect.startswith("anthropic"):
        status = "allowed" if percent < WARN_PERCENT else "allowed_warning"
        headers.append(("anthropic-ratelimit-unified-status", status))
        if resets_at is not None:
            headers.append(("anthropic-ratelimit-unified-reset", str(resets_at)))
    elif dialect == "openai.responses":
        headers.append(("x-codex-primary-used-percent", str(percent)))
        headers.append(("x-codex-credits-balance", f"{balance_nanos // NANO}.{balance_nanos % NANO // 10_000_000:02d}"))
        if resets_at is not None:
            minutes = max(1, min(MAX_WINDOW_MINUTES, (resets_at - now) // 60))
            headers.append(("x-codex-primary-window-minutes", str(minutes)))
            headers.append(("x-codex-primary-reset-at", str(resets_at)))
    return tuple(headers)

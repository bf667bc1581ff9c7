"""The terms of a plan as a line of an offer: what somebody already has, weighed as if it were offered to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bursar.calendar import Interval
from bursar.money import Amount, format_amount
from bursar.plans.terms import PARTS, Plan, RolloverTerms, Step, Vesting

Document = dict[str, Any]
_NO_CENTS = re.compile(r"\.00(?!\d)")
_USES: Mapping[tuple[str, ...], str] = {("work",): "work", ("personal",): "personal"}


def line_of(plan: Plan, amount: Amount, name: str = "") -> Document:
    """A line with a plan's terms, and one tier's amount. What a plan cannot say is left out, and becomes a question."""
    once = plan.allotment.every is None
    found: Document = {
        "name": name or plan.name,
        "amount": written(amount),
        "every": "once" if once else str(plan.allotment.every),
        "expires": _text(plan.allotment.expires),
        "rollover": "none" if plan.rollover is None else _rollover(plan.rollover),
        "vesting": "none" if plan.vesting is None else _vesting(plan.vesting),
        "use": _USES.get(tuple(plan.scope.purposes), "open"),
        "limit": {"then": [_step(one) for one in plan.at_limit]},
        "changes": "notice" if plan.notice.reduce and plan.notice.revoke else "at_will",
        "leaving": _leaving(plan),
        "taxed": "nothing" if plan.plan_class == "provisioned_tool" else "personal_use",
    }
    if once or found["vesting"] != "none" or plan.allotment.expires != "period":
        del found["rollover"]
    if plan.scope.providers:
        found["providers"] = list(plan.scope.providers)
    if plan.scope.models:
        found["models"] = list(plan.scope.models)
    if found["changes"] == "notice":
        found["notice"] = f"{min(plan.notice.reduce, plan.notice.revoke)} days"
    words = {"expected": "expectations", "seen_by": "visibility", "rate_limits": "rate_limits"}
    return found | {term: plan.statements[name] for term, name in words.items() if plan.statements.get(name)}


def written(amount: Amount) -> str:
    """An amount as documents have it: exact, and read again as the same."""
    return _NO_CENTS.sub("", format_amount(amount, "exact"))


def _text(value: object) -> str:
    return str(value) if isinstance(value, Interval | str) else f"{value}"


def _share(parts: int) -> str:
    return f"{parts * 100 / PARTS:.10g}%"


def _rollover(terms: RolloverTerms) -> Document:
    found: Document = {"share": _share(terms.share), "periods": "unlimited" if terms.periods is None else terms.periods}
    if isinstance(terms.cap, Amount):
        found["cap"] = written(terms.cap)
    elif terms.cap is not None:
        found["cap"] = _share(terms.cap)
    if terms.floor is not None:
        found["floor"] = written(terms.floor)
    return found


def _vesting(terms: Vesting) -> Document:
    found: Document = {"rounding": terms.allocation}
    for name in ("over", "every", "cliff", "deadline"):
        value = getattr(terms, name)
        if value is not None:
            found[name] = _text(value)
    if terms.shares:
        found["shares"] = [_share(one) for one in terms.shares]
    if terms.on_event:
        found["on_event"] = terms.on_event
        found.pop("every", None)
    return found


def _leaving(plan: Plan) -> Document:
    found: Document = {"unspent": plan.leaving.unspent}
    if plan.leaving.tail_days:
        found["tail"] = f"{plan.leaving.tail_days} days"
    if plan.leaving.pay_out:
        found["pay_out"] = _share(plan.leaving.pay_out)
    return found


def _step(step: Step) -> str | Document:
    match step.kind:
        case "stop":
            return "stop"
        case "grace":
            assert step.amount is not None
            return {"grace": written(step.amount)}
        case "top_up" | "own_money":
            assert step.amount is not None
            assert step.up_to is not None
            return {step.kind: {"step": written(step.amount), "up_to": written(step.up_to)}}
        case "request":
            asked: Document = {
                "reason": "required" if step.reason_required else "optional",
                "approvers": list(step.approvers),
                "expires": f"{step.expires_days} days",
            }
            return {"request": asked | ({"up_to": written(step.up_to)} if step.up_to is not None else {})}
        case "pool":
            return {"pool": step.pool}
        case "cheaper_model":
            return {"cheaper_model": dict(step.models)}


def document_of(lines: list[Document], me: Mapping[str, str], currency: str) -> Document:
    """An offer of these lines to somebody of whom `me` is known."""
    found: Document = {"bursar": "offer/1", "name": "my-plan", "title": "My plan at work"}
    if currency != "USD":
        found["currency"] = currency
    found["tokens"] = lines[0] if len(lines) == 1 else lines
    return found | ({"me": dict(me)} if me else {})

"""Claude Code's telemetry over a real socket: whose it is, once however often it is sent, and never twice with the gateway."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("opentelemetry.proto.collector.metrics.v1.metrics_service_pb2")

from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from sqlalchemy import select
from tests.support.api import Served, served, token_of

from bursar.ledger import Charge, LotTerms, Release, Request, Usage, apply_now
from bursar.office.database import reading
from bursar.office.metering import outside
from bursar.office.tables import outside_usage

PATH = "/otlp/v1/metrics"
DAY = 86_400_000_000


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("telemetry")) as found:
        yield found


def export(
    house: Served, session: str, *, temporality: int = 2, started: int = 0, email: str = "ada@example.com", **kinds: int
) -> dict[str, Any]:
    """An export of now: each kind of token with its count."""
    now = house.desk.now() * 1000
    names = {"cache_read": "cacheRead", "cache_write": "cacheCreation"}
    points = []
    for kind, value in kinds.items():
        about = {
            "type": names.get(kind, kind),
            "session.id": session,
            "user.email": email,
            "model": "claude-sonnet-4-5",
        }
        points.append(
            {
                "asInt": str(value),
                "timeUnixNano": str(now),
                "startTimeUnixNano": str(started or now - 60 * 10**9),
                "attributes": [{"key": key, "value": {"stringValue": text}} for key, text in about.items()],
            }
        )
    total = {"aggregationTemporality": temporality, "isMonotonic": True, "dataPoints": points}
    return {
        "resourceMetrics": [
            {"resource": {}, "scopeMetrics": [{"metrics": [{"name": "claude_code.token.usage", "sum": total}]}]}
        ]
    }


def kept(house: Served, session: str) -> dict[str, dict[str, int]]:
    """Tokens by handle."""
    handles = {one["id"]: one["handle"] for one in house.desk.people()}
    with reading(house.desk.engine) as connection:
        rows = connection.execute(select(outside_usage).where(outside_usage.c.session == session)).all()
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        sums = found.setdefault(handles[row.person], {})
        for name, count in json.loads(row.tokens).items():
            sums[name] = sums.get(name, 0) + count
    return found


def send(house: Served, token: str, document: dict[str, Any]) -> Any:
    return house.client.post(f"{house.url}/api/v1{PATH}", json=document, headers={"Authorization": f"Bearer {token}"})


def test_a_persons_key_is_enough_and_a_running_total_counts_once(house: Served) -> None:
    key = house.desk.issue_key("ada")["token"]
    started = (house.desk.now() - 120_000_000) * 1000
    first = export(house, "cumulative", started=started, input=100, cache_read=5_000)
    second = export(house, "cumulative", started=started, input=160, cache_read=9_000)
    for document in (first, first, second, second, first):
        answered = send(house, key, document)
        assert (answered.status_code, answered.json()) == (200, {})
    assert kept(house, "cumulative") == {"ada": {"input": 160, "cache_read": 9_000}}


def test_steps_in_protobuf_with_an_api_token_count_too(house: Served) -> None:
    token = token_of(house.desk, "acc_ada", "usage.observe")
    document = export(house, "delta", temporality=1, output=40, cache_write=7)
    body = json_format.ParseDict(document, ExportMetricsServiceRequest()).SerializeToString()
    for _ in range(2):
        answered = house.client.post(
            f"{house.url}/api/v1{PATH}",
            content=body,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/x-protobuf"},
        )
        assert (answered.status_code, answered.content) == (200, b"")
    assert kept(house, "delta") == {"ada": {"output": 40, "cache_write_5m": 7}}


def test_a_collector_with_the_right_to_record_speaks_for_many_by_address(house: Served) -> None:
    answered = send(house, house.tokens["plat"], export(house, "collector", input=5))
    assert answered.status_code == 200
    assert kept(house, "collector") == {"ada": {"input": 5}}
    stranger = send(house, house.tokens["plat"], export(house, "stranger", email="who@example.com", input=5))
    assert stranger.json()["partialSuccess"]["rejectedDataPoints"] == "1"
    assert "user.email" in stranger.json()["partialSuccess"]["errorMessage"]
    assert kept(house, "stranger") == {}


def test_nobody_speaks_for_another_without_that_right(house: Served) -> None:
    answered = send(house, house.tokens["ada"], export(house, "ben's", email="ben@example.com", input=5))
    assert answered.status_code == 200
    assert kept(house, "ben's") == {"ada": {"input": 5}}, "the credential says whose it is, not the attribute"
    narrow = token_of(house.desk, "acc_ada", "wallet.read")
    assert send(house, narrow, export(house, "narrow", input=5)).status_code == 403
    revoked = house.desk.issue_key("ada")
    house.desk.revoke_key(revoked["id"])
    for token in ("x", "nonsense", revoked["token"], revoked["token"][:-1]):
        assert send(house, token, export(house, "nobody", input=5)).status_code == 401
    assert kept(house, "nobody") == kept(house, "narrow") == {}


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b"{", "application/json"),
        (b"garbage", "application/x-protobuf"),
        (b"[]", "application/json"),
        (b"", "text/html"),
    ],
)
def test_garbage_is_answered_with_400_and_a_reason(house: Served, body: bytes, form: str) -> None:
    answered = house.client.post(
        f"{house.url}/api/v1{PATH}",
        content=body,
        headers={"Authorization": f"Bearer {house.tokens['ada']}", "Content-Type": form},
    )
    assert answered.status_code == 400
    assert "expected" in answered.json()["detail"]


def test_what_went_through_the_gateway_is_no_use_past_it(house: Served) -> None:
    ada, now = house.desk.person("ada")["id"], house.desk.now()
    key = house.desk.issue_key("ada")["token"]
    send(house, key, export(house, "both", input=1_000))
    send(house, key, export(house, "past", input=70))
    usage = Usage(
        request_id="req_both",
        provider="anthropic",
        model="claude-sonnet-4-5",
        session="both",
        tokens={"input": 1_000},
        at=now,
    )
    lot = LotTerms("lot_both", "USD", 10**10, now - DAY, now + DAY)
    charge = Charge("both", ada, "USD", 5, Request("anthropic", "claude-sonnet-4-5", "work"), usage)
    apply_now(house.desk.store, [Release("release:both", ada, lot), charge], now)
    today = now // DAY
    found = {
        one.usage.input
        for one in outside.observed(house.desk, today - 1, today + 2, str.lower, ada)
        if one.model == "claude-sonnet-4-5"
    }
    # Sums of a day: the sessions of the other tests, and 70; of "both" nothing is left.
    assert found == {160 + 5 + 5 + 70}

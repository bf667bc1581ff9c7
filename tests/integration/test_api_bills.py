"""Providers' bills and clients' telemetry over the API, on one served house.

A bill is imported, held against charges, set right, and what nobody owns resolved; telemetry says whose use it was, once
however often it is sent, and never twice with the gateway.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

pytest.importorskip("opentelemetry.proto.collector.metrics.v1.metrics_service_pb2")

from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from sqlalchemy import select
from tests.support.api import Served, served, token_of

from bursar.ledger import Charge, LotTerms, Release, Request, Usage, apply_now
from bursar.office import months
from bursar.office.database import reading
from bursar.office.metering import outside
from bursar.office.tables import outside_usage

PATH = "/otlp/v1/metrics"
MONTH = months.following(months.month_of(int(datetime.now(UTC).timestamp()) * 1_000_000), -1)
START, END = months.micros_of(MONTH)
AT = START + 4 * months.MICROS_PER_DAY + 9 * 3_600_000_000
DAY = f"{MONTH}-05"
HEADER = "date,model,api_key_id,num_model_requests,input_tokens,output_tokens\n"
BILL = HEADER + f"{DAY},gpt-4o,gate,2,300,35\n{DAY},gpt-4o,who,1,1000,10\n"
CSV = {"Content-Type": "text/csv"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("bills")) as found:
        ada = found.desk.person("ada")["id"]
        charges = [
            Charge(
                name,
                ada,
                "USD",
                tokens["input"] * 2500,
                Request("openai", "gpt-4o", "work"),
                Usage(
                    request_id=name,
                    provider="openai",
                    model="gpt-4o",
                    status=status,
                    tokens=tokens,
                    list_nanos=tokens["input"] * 2500,
                    cost_nanos=tokens["input"] * 2500,
                    at=AT,
                ),
            )
            for name, status, tokens in (("sure", "exact", {"input": 100}), ("guess", "estimated", {"input": 150}))
        ]
        lot = LotTerms("lot_bill", "USD", 10**10, START, END + 10**13)
        apply_now(found.desk.store, [Release("release:bill", ada, lot), *charges], AT)
        yield found


def test_a_bill_is_imported_compared_applied_and_resolved(house: Served) -> None:
    path = f"/bills/openai/{MONTH}"
    assert house.get("fin", path).status_code == 404
    wrong = house.ask("fin", "POST", "/bills/openai", content=HEADER + f"{DAY},gpt-4o,gate,2,many,35\n", headers=CSV)
    assert (wrong.status_code, "line 2" in wrong.json()["detail"]) == (422, True)
    for changed in (2, 0):
        told = house.ask("fin", "POST", "/bills/openai", content=BILL, headers=CSV)
        assert (told.status_code, told.json()["changed"]) == (200, changed)

    found = house.get("fin", path).json()
    assert [(one["kind"], one["told"]) for one in found["findings"]] == [
        ("estimated", {"input": 200, "output": 35}),
        ("suspense", {"input": 1000, "output": 10}),
    ]
    assert (found["assumed"], found["unexplained"]) == (True, 0)
    assert house.post("aud", f"{path}/applied").status_code == 403
    assert house.post("fin", f"{path}/applied").json() == {"corrected": 1, "charged": 0, "suspense": 1, "entries": 1}
    assert house.post("fin", f"{path}/applied").json() == {"corrected": 0, "charged": 0, "suspense": 0, "entries": 0}

    (entry,) = house.get("aud", "/suspense", params={"state": "open"}).json()["items"]
    assert (entry["key"], entry["resolved"]) == ("who", None)
    assert house.post("fin", f"/suspense/{entry['id']}/dismissal", {"note": ""}).status_code == 422
    done = house.post("fin", f"/suspense/{entry['id']}/attribution", {"person": "ben", "note": "his", "own_key": True})
    assert (done.status_code, done.json()["state"], done.json()["person"]) == (200, "attributed", "ben")
    assert house.post("fin", f"/suspense/{entry['id']}/dismissal", {"note": "again"}).status_code == 409
    found = house.get("fin", path).json()
    assert found["findings"] == []
    assert found["bill"] == found["charged"]
    assert house.get("fin", "/billed-seats").json()["items"] == []


# Telemetry.


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
    lot = LotTerms("lot_both", "USD", 10**10, now - months.MICROS_PER_DAY, now + months.MICROS_PER_DAY)
    charge = Charge("both", ada, "USD", 5, Request("anthropic", "claude-sonnet-4-5", "work"), usage)
    apply_now(house.desk.store, [Release("release:both", ada, lot), charge], now)
    today = now // months.MICROS_PER_DAY
    found = {
        one.usage.input
        for one in outside.observed(house.desk, today - 1, today + 2, str.lower, ada)
        if one.model == "claude-sonnet-4-5"
    }
    # Sums of a day: the sessions of the other tests, and 70; of "both" nothing is left.
    assert found == {160 + 5 + 5 + 70}
    page = house.page("ada", "GET", "/usage")
    assert page.status_code == 200
    assert "Past the gateway, as your own client tells it" in page.text
    assert "Past the gateway" not in house.page("mia", "GET", "/usage").text

"""OTLP over HTTP, metrics: a body in protobuf or JSON read into readings, and the answer in the same form.

(OTLP 1.9, https://opentelemetry.io/docs/specs/otlp/.) Unknown fields are passed over, as the specification asks. A body
that is none is refused whole; of a good one, data points that cannot be counted are told in `partial_success`.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

from bursar.errors import InvalidInput
from bursar.exchange.telemetry.values import (
    COST,
    KINDS,
    MAX_NAME_CHARS,
    MAX_POINTS,
    MAX_VALUE,
    TOKENS,
    Export,
    Reading,
    Skipped,
)

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
MAX_BYTES = 8 * 1024 * 1024
"""Of a body, unpacked."""
_NANO = 10**9
_CUMULATIVE, _DELTA = 2, 1
_EARLIEST_NANOS = 1_640_995_200 * _NANO
_LATEST_NANOS = 4_102_444_800 * _NANO


def unpacked(body: bytes, encoding: str) -> bytes:
    """The bytes of a body as it was before it was packed. Raises InvalidInput."""
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise InvalidInput("content-encoding", repr(encoding[:40]), "gzip, or none")
    unpacking = zlib.decompressobj(wbits=31)
    try:
        found = unpacking.decompress(body, MAX_BYTES + 1)
    except zlib.error:
        raise InvalidInput("body", "damaged gzip", "a body packed with gzip") from None
    if len(found) > MAX_BYTES or unpacking.unconsumed_tail:
        raise InvalidInput("body", "more", f"at most {MAX_BYTES // 1024 // 1024} MiB")
    if not unpacking.eof:
        raise InvalidInput("body", "gzip that was cut", "a whole body")
    return found


def read(body: bytes, content_type: str) -> Export:
    """What an export tells of tokens and cost. Raises InvalidInput for what is no export."""
    message = _message(body, content_type.partition(";")[0].strip().lower())
    readings: list[Reading] = []
    skipped: list[Skipped] = []
    others = 0
    for number, (name, temporality, monotonic, point, sender) in enumerate(_points(message)):
        if number >= MAX_POINTS:
            raise InvalidInput("body", "more data points", f"at most {MAX_POINTS:,} in one request")
        if name not in (TOKENS, COST):
            others += 1
            continue
        try:
            readings.append(_reading(name, temporality, monotonic, point, sender))
        except InvalidInput as error:
            skipped.append(Skipped(f"{name}[{number}]", error.sentence))
    return Export(tuple(readings), tuple(skipped), others)


def answer(content_type: str, rejected: int, why: str) -> tuple[bytes, str]:
    """The body of the answer, and its type: empty where everything was taken."""
    response = ExportMetricsServiceResponse()
    if rejected:
        response.partial_success.rejected_data_points = rejected
        response.partial_success.error_message = why
    if content_type.startswith(JSON):
        return json_format.MessageToJson(response, indent=None).encode(), JSON
    return response.SerializeToString(), PROTOBUF


def _message(body: bytes, content_type: str) -> Any:
    message = ExportMetricsServiceRequest()
    try:
        if content_type == PROTOBUF:
            message.ParseFromString(body)
        elif content_type == JSON:
            found = json.loads(body)
            if not isinstance(found, dict):
                raise InvalidInput("body", "no object", "an ExportMetricsServiceRequest of OTLP")
            json_format.ParseDict(found, message, ignore_unknown_fields=True)
        else:
            raise InvalidInput("content-type", repr(content_type[:60]), f"{PROTOBUF} or {JSON}")
    except (DecodeError, json_format.ParseError, UnicodeDecodeError, RecursionError, ValueError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput("body", "something else", "an ExportMetricsServiceRequest of OTLP") from None
    return message


def _points(message: Any) -> Iterator[tuple[str, int, bool, Any, str]]:
    """Every data point of a sum, with its metric and whoever sent it; points of other metrics with no temporality."""
    for resource in message.resource_metrics:
        sender = _attributes_text(resource.resource.attributes)
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                kind = metric.WhichOneof("data")
                if kind == "sum":
                    total = metric.sum
                    for point in total.data_points:
                        yield metric.name, total.aggregation_temporality, total.is_monotonic, point, sender
                elif kind is not None:
                    for point in getattr(metric, kind).data_points:
                        yield metric.name, 0, False, point, sender


def _reading(name: str, temporality: int, monotonic: bool, point: Any, sender: str) -> Reading:
    if temporality not in (_CUMULATIVE, _DELTA) or not monotonic:
        raise InvalidInput("sum", "no counter", "a monotonic sum, delta or cumulative")
    known = {one.key: one.value.string_value for one in point.attributes}
    kind = ""
    if name == TOKENS:
        kind = KINDS.get(known.get("type", ""), "")
        if not kind:
            raise InvalidInput("type", repr(known.get("type", "")[:40]), f"one of {', '.join(KINDS)}")
    at, started = int(point.time_unix_nano), int(point.start_time_unix_nano)
    if not _EARLIEST_NANOS <= at < _LATEST_NANOS or started > at:
        raise InvalidInput("time_unix_nano", "another time", "an instant from 2022 to 2099, after the start")
    series = blake2b(
        repr((name, sender, _attributes_text(point.attributes))).encode("utf-8", "replace"), digest_size=16
    ).hexdigest()
    return Reading(
        metric=name,
        kind=kind,
        value=_value(point, _NANO if name == COST else 1),
        started=started,
        at=at,
        cumulative=temporality == _CUMULATIVE,
        session=_name(known.get("session.id", "")),
        model=_name(known.get("model", "")),
        email=_name(known.get("user.email", "")).lower(),
        series=series,
    )


def _value(point: Any, scale: int) -> int:
    kind = point.WhichOneof("value")
    number = point.as_int if kind == "as_int" else point.as_double if kind == "as_double" else math.nan
    if not math.isfinite(number) or not 0 <= number * scale <= MAX_VALUE:
        raise InvalidInput("value", "something else", "a number that is not negative")
    found = round(number * scale)
    if scale == 1 and found != number:
        raise InvalidInput("value", "a part of a token", "a whole number")
    return found


def _attributes_text(attributes: Any) -> str:
    return repr(sorted((one.key, one.value.SerializeToString()) for one in attributes))


def _name(text: str) -> str:
    cut = text.strip()[:MAX_NAME_CHARS]
    return cut if cut.isprintable() else "".join(one if one.isprintable() else "?" for one in cut)

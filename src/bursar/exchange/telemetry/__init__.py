"""Telemetry of clients that passes no gateway: OTLP over HTTP read into readings of use, and running totals into steps.

`otlp` knows the wire and needs the package opentelemetry-proto; the rest is pure and needs nothing.
"""

"""Benchmarks: each room is one command that prints what it measured beside the floor that it was measured against."""

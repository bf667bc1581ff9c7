"""The command line: a face of the office with no logic of its own. Every command has `--json` and an example."""

from bursar.cli.app import main

__all__ = ["main"]

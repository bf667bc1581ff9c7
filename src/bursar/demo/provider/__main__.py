"""Run the provider by itself: `python -m bursar.demo.provider --port 9000 --pace-ms 5`; prints its URL as JSON."""

from __future__ import annotations

import argparse
import asyncio
import json

from bursar.demo.provider.generation import Defaults
from bursar.demo.provider.server import Provider


async def _serve(port: int, pace_ms: float, seed: int) -> None:
    async with Provider(port=port, defaults=Defaults(pace_ms=pace_ms), seed=seed) as provider:
        print(json.dumps({"base_url": provider.base_url}), flush=True)
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--pace-ms", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    try:
        asyncio.run(_serve(options.port, options.pace_ms, options.seed))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()

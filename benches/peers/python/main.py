"""Peers of datacache that are written in Python: `main.py NAME FOLDER ORIGIN BLOCK`."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import caches
import keyed
import queues
from serving import Place

CACHES: dict[str, Callable[[Place], keyed.Keyed]] = {
    "diskcache": caches.Diskcache,
    "requests-cache": caches.RequestsCache,
    "hishel": caches.Hishel,
    "aiohttp-client-cache": caches.AiohttpClientCache,
}
QUEUES: dict[str, Callable[[Path], queues.Queue]] = {
    "huey": queues.Huey,
    "litequeue": queues.Litequeue,
}


async def serve_cache(place: Place) -> None:
    await keyed.Driver(place, CACHES[place.name]).serve()


def main() -> None:
    logging.disable()  # Nobody reads it, and huey says something of every task.
    place = Place.from_arguments()
    if place.name in QUEUES:
        queues.serve(place, QUEUES[place.name])
    else:
        asyncio.run(serve_cache(place))


if __name__ == "__main__":
    main()

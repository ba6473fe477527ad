"""The work of caches: what is stored under a number is found under it again.

It is the same as `benches/src/keyed.rs`, where the names are explained. Everything is asynchronous,
because one of the caches is; for the others that costs a tenth of a microsecond.
"""

from collections.abc import Callable, Iterable
from itertools import repeat
from time import perf_counter_ns
from typing import Protocol

from serving import Order, Place, Samples, orders

POOL = 200
WRITES_ONE_IN = 10
STRIDE = 73


class Keyed(Protocol):
    """A cache as this comparison uses it."""

    async def get(self, url: str) -> bytes:
        """What is stored under `url`."""

    async def misses(self, url: str) -> bool:
        """Whether nothing is stored under `url`."""

    async def store(self, url: str, body: bytes) -> None:
        """Stores `body`; a cache that only keeps what it has fetched fetches it."""

    async def close(self) -> None:
        """Closes it, as a process would at its end."""


class Driver:
    """Works on one cache."""

    def __init__(self, place: Place, open_cache: Callable[[Place], Keyed]) -> None:
        self.place = place
        self.open_cache = open_cache

    async def serve(self) -> None:
        """Works until there are no more orders."""
        self.cache = self.open_cache(self.place)
        works = {
            "store": self.store,
            "hit": self.hit,
            "first": self.first,
            "open": self.open,
            "miss": self.miss,
            "mix": self.mix,
        }
        for order in orders():
            samples = Samples()
            await works[order.work](order, samples)
            samples.tell()
        await self.cache.close()

    async def store(self, order: Order, samples: Samples) -> None:
        for number in order.numbers:
            url = self.place.url(number, order.size_bytes)
            body = self.place.body(number, order.size_bytes)
            began = perf_counter_ns()
            await self.cache.store(url, body)
            samples.since(began, "store")

    async def hit(self, order: Order, samples: Samples) -> None:
        again = repeat(order.numbers.start, len(order.numbers))
        await self.read("hit", again, order.size_bytes, samples)

    async def first(self, order: Order, samples: Samples) -> None:
        await self.read("first", order.numbers, order.size_bytes, samples)

    async def read(
        self, what: str, numbers: Iterable[int], size_bytes: int, samples: Samples
    ) -> None:
        for number in numbers:
            url = self.place.url(number, size_bytes)
            began = perf_counter_ns()
            body = await self.cache.get(url)
            samples.since(began, what)
            self.check(body, number, size_bytes)

    async def open(self, order: Order, samples: Samples) -> None:
        number = order.numbers.start
        url = self.place.url(number, order.size_bytes)
        for _ in order.numbers:
            began = perf_counter_ns()
            cache = self.open_cache(self.place)
            body = await cache.get(url)
            await cache.close()
            samples.since(began, "open")
            self.check(body, number, order.size_bytes)

    async def miss(self, order: Order, samples: Samples) -> None:
        for number in order.numbers:
            url = self.place.url(number, order.size_bytes)
            began = perf_counter_ns()
            missed = await self.cache.misses(url)
            samples.since(began, "miss")
            if not missed:
                raise ValueError("a key that nobody stored is there")

    async def mix(self, order: Order, samples: Samples) -> None:
        """An error is counted, as it is what the mixed work is about; wrong bytes are not."""
        for number in order.numbers:
            is_write = number % WRITES_ONE_IN == 0
            key = number if is_write else number * STRIDE % POOL
            url = self.place.url(key, order.size_bytes)
            body = self.place.body(key, order.size_bytes)
            began = perf_counter_ns()
            try:
                if is_write:
                    await self.cache.store(url, body)
                else:
                    body = await self.cache.get(url)
            except Exception as error:  # Whatever reaches the caller counts.
                samples.errors.append(str(error))
            samples.since(began, "mixed write" if is_write else "mixed read")
            self.check(body, key, order.size_bytes)

    def check(self, body: bytes, number: int, size_bytes: int) -> None:
        if body != self.place.body(number, size_bytes):
            raise ValueError(f"the bytes of {number} are not those that were stored")

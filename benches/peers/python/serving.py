"""What the drivers have in common: orders come on standard input, samples go to standard output.

It is the same as in `benches/src`, for the drivers written in Rust.
"""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """Where a driver works, as its arguments say."""

    name: str
    folder: Path
    origin: str
    block: bytes

    @classmethod
    def from_arguments(cls) -> "Place":
        name, folder, origin, block = sys.argv[1:]
        return cls(name, Path(folder), origin, Path(block).read_bytes())

    def body(self, number: int, size_bytes: int) -> bytes:
        """The body of a number: the number, then what no compression makes smaller."""
        return number.to_bytes(8, "big") + self.block[8:size_bytes]

    def url(self, number: int, size_bytes: int) -> str:
        """The URL of a number whose body the origin has."""
        return f"{self.origin}{size_bytes}/{number}"


@dataclass(frozen=True)
class Order:
    """One order: what to do, with which numbers, of which size."""

    work: str
    numbers: range
    size_bytes: int


def orders() -> Iterator[Order]:
    """The orders on standard input, until its end."""
    print("ready", flush=True)
    for line in sys.stdin:
        work, first, count, size_bytes = line.split()
        yield Order(work, range(int(first), int(first) + int(count)), int(size_bytes))


@dataclass
class Samples:
    """How long operations took, by what they were; and what went wrong meanwhile."""

    nanoseconds: dict[str, list[int]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def since(self, began: int, what: str) -> None:
        """Notes how long an operation took that began at `began` of `time.perf_counter_ns`."""
        took = time.perf_counter_ns() - began
        self.nanoseconds.setdefault(what, []).append(took)

    def tell(self) -> None:
        """Tells them, as one line of JSON."""
        print(json.dumps({"nanoseconds": self.nanoseconds, "errors": self.errors}), flush=True)

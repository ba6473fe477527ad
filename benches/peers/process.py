"""A driver: a process of one peer that does what it is told and answers with samples."""

import json
import subprocess
from dataclasses import dataclass
from types import TracebackType


class DriverFailed(Exception):
    """A driver gave up; it has said why on standard error."""


@dataclass
class Samples:
    """Nanoseconds by what the operations were, and errors that reached their callers."""

    nanoseconds: dict[str, list[int]]
    errors: list[str]


class Driver:
    """Leaving it closes the peer as a process does at its end."""

    def __init__(self, command: list[str]) -> None:
        self.command = command

    def __enter__(self) -> "Driver":
        # In a session of its own, so that Ctrl-C ends this program alone, which ends the rest.
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        if self.heard() != "ready\n":
            raise DriverFailed(f"not a driver: {self.command[0]}")
        return self

    def tell(self, order: str, first: int, count: int, size_bytes: int) -> None:
        """Gives an order."""
        print(order, first, count, size_bytes, file=self.process.stdin, flush=True)

    def answer(self) -> Samples:
        """Waits until the order is carried out."""
        return Samples(**json.loads(self.heard()))

    def heard(self) -> str:
        """The next line that the driver says."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise DriverFailed(" ".join(self.command))
        return line

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self.process.kill()
        self.process.communicate()

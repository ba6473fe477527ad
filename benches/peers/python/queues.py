"""The queues, each as its documentation says it is used, and their work."""

from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter_ns
from typing import Protocol

import huey
import litequeue
from serving import Order, Place, Samples, orders

BATCH = 100


class Queue(Protocol):
    """A queue as this comparison uses it."""

    def enqueue(self, jobs: Sequence[int]) -> None:
        """Queues them, all at once where the queue can."""

    def settle(self) -> int:
        """Claims the next job and is done with it; returns which it was."""


class Huey:
    """Its tasks are removed when they are claimed, and do nothing here."""

    def __init__(self, path: Path) -> None:
        self.queue = huey.SqliteHuey(filename=str(path), fsync=False)
        self.task = self.queue.task()(done)

    def enqueue(self, jobs: Sequence[int]) -> None:
        for job in jobs:
            self.task(job)

    def settle(self) -> int:
        task = self.queue.dequeue()
        self.queue.execute(task)
        return task.args[0]


def done(job: int) -> None:
    """The work of a task."""


class Litequeue:
    """Its messages stay, marked as done."""

    def __init__(self, path: Path) -> None:
        self.queue = litequeue.LiteQueue(str(path))

    def enqueue(self, jobs: Sequence[int]) -> None:
        if len(jobs) == 1:
            self.queue.put(str(jobs[0]))
            return
        with self.queue.transaction():
            for job in jobs:
                self.queue.put(str(job))

    def settle(self) -> int:
        message = self.queue.pop()
        self.queue.done(message.message_id)
        return int(message.data)


def serve(place: Place, open_queue: Callable[[Path], Queue]) -> None:
    """Works on queues until there are no more orders. As only what is in it can be claimed, what is
    enqueued for its own sake waits in a queue of its own."""
    waiting = open_queue(place.folder / "waiting.sqlite")
    settled = open_queue(place.folder / "settled.sqlite")
    for order in orders():
        samples = Samples()
        match order.work:
            case "enqueue":
                enqueue(waiting, order, 1, samples)
            case "batch":
                enqueue(waiting, order, BATCH, samples)
            case "settle":
                settle(settled, order, samples)
            case work:
                raise ValueError(f"no such work: {work}")
        samples.tell()


def enqueue(queue: Queue, order: Order, jobs: int, samples: Samples) -> None:
    for number in order.numbers:
        batch = range(number * jobs, (number + 1) * jobs)
        began = perf_counter_ns()
        queue.enqueue(batch)
        samples.since(began, order.work)


def settle(queue: Queue, order: Order, samples: Samples) -> None:
    queue.enqueue(order.numbers)
    settled = set()
    for _ in order.numbers:
        began = perf_counter_ns()
        job = queue.settle()
        samples.since(began, "settle")
        settled.add(job)
    if settled != set(order.numbers):
        raise ValueError("other jobs were settled than were queued")

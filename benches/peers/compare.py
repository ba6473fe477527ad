"""Compares datacache with its peers, side by side on this machine; run.sh installs them first.

All drivers run at the same time, but only one peer works at any moment. Each round has every peer
do every piece of work, one after the other, and another peer begins each round; so what disturbs
the machine for a while disturbs all alike. Medians, 99 % and ratios are over all operations of all
rounds. Every body that is read is compared with the one that was stored.
"""

import argparse
import os
import shutil
import signal
import sys
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import machine
import servers
from peers import (
    FIRST,
    PEERS,
    STORE,
    Doer,
    Peer,
    Program,
    Suite,
    Work,
    can_do,
    processes,
    suite_works,
)
from process import Driver
from report import Results, error_list, peer_table, suite_table

ROUNDS = 10
QUICK_ROUNDS = 2

# After so many seconds something hangs.
LIMIT_SECONDS = 3600

# What the mixed work reads; see keyed.rs. Its size is that of the pool.
POOL = Work("store", Doer.WRITER, 200, {})

# So many numbers belong to each piece of work, and to each process of it.
STEP = 1_000

BLOCK_BYTES = 100 * 1024


class Contender:
    """A peer with its processes."""

    def __init__(self, peer: Peer, drivers: list[Driver]) -> None:
        self.peer = peer
        self.drivers = drivers
        self.numbers = count(STEP, STEP)
        self.stored = 0

    def work(self, work: Work, results: Results) -> None:
        """Has the processes whose work it is do it, all at once."""
        doers = self.doers(work)
        for driver in doers:
            driver.tell(work.order, self.first(work), work.count, work.size_bytes)
        for driver in doers:
            samples = driver.answer()
            results.errors[self.peer.name] += samples.errors
            for what, title in work.titles.items():
                results.nanoseconds[self.peer.name, title] += samples.nanoseconds[what]

    def doers(self, work: Work) -> list[Driver]:
        match work.doer:
            case Doer.READER:
                return self.drivers[:1]
            case Doer.WRITER:
                return self.drivers[-1:]
            case Doer.ALL:
                return self.drivers

    def first(self, work: Work) -> int:
        """The first number of a piece of work: new ones, but for reading what is there."""
        if work is POOL or work.order in ("hit", "open"):
            return 0
        if work is FIRST:
            return self.stored
        number = next(self.numbers)
        if work is STORE:
            self.stored = number
        return number


def main() -> None:
    arguments = parsed()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"not done after {LIMIT_SECONDS} s"))
    signal.alarm(LIMIT_SECONDS)
    data = arguments.scratch / "data"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    block = os.urandom(BLOCK_BYTES)
    (data / "block").write_bytes(block)
    head = machine.description(data)
    versions = machine.versions()
    present = PEERS
    if servers.redis_is_installed():
        versions["redis-server"] = machine.redis_version()
    else:
        print("*** redis-server is not installed: its rows are left out ***", file=sys.stderr)
        head.append("- **redis-server is not installed: its rows are left out**")
        present = [peer for peer in PEERS if peer.package != "redis-server"]
    with ExitStack() as stack:
        origin = stack.enter_context(servers.origin(block))
        contenders = [start(stack, peer, arguments, origin) for peer in present]
        results = compete(contenders, arguments.rounds)
    lines = ["# datacache and its peers", "", *head, ""]
    for suite in Suite:
        lines += suite_table(suite, present, results)
    lines += [*error_list(results), *peer_table(present, versions)]
    print("\n".join(lines))


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ours", type=Path, required=True, help="the driver of datacache")
    parser.add_argument("--rust", type=Path, required=True, help="the driver of peers in Rust")
    parser.add_argument("--python", type=Path, required=True, help="the Python that has the others")
    parser.add_argument("--scratch", type=Path, required=True, help="a folder to work in")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument(
        "--quick", dest="rounds", action="store_const", const=QUICK_ROUNDS, help="fewer rounds"
    )
    return parser.parse_args()


def start(stack: ExitStack, peer: Peer, arguments: argparse.Namespace, origin: str) -> Contender:
    data = arguments.scratch / "data"
    folder = data / peer.name
    folder.mkdir()
    if peer.package == "redis-server":
        stack.enter_context(servers.redis(folder))
    program = {
        Program.OURS: [arguments.ours],
        Program.RUST: [arguments.rust],
        Program.PYTHON: [arguments.python, machine.HERE / "python" / "main.py"],
    }
    command = [*program[peer.program], peer.name, folder, origin, data / "block"]
    texts = [str(word) for word in command]
    drivers = [stack.enter_context(Driver(texts)) for _ in range(processes(peer))]
    return Contender(peer, drivers)


def compete(contenders: list[Contender], rounds: int) -> Results:
    """Fills the pools, which is not measured, and goes round."""
    suites = {
        suite: [contender for contender in contenders if contender.peer.suite is suite]
        for suite in Suite
    }
    for contender in suites[Suite.STORES] + suites[Suite.ORIGINS]:
        contender.work(POOL, Results())
    results = Results()
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        for suite, members in suites.items():
            begin = number % len(members)
            play(members[begin:] + members[:begin], suite_works(suite), results)
    return results


def play(members: list[Contender], works: list[Work], results: Results) -> None:
    """One round of a suite."""
    for work in works:
        for contender in members:
            if can_do(contender.peer, work):
                contender.work(work, results)


if __name__ == "__main__":
    main()

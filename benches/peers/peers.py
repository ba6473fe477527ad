"""Who is compared, in what, and what must be known to read the figures."""

from dataclasses import dataclass
from enum import Enum


class Suite(Enum):
    """Peers of one suite do the same work. The first peer of each is ours."""

    STORES = "Stores of bytes"
    ORIGINS = "Caches of what an origin says"
    QUEUES = "Queues"


class Program(Enum):
    """Which program drives a peer."""

    OURS = "ours"
    RUST = "rust"
    PYTHON = "python"


class Sharing(Enum):
    """Who sees what a process has stored."""

    PROCESSES = "processes"
    NOBODY = "nobody"


class Lookup(Enum):
    """Whether a peer can be asked for what it has, and nothing else."""

    ALONE = "alone"
    ONLY_WITH_ORIGIN = "only with origin"


@dataclass(frozen=True)
class Peer:
    """One row of each table of its suite."""

    name: str
    suite: Suite
    program: Program
    remarks: str
    sharing: Sharing = Sharing.PROCESSES
    lookup: Lookup = Lookup.ALONE
    package: str | None = None


# Where a peer has no setting of this durability it has the weaker one, so that no figure of ours
# comes from another's syncing.
NORMAL = "A commit survives the death of the process, not of the machine (WAL, synchronous NORMAL)"

PEERS = [
    Peer(
        "datacache",
        Suite.STORES,
        Program.OURS,
        f"`lookup`, `put`. {NORMAL}; bodies over 64 KiB are synced. Verified at each read.",
    ),
    Peer(
        "diskcache", Suite.STORES, Program.PYTHON, f"{NORMAL}; bodies over 32 KiB are not synced."
    ),
    Peer(
        "cacache",
        Suite.STORES,
        Program.RUST,
        "Files, not synced, verified at each read; bounded by nothing.",
    ),
    Peer(
        "redis",
        Suite.STORES,
        Program.RUST,
        "Memory of a server, over a Unix socket, without persistence: gone with the server. A "
        "blocking connection.",
        package="redis-server",
    ),
    Peer(
        "moka",
        Suite.STORES,
        Program.RUST,
        "Memory of one process: gone with it, and unseen by others.",
        sharing=Sharing.NOBODY,
    ),
    Peer("datacache-fetch", Suite.ORIGINS, Program.OURS, f"`fetch`. {NORMAL}."),
    Peer("requests-cache", Suite.ORIGINS, Program.PYTHON, f"`wal=True`. {NORMAL}."),
    Peer(
        "aiohttp-client-cache",
        Suite.ORIGINS,
        Program.PYTHON,
        "`fast_save=True`: SQLite with a rollback journal, never synced. No lookup that does not "
        "ask the origin.",
        lookup=Lookup.ONLY_WITH_ORIGIN,
    ),
    Peer(
        "hishel",
        Suite.ORIGINS,
        Program.PYTHON,
        f"With `requests`. {NORMAL}. No lookup that does not ask the origin.",
        lookup=Lookup.ONLY_WITH_ORIGIN,
    ),
    Peer(
        "http-cache",
        Suite.ORIGINS,
        Program.RUST,
        "`reqwest`, with cacache below: files, not synced, bounded by nothing.",
        package="http-cache-reqwest",
    ),
    Peer(
        "datacache-queue",
        Suite.QUEUES,
        Program.OURS,
        f"`enqueue`, `Worker`. {NORMAL}. A worker claims several at once: the figure is the share "
        "of each of 100, start and end of the worker included.",
    ),
    Peer(
        "huey",
        Suite.QUEUES,
        Program.PYTHON,
        "`SqliteHuey(fsync=False)`: WAL, never synced. It enqueues one by one, and claiming "
        "removes: what a crash interrupts is lost.",
    ),
    Peer(
        "litequeue",
        Suite.QUEUES,
        Program.PYTHON,
        f"{NORMAL}. No leases: what a crash interrupts stays claimed.",
    ),
]


class Doer(Enum):
    """Which processes of a peer do some work."""

    READER = "reader"
    WRITER = "writer"
    ALL = "all"


@dataclass(frozen=True)
class Work:
    """What is done in each round, and the titles under which its samples are shown."""

    order: str
    doer: Doer
    count: int
    titles: dict[str, str]
    size_bytes: int = 8 * 1024


# The reader meets the keys that the writer, another process, has just stored.
STORE = Work("store", Doer.WRITER, 50, {"store": "store 8 KiB"})
FIRST = Work("first", Doer.READER, 50, {"first": "first hit of a key in a process, 8 KiB"})
HIT = Work("hit", Doer.READER, 200, {"hit": "repeated hit, 8 KiB"})
OPEN = Work("open", Doer.READER, 20, {"open": "open, one hit of 8 KiB, close"})
MISS = Work("miss", Doer.READER, 100, {"miss": "miss"})
STORE_LARGE = Work("store", Doer.WRITER, 20, {"store": "store 100 KiB"}, 100 * 1024)
MIX = Work(
    "mix",
    Doer.ALL,
    100,
    {
        "mixed read": "read 8 KiB, 4 processes at once, 9 of 10 reading",
        "mixed write": "store 8 KiB, 4 processes at once, 9 of 10 reading",
    },
)
KEYED_WORKS = [STORE, FIRST, HIT, OPEN, MISS, STORE_LARGE, MIX]
QUEUE_WORKS = [
    Work("enqueue", Doer.READER, 50, {"enqueue": "enqueue 1"}),
    Work("batch", Doer.READER, 10, {"batch": "enqueue 100 at once"}),
    Work("settle", Doer.READER, 100, {"settle": "claim and settle 1"}),
]


def suite_works(suite: Suite) -> list[Work]:
    """What peers of a suite do, in this order."""
    return QUEUE_WORKS if suite is Suite.QUEUES else KEYED_WORKS


def can_do(peer: Peer, work: Work) -> bool:
    """Whether a peer is made for some work."""
    if work is MISS:
        return peer.lookup is Lookup.ALONE
    return peer.sharing is Sharing.PROCESSES or work not in (FIRST, OPEN, MIX)


def processes(peer: Peer) -> int:
    """How many processes of a peer work."""
    return 1 if peer.suite is Suite.QUEUES or peer.sharing is Sharing.NOBODY else 4

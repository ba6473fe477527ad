"""The tables."""

from collections import defaultdict
from dataclasses import dataclass, field

from peers import PEERS, Peer, Suite, suite_works


@dataclass
class Results:
    """What was measured, by peer and by the title of the work."""

    nanoseconds: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    errors: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def percentile(samples: list[int], percent: int) -> int:
    """The duration that so many percent of the operations did not exceed."""
    return sorted(samples)[(len(samples) - 1) * percent // 100]


def duration(nanoseconds: float) -> str:
    """A duration in the unit that fits."""
    microseconds = nanoseconds / 1e3
    return f"{microseconds:.1f} µs" if microseconds < 100 else f"{microseconds / 1e3:.2f} ms"


def ratio(times: float) -> str:
    """How many times as long, in as many digits as mean something."""
    return f"{times:.1f}" if times >= 1 else f"{times:.2g}"


def suite_table(suite: Suite, present: list[Peer], results: Results) -> list[str]:
    """For each work the peers, the fastest first, and how many times as long as ours each takes."""
    ours = next(peer for peer in PEERS if peer.suite is suite)
    lines = [f"## {suite.value}", ""]
    lines += ["| | | median | 99 % | median to ours | operations |", "|---|---|---|---|---|---|"]
    for title in (title for work in suite_works(suite) for title in work.titles.values()):
        rows = [
            (percentile(results.nanoseconds[peer.name, title], 50), peer)
            for peer in present
            if peer.suite is suite and (peer.name, title) in results.nanoseconds
        ]
        reference = percentile(results.nanoseconds[ours.name, title], 50)
        for median, peer in sorted(rows, key=lambda row: row[0]):
            samples = results.nanoseconds[peer.name, title]
            cells = [title, peer.name, duration(median), duration(percentile(samples, 99))]
            cells += [ratio(median / reference), str(len(samples))]
            lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def error_list(results: Results) -> list[str]:
    """What reached the callers of the mixed work."""
    lines = ["## Errors that reached callers", ""]
    for name, errors in results.errors.items():
        for error in sorted(set(errors)):
            lines.append(f"- {name}: {errors.count(error)} × {error}")
    return [*(lines if len(lines) > 2 else [*lines, "None."]), ""]


def peer_table(present: list[Peer], versions: dict[str, str]) -> list[str]:
    """Which version of whom, how it was used, and what survives."""
    lines = ["## Peers", "", "| peer | version | how, and what survives |", "|---|---|---|"]
    for peer in present:
        package = peer.package or peer.name.removesuffix("-fetch").removesuffix("-queue")
        lines.append(f"| {peer.name} | {versions[package]} | {peer.remarks} |")
    return [*lines, ""]

"""What a comparison ran on, for those who read its figures."""

import os
import platform
import subprocess
import tomllib
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent

# A machine with nothing to do has less.
BUSY_LOAD = 0.5


def description(scratch: Path) -> list[str]:
    """The machine and the versions of what is not a peer."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    busy = ": **the machine was busy with something else**" if load > BUSY_LOAD else ""
    return [
        f"- {date.today()}, load {load:.1f} at the beginning{busy}",
        f"- {processor()}, {os.cpu_count()} cores, {memory_gib:.0f} GiB",
        f"- {platform.system()} {platform.release()}, {file_system(scratch)}",
        f"- {said('rustc', '--version')}, Python {platform.python_version()}",
    ]


def processor() -> str:
    """The name of the processor, as the system says."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def file_system(folder: Path) -> str:
    """The kind of the file system that a folder lies on."""
    return said("df", "--output=fstype", str(folder)).splitlines()[-1]


def versions() -> dict[str, str]:
    """The version of each package, as it is pinned or installed."""
    found = {}
    for line in (HERE / "python" / "requirements.txt").read_text().splitlines():
        name, _, version = line.partition("==")
        found[name] = version
    for lock in ("rust/Cargo.lock", "../../Cargo.lock"):
        packages = tomllib.loads((HERE / lock).read_text())["package"]
        found |= {package["name"]: package["version"] for package in packages}
    found["datacache"] += f" ({said('git', '-C', str(HERE), 'describe', '--always', '--dirty')})"
    return found


def redis_version() -> str:
    """The version of the server that is installed."""
    words = dict(
        word.split("=") for word in said("redis-server", "--version").split() if "=" in word
    )
    return words["v"]


def said(*command: str) -> str:
    """What a program says."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

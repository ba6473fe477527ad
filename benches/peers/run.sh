#!/usr/bin/env bash
# Compares datacache with its public peers on this machine: builds our side, installs the peers into a
# scratch folder, has all of them do the same work in turns, and prints tables as Markdown.
#
#   benches/peers/run.sh [--quick] [SCRATCH] > table.md
#
# SCRATCH stays, so that the next run finds the peers installed; without it a temporary folder is used
# and removed. --quick takes a minute instead of five. Needed beside Rust and a C compiler: Linux, Python
# 3.11 with venv, and redis-server, which is installed if this is Debian and we are root, and else left out.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"

quick=()
if [ "${1:-}" = --quick ]; then
  quick=(--quick)
  shift
fi
if [ $# -gt 0 ]; then
  mkdir -p "$1"
  scratch="$(cd "$1" && pwd)"
else
  scratch="$(mktemp -d "${TMPDIR:-/tmp}/datacache-peers.XXXXXX")"
  trap 'rm -rf "$scratch"' EXIT
fi

# Standard output is for the tables.
exec 3>&1 1>&2

if ! command -v redis-server > /dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    # In runlevel 1 no service is started: the comparison starts its own server, and ends it.
    apt-get update -q && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -q -y redis-server \
      || echo '*** redis-server could not be installed ***'
  else
    echo '*** redis-server is not there, and only root can install it: apt-get install redis-server ***'
  fi
fi

if [ ! -x "$scratch/venv/bin/python" ]; then
  python3 -m venv "$scratch/venv"
fi
"$scratch/venv/bin/pip" install -q --disable-pip-version-check -r "$here/python/requirements.txt"
cargo build --locked --release --manifest-path "$here/rust/Cargo.toml" --target-dir "$scratch/target"
cargo build --locked --release --manifest-path "$here/../Cargo.toml" --example peer
ours="$(cargo metadata --locked --no-deps --format-version 1 --manifest-path "$here/../Cargo.toml" \
  | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')"

# The origin is on this machine: no proxy is between.
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
export PYTHONDONTWRITEBYTECODE=1
python3 "$here/compare.py" "${quick[@]}" \
  --ours "$ours/release/examples/peer" \
  --rust "$scratch/target/release/datacache-peers" \
  --python "$scratch/venv/bin/python" \
  --scratch "$scratch" >&3

#!/usr/bin/env bash
# How many instructions operations execute in this process, all its threads together, as valgrind
# counts them: the same on every machine for the same compiler. What only the first ones cost is
# left out.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v valgrind > /dev/null || { echo 'valgrind is needed' >&2; exit 1; }
cargo build --locked --release -p datacache-benches --example instructions

executed() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null \
    target/release/examples/instructions "$1" "$2" 2>&1 | awk '/Collected/ { print $4 }'
}

echo '| operation | instructions |'
echo '|---|---|'
for name in hit-in-memory hit miss put enqueue; do
  few=$(executed "$name" 50)
  many=$(executed "$name" 250)
  echo "| $name | $(((many - few) / 200)) |"
done

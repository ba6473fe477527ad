#!/usr/bin/env bash
# Installs what the tests need beyond Rust and a C compiler, then runs all tests.
#
# Nothing is needed so far: SQLite is compiled in, and the tests bring their own servers. On Linux
# they mount small disks and leave the network with unshare and nsenter of util-linux and ip of
# iproute2, which every distribution has; where users may not make namespaces:
# sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0
#
# DATACACHE_HOT_BYTES holds for all caches of the tests that do not say otherwise: with 0, none keeps
# entries in memory.
set -euo pipefail
cd "$(dirname "$0")/.."

# Backtraces of expected failures would only hide the real ones.
export RUST_BACKTRACE=0

# The integration tests start these programs, so they must be as new as the tests.
cargo build --locked --workspace --bins
cargo test --locked --workspace --all-features

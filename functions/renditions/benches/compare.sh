#!/usr/bin/env bash
# Previews per second beside npm's sharp on the same pictures, in one run.
#   functions/renditions/benches/compare.sh            generated pictures
#   functions/renditions/benches/compare.sh FOLDER     pictures of your own
# Needs node and npm for sharp. Run it on a machine that does nothing else.
set -euo pipefail
cd "$(dirname "$0")"
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
folder=$(realpath -m "${1:-$target/bench-pictures}")
ours=$(mktemp)
trap 'rm -f "$ours"' EXIT

npm ci --prefix sharp --silent --no-audit --no-fund
cargo bench -p renditions --bench pictures -- --folder "$folder" --generate
if [ $# -eq 0 ]; then
  node sharp/bench.mjs "$folder" prepare
fi
cargo bench -p renditions --bench pictures -- --folder "$folder" --json "$ours"
node sharp/bench.mjs "$folder" "$ours"

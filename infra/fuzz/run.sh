#!/usr/bin/env bash
# Schemathesis against the running service: at least 10,000 cases over every route of infra/openapi.json, as an
# owner, a member, compliance staff and nobody. Any 5xx and any answer outside the document fails.
#   infra/fuzz/run.sh [--cases N] [--seed S] [--binary FILE] [--identity WHO]… [--routes REGEX]
# Build the service first: cargo build. Its Python packages live in infra/fuzz/.venv, or in $ASSETBOX_FUZZ_VENV.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

venv=${ASSETBOX_FUZZ_VENV:-infra/fuzz/.venv}
if ! cmp --silent infra/fuzz/requirements.txt "$venv/requirements.txt"; then
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement infra/fuzz/requirements.txt
  cp infra/fuzz/requirements.txt "$venv/requirements.txt"
fi
exec "$venv/bin/python" infra/fuzz/fuzz.py "$@"

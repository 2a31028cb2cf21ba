#!/usr/bin/env bash
# Lints the templates, as they are written and as AWS would run them. Any finding fails.
# Its Python packages live in infra/.venv, or in $ASSETBOX_VENV.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=${ASSETBOX_VENV:-infra/.venv}
if ! cmp --silent infra/requirements.txt "$venv/requirements.txt"; then
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement infra/requirements.txt
  cp infra/requirements.txt "$venv/requirements.txt"
fi

translated=$(mktemp --suffix=.json)
trap 'rm -f "$translated"' EXIT

echo "as written: template.yaml infra/alarms.yaml"
"$venv/bin/cfn-lint" template.yaml infra/alarms.yaml
echo "as AWS runs it: template.yaml translated"
"$venv/bin/python" infra/translate.py template.yaml > "$translated"
"$venv/bin/cfn-lint" "$translated"
echo "no findings"

#!/usr/bin/env bash
# Lints the templates, as they are written and as AWS would run them, and scans them for what is not
# safe. Any finding fails. Its Python packages live in infra/.venv, or in $ASSETBOX_VENV.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

templates=(template.yaml infra/alarms.yaml infra/dashboard.yaml)

venv=${ASSETBOX_VENV:-infra/.venv}
if ! cmp --silent infra/requirements.txt "$venv/requirements.txt"; then
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-compile --requirement infra/requirements.txt
  cp infra/requirements.txt "$venv/requirements.txt"
fi

translated=$(mktemp --suffix=.json)
trap 'rm -f "$translated"' EXIT

echo "as written: ${templates[*]}"
"$venv/bin/cfn-lint" "${templates[@]}"
echo "as AWS runs it: template.yaml translated"
"$venv/bin/python" infra/translate.py template.yaml > "$translated"
# the transform has used up the parameter and the mapping that decide on gradual deployment; what is
# unused otherwise has been found above
"$venv/bin/cfn-lint" --ignore-checks W2001 W7001 -- "$translated"
echo "together: functions, alarms, dashboard, docs/operations.md"
"$venv/bin/python" infra/check.py
echo "safe: checkov, without what .checkov.yaml argues away"
"$venv/bin/checkov" --config-file .checkov.yaml "${templates[@]/#/--file=}"
echo "no findings"

#!/usr/bin/env bash
# The real template, deployed into an emulator of AWS, and a suite through its API: once as it is,
# and once with IAM enforced, each function under only its own role. Ends with a table.
#
#   infra/deployed/run.sh [open|enforced]
#
# Needs Rust, Python 3.11 and what `cargo build` needs; no account and no network but for the
# packages. Everything listens on the loopback interface only, and goes at the end.
#
#   ASSETBOX_TEMPLATE      another template than template.yaml
#   ASSETBOX_BOOTSTRAPS    a folder of built bootstraps, instead of building them
#   ASSETBOX_SUITE         the built suite, instead of building it
#   ASSETBOX_DEPLOYED_VENV where the Python packages live, instead of infra/deployed/.venv
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

modes=("${1:-open}" "${1:-enforced}")
[[ ${modes[0]} == "${modes[1]}" ]] && modes=("${modes[0]}")
template=${ASSETBOX_TEMPLATE:-template.yaml}
venv=${ASSETBOX_DEPLOYED_VENV:-infra/deployed/.venv}
bootstraps=${ASSETBOX_BOOTSTRAPS:-target/lambda}
region=eu-central-1
work=$(mktemp -d)
emulator=""

# The emulator and the bootstraps that it runs are one process group.
end_emulator() {
  [[ -z $emulator ]] && return 0
  kill -- "-$emulator" 2> /dev/null || true
  for _ in $(seq 40); do
    kill -0 -- "-$emulator" 2> /dev/null || break
    sleep 0.25
  done
  kill -KILL -- "-$emulator" 2> /dev/null || true
  wait "$emulator" 2> /dev/null || true
  emulator=""
}

finish() {
  local status=$?
  end_emulator
  if ((status != 0)); then
    printf '\nFAILED. What the emulator logged is in %s\n' "$work" >&2
  else
    rm -rf "$work"
  fi
}
trap finish EXIT

install_packages() {
  if ! cmp --silent infra/deployed/requirements.txt "$venv/requirements.txt"; then
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement infra/deployed/requirements.txt
    cp infra/deployed/requirements.txt "$venv/requirements.txt"
  fi
}

build_bootstraps() {
  [[ -n ${ASSETBOX_BOOTSTRAPS:-} ]] && return 0
  local packages
  mapfile -t packages < <(sed -n 's/^ *Binary: /--package=/p' template.yaml)
  PATH="$PWD/$venv/bin:$PATH" cargo lambda build --release --x86-64 --compiler cargo --output-format zip \
    "${packages[@]}"
}

build_suite() {
  [[ -n ${ASSETBOX_SUITE:-} ]] && return 0
  cargo test --quiet --workspace --test deployed --no-run
}

suite() {
  if [[ -n ${ASSETBOX_SUITE:-} ]]; then
    "$ASSETBOX_SUITE" "$@"
  else
    cargo test --quiet --workspace --test deployed -- "$@"
  fi
}

# Ports that nobody listens on.
free_ports() {
  python3 - "$1" << 'PYTHON'
import socket, sys
sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for each in sockets:
    each.bind(("127.0.0.1", 0))
print(*(each.getsockname()[1] for each in sockets))
PYTHON
}

# The emulator has no Rekognition: the functions are sent to the suite's own.
start_emulator() {
  local state=$1 auth=$2
  mkdir -p "$state"
  setsid env -i PATH=/usr/bin:/bin HOME="$state" TMPDIR="$state" \
    GATEWAY_PORT="$port" BIND_HOST=127.0.0.1 MINISTACK_HOST=127.0.0.1 MINISTACK_REGION="$region" \
    AWS_ENDPOINT_URL="http://127.0.0.1:$port" AWS_ENDPOINT_URL_REKOGNITION="http://127.0.0.1:$rekognition" \
    AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AUTH="$auth" \
    "$venv/bin/python" infra/deployed/emulator.py "$state/decisions.jsonl" > "$state/emulator.log" 2>&1 &
  emulator=$!
  for _ in $(seq 120); do
    curl --silent --fail --output /dev/null "http://127.0.0.1:$port/_ministack/health" && return
    kill -0 "$emulator" || return 1
    sleep 0.25
  done
  return 1
}

prove() {
  local mode=$1 state=$work/$1 auth=false failed=0 began=$SECONDS
  [[ $mode == enforced ]] && auth=true
  read -r port rekognition provider < <(free_ports 3)
  start_emulator "$state" "$auth"
  printf '\n=== %s: deploying %s\n' "$mode" "$template"
  "$venv/bin/python" infra/deployed/deploy.py "$template" "$port" "$bootstraps" "$rekognition" "$provider" > "$state/deployment.json"
  printf '=== %s: the suite\n' "$mode"
  # one after the other: they share the deployment and the stand-ins' ports
  ASSETBOX_DEPLOYMENT="$state/deployment.json" RUST_BACKTRACE=0 \
    AWS_ENDPOINT_URL="http://127.0.0.1:$port" AWS_REGION="$region" AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \
    suite --ignored --test-threads=1 | tee "$state/suite.log" || failed=1
  if [[ $auth == false ]]; then
    AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \
      "$venv/bin/python" infra/deployed/restored.py "$state/deployment.json" | tee -a "$state/suite.log" || failed=1
  fi
  end_emulator
  printf '\n| %s | seen |\n|---|---|\n' "$mode"
  grep '^| ' "$state/suite.log" || failed=1
  if [[ $auth == true ]]; then
    "$venv/bin/python" infra/deployed/roles.py "$state/decisions.jsonl" "$state/deployment.json" || failed=1
  fi
  printf -- '--- %s: %d s\n' "$mode" $((SECONDS - began))
  return $failed
}

install_packages
build_bootstraps
ASSETBOX_BOOTSTRAPS="$bootstraps" cargo test --quiet --workspace --test e2e contract::bootstrap
infra/sizes.py "$bootstraps"
build_suite
for mode in "${modes[@]}"; do
  prove "$mode"
done

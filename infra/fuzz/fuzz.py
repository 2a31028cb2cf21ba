"""Schemathesis against the running service: no 5xx, no answer outside the document. See run.sh."""

import argparse
import random
import secrets
import signal
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import schemathesis
import schemathesis.engine.context as engine_context
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema

from people import COLLEAGUE, STAFF, World
from promises import IDENTITY, is_of_no_route
from service import FromAnAddress, Service
from steering import Steering

ROOT = Path(__file__).resolve().parents[2]
IDENTITIES = ("owner", "member", "staff", "nobody")
PHASES = ("examples", "coverage", "fuzzing", "stateful")
# The rest of Schemathesis's checks presume what HTTP APIs behind API Gateway don't do: an undeclared method is a
# 404 of the gateway, not a 405; and who may do what is checked in promises.py.
LEFT_OUT = (
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
    "object_level_authorization",
    "positive_data_acceptance",
)


def handled(row):
    return row["cases"] - row["limited"] - row["no route"] - row["unanswered"]


class Tally:
    """What came of each route's cases."""

    def __init__(self):
        self.cases = defaultdict(Counter)
        self.failures = defaultdict(list)
        self.failing = defaultdict(set)
        self.errors = []

    def add(self, recorder, identity):
        for case_id, interaction in recorder.interactions.items():
            case = recorder.cases[case_id].value
            route = case.operation.label
            row = self.cases[route]
            row["cases"] += 1
            row[identity] += 1
            response = interaction.response
            if response is None:
                row["unanswered"] += 1
                continue
            row[f"{response.status_code // 100}xx"] += 1
            row["no route"] += is_of_no_route(case, response)
            row["limited"] += response.status_code == 429
        for case_id, checks in recorder.checks.items():
            for check in checks:
                if check.status == Status.FAILURE:
                    case = recorder.cases[case_id].value
                    self.failing[case.operation.label].add(case_id)
                    response = recorder.find_response(case_id=case_id)
                    status = response.status_code if response else None
                    info = check.failure_info
                    key = (case.operation.label, check.name, status, info.failure.title)
                    self.failures[key].append((identity, info.failure.message, info.code_sample))

    def total(self):
        """Cases that no limit held back, and that a route took."""
        return sum(handled(row) for row in self.cases.values())

    def print(self, routes, out):
        head = ("route", "cases", *IDENTITIES, "2xx", "4xx", "no route", "limited", "handled", "failures")
        rows = []
        for route in routes:
            row, failures = self.cases[route], len(self.failing[route])
            counts = [row[name] for name in ("cases", *IDENTITIES, "2xx", "4xx", "no route", "limited")]
            rows.append((route, *counts, handled(row), failures))
        rows.append(("all", *(sum(row[at] for row in rows) for at in range(1, len(head)))))
        width = max(len(row[0]) for row in rows)
        for row in (head, *rows):
            print(f"{row[0]:<{width}}", *(f"{cell:>{len(name)}}" for cell, name in zip(row[1:], head[1:])), sep="  ", file=out)

    def print_failures(self, out):
        for (route, check, status, title), found in sorted(self.failures.items(), key=str):
            identity, message, sample = found[0]
            print(f"\n{route} · {check} · {status} · {title} · {len(found)} times, first as {identity}", file=out)
            print(f"    {message[:600]}\n    {sample[:1500]}", file=out)
        for error in self.errors:
            print(f"\nerror: {error}", file=out)


def configuration(service, seed, examples):
    config = SchemathesisConfig.from_dict({
        "seed": seed,
        "cache": {"enabled": False},
        "base-url": service.url,
        "workers": 1,
        "continue-on-failure": True,
        "request-timeout": 30,
        "suppress-health-check": ["all"],
        "generation": {
            "max-examples": examples,
            "database": "none",
            "no-shrink": True,
            "with-security-parameters": False,
        },
        "phases": {
            "fuzzing": {"extra-data-sources": {"responses": False}},
            "coverage": {"extra-data-sources": {"responses": False}},
            "examples": {"extra-data-sources": {"responses": False}},
        },
        "checks": {
            **{name: {"enabled": False} for name in LEFT_OUT},
            # what is refused for another reason first is refused all the same: 410, 412 and 413, too
            "negative_data_rejection": {"expected-statuses": ["4xx"]},
            "missing_required_header": {"expected-statuses": ["4xx"]},
        },
    })
    return config


def run(service, world, document, identity, seed, examples, phases, tally, routes):
    config = configuration(service, seed, examples)
    config.projects.default.phases.update(phases=list(phases))
    schema = schemathesis.openapi.from_path(str(document), config=config)
    if routes:
        schema = schema.include(path_regex=routes)
    steering = Steering(service, world, identity, seed)
    IDENTITY["now"] = identity
    schemathesis.hooks.unregister_all()

    @schemathesis.hook
    def before_call(context, case, kwargs):
        steering.before_call(case)

    @schemathesis.hook
    def after_call(context, case, response):
        steering.after_call(case, response)

    @schemathesis.hook
    def filter_failure(context, failure, case, response):
        return not is_of_no_route(case, response)

    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            tally.add(event.recorder, identity)
        elif isinstance(event, events.NonFatalError):
            tally.errors.append(f"{identity} {event.phase} {event.label}: {event.info.format()}")
        elif isinstance(event, events.Interrupted):
            raise KeyboardInterrupt
        elif isinstance(event, events.FatalError):
            raise event.exception
    return [operation.ok().label for operation in schema.get_all_operations()]


def send_from_addresses(service):
    """The engine's sessions send each request from the address that its case names."""
    make = engine_context.make_session

    def made(config, *, operation=None):
        session = make(config, operation=operation)
        session.mount("http://", FromAnAddress(service))
        return session

    engine_context.make_session = made


def arguments():
    parser = argparse.ArgumentParser(prog="infra/fuzz/run.sh", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="at least so many that reach a handler (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=None, help="that of the run to repeat (default: a new one)")
    parser.add_argument("--binary", default=ROOT / "target/debug/assetbox", help="default: target/debug/assetbox")
    parser.add_argument("--document", default=ROOT / "infra/openapi.json", help="default: infra/openapi.json")
    parser.add_argument("--identity", choices=IDENTITIES, action="append", help="only as these (default: all)")
    parser.add_argument("--routes", help="only routes whose path matches this regular expression")
    parser.add_argument("--log", help="where the service's own log goes (default: a new temporary file)")
    return parser.parse_args()


def main():
    asked = arguments()
    seed = asked.seed if asked.seed is not None else secrets.randbelow(2**32)
    log = asked.log or tempfile.mkstemp(prefix="assetbox-fuzz-", suffix=".log")[1]
    print(f"seed {seed}; the service's log: {log}", flush=True)
    random.seed(seed)
    load_all_checks()
    identities = asked.identity or IDENTITIES
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    tally, routes, rounds = Tally(), [], 0
    service = Service(asked.binary, log, (STAFF, COLLEAGUE))
    try:
        send_from_addresses(service)
        world = World(service)
        while tally.total() < asked.cases:
            before = tally.total()
            for identity in identities:
                phases = PHASES if rounds == 0 else ("fuzzing", "stateful")
                examples = max(5, asked.cases // 62 // len(identities) // 2)
                routes = run(
                    service, world, asked.document, identity, seed + rounds, examples, phases, tally, asked.routes
                )
                print(f"{identity}, round {rounds + 1}: {tally.total()} cases handled so far", flush=True)
            rounds += 1
            if tally.total() == before:
                break
    except KeyboardInterrupt:
        print("ended early")
    finally:
        service.stop()
    tally.print(routes, sys.stdout)
    tally.print_failures(sys.stdout)
    failing = sum(len(cases) for cases in tally.failing.values())
    print(f"\n{tally.total()} cases handled, {failing} failed, {len(tally.errors)} errors, seed {seed}")
    untouched = [route for route in routes if not handled(tally.cases[route])]
    if untouched:
        print("never handled:", ", ".join(untouched))
    enough = tally.total() >= asked.cases
    return 0 if enough and not (failing or tally.errors or untouched) else 1


if __name__ == "__main__":
    sys.exit(main())

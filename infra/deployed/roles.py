#!/usr/bin/env python3
"""Compare what the functions' roles grant with what the suite asked them for.

  roles.py DECISIONS DEPLOYMENT

Fails when anything was denied, or when nothing was asked.
"""

import json
import sys
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path

# What AWS itself does under the role, and the emulator does without asking it.
OF_LAMBDA = {
    "logs:CreateLogStream": "Lambda's",
    "logs:PutLogEvents": "Lambda's",
    "xray:PutTraceSegments": "Lambda's",
    "xray:PutTelemetryRecords": "Lambda's",
    "sqs:ReceiveMessage": "the event source's",
    "sqs:DeleteMessage": "the event source's",
    "sqs:GetQueueAttributes": "the event source's",
    "dynamodb:DescribeStream": "the event source's",
    "dynamodb:GetRecords": "the event source's",
    "dynamodb:GetShardIterator": "the event source's",
    "dynamodb:ListStreams": "the event source's",
    "rekognition:DetectLabels": "at our own endpoint",
    "rekognition:DetectText": "at our own endpoint",
    "rekognition:DetectModerationLabels": "at our own endpoint",
}


def listed(value):
    return value if isinstance(value, list) else [value]


def short(function):
    """The logical id in a physical name: stack-LogicalId-random."""
    return function.rpartition("-")[0].rpartition("-")[2]


def grants(deployment):
    for function, statements in deployment["roles"].items():
        for statement in statements:
            for action in listed(statement["Action"]):
                yield function, statement["Sid"], action, listed(statement["Resource"])


def main(decisions, deployment):
    deployment = json.loads(Path(deployment).read_text(encoding="utf-8"))
    asked = Counter()
    denied = Counter()
    for line in Path(decisions).read_text(encoding="utf-8").splitlines():
        decision = json.loads(line)
        key = (decision["function"], decision["action"], decision["resource"])
        asked[key] += 1
        if not decision["allowed"]:
            denied[key + (decision.get("error", "not granted"),)] += 1
    if not asked:
        sys.exit("no role was asked for anything")

    unused = []
    for function, sid, action, resources in grants(deployment):
        used = any(
            caller == function and wanted == action and any(fnmatchcase(resource, pattern) for pattern in resources)
            for caller, wanted, resource in asked
        )
        if not used and action not in OF_LAMBDA:
            unused.append((short(function), sid, action))
    print(f"| roles: decisions, all by the functions' own roles | {sum(asked.values())} |")
    print(f"| roles: denied | {sum(denied.values())} |")
    print(f"| roles: granted, and not asked for by this suite | {len(unused)} |")
    for function, sid, action in sorted(unused):
        print(f"not asked for here: {function} {sid} {action}")
    for (function, action, resource, why), count in sorted(denied.items()):
        print(f"DENIED ({why}), {count} times: {short(function)} {action} {resource}", file=sys.stderr)
    if denied:
        sys.exit(1)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

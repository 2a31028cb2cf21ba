#!/usr/bin/env python3
"""infra/restore.py, run by its guide (docs/operations.md, "Restore a backup") against the emulator.

  restored.py DEPLOYMENT.json

Fails when a step does, when the script works on an open service or takes a copy of another moment,
when closing changes another parameter, when an item that came after the backup stays or one of the
backup is missing, and when the replay does not end.
"""

import json
import os
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import boto3

RESTORE = Path(__file__).parent.parent / "restore.py"
STACK = "assetbox-proof"
LATER = {"pk": {"S": "LATER"}, "sk": {"S": "than the backup"}}


def now():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def restore(*words):
    command = [sys.executable, str(RESTORE), words[0], STACK, *words[1:]]
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    print(done.stdout, end="", file=sys.stderr)
    return done


def succeeds(*words):
    done = restore(*words)
    if done.returncode != 0:
        sys.exit(f"restore.py {words[0]} failed")
    return done.stdout


def keys(client, table):
    pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return {(item["pk"]["S"], item["sk"]["S"]) for page in pages for item in page["Items"]}


def refuses(why, *words):
    if restore(*words).returncode == 0:
        sys.exit(why)


def parameters():
    (stack,) = boto3.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    return {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}


def main(deployment):
    told = json.loads(Path(deployment).read_text(encoding="utf-8"))
    os.environ.update(AWS_ENDPOINT_URL=told["emulator"], AWS_DEFAULT_REGION=told["region"])
    dynamodb = boto3.client("dynamodb")
    tables = [told["names"][table] for table in ("CatalogTable", "PeopleTable")]
    opened = parameters()

    since = now()
    succeeds("begin", "--since", since)
    refuses("a second moment was taken beside the first", "begin", "--since", "2026-01-01T00:00:00Z")
    before = {table: keys(dynamodb, table) for table in tables}
    for table in tables:
        dynamodb.put_item(TableName=table, Item=LATER)
    refuses("items were put back while the service was open", "back", "--since", since)
    succeeds("close")
    if parameters() != {**opened, "Closed": "true"}:
        sys.exit("closing changed more than Closed")
    # the emulator's CloudFormation leaves reserved concurrency out
    signup = told["names"]["SignupFunction"]
    boto3.client("lambda").put_function_concurrency(FunctionName=signup, ReservedConcurrentExecutions=0)
    refuses("a copy of another moment was put back", "back", "--since", "2026-01-01T00:00:00Z")
    succeeds("back", "--since", since)
    for table in tables:
        missing = before[table] - keys(dynamodb, table)
        later = (LATER["pk"]["S"], LATER["sk"]["S"])
        if missing or later in keys(dynamodb, table):
            sys.exit(f"{table} is not as the backup was: {len(missing)} items are missing")
    answers = succeeds("replay", "--since", since, "--restored-at", now()).splitlines()
    boto3.client("lambda").delete_function_concurrency(FunctionName=signup)
    succeeds("open")
    if parameters() != opened:
        sys.exit("opening changed more than Closed")
    succeeds("end", "--since", since)
    left = [table for table in dynamodb.list_tables()["TableNames"] if "-restored-" in table]
    if left:
        sys.exit(f"left behind: {left}")
    items = sum(len(before[table]) for table in tables)
    print(f"| a restore by infra/restore.py | {items} items put back, one taken away, replayed in {len(answers)} turns |")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])

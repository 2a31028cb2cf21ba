#!/usr/bin/env python3
"""Puts a backup of the tables back, and destroys again what was erased since.

    infra/restore.py close STACK                                   nothing runs any more but erasure
    infra/restore.py begin STACK --since 2026-11-20T10:00:00Z      tables as they were, beside those in use
    infra/restore.py back STACK --since …                          their items into the tables in use
    infra/restore.py replay STACK --since … --restored-at …        what was erased since is destroyed again
    infra/restore.py open STACK                                    everything runs again
    infra/restore.py end STACK --since …                           the tables beside those in use are deleted

docs/operations.md, "Restore a backup", says more. Each may be run again when it was interrupted.
--ledger takes the ledger's table too. Needs boto3 and the rights of an operator.
"""

import argparse
import json
import sys
import time
from datetime import datetime, timezone

import boto3
from botocore.config import Config

# The keys have no backup: what is destroyed there is gone.
TABLES = ["CatalogTable", "PeopleTable"]
# What refuses advertising only ever refuses: it is kept although the backup does not have it.
REFUSALS = "SUPPRESS#"


def physical(stack, resource):
    answer = boto3.client("cloudformation").describe_stack_resource(
        StackName=stack, LogicalResourceId=resource
    )
    return answer["StackResourceDetail"]["PhysicalResourceId"]


def beside(table, since):
    """The name of a copy tells its moment, so that none is taken for that of another."""
    return f"{table}-restored-{since.astimezone(timezone.utc):%Y%m%dT%H%M%SZ}"


def is_closed(stack):
    signup = physical(stack, "SignupFunction")
    limit = boto3.client("lambda").get_function_concurrency(FunctionName=signup)
    return limit.get("ReservedConcurrentExecutions") == 0


def set_closed(stack, closed):
    """Changes this one parameter of what is deployed: no code, no other value."""
    client = boto3.client("cloudformation")
    (deployed,) = client.describe_stacks(StackName=stack)["Stacks"]
    values = {each["ParameterKey"]: each["ParameterValue"] for each in deployed["Parameters"]}
    if values["Closed"] == closed:
        print(f"{stack} has Closed={closed} already")
        return
    client.update_stack(
        StackName=stack,
        UsePreviousTemplate=True,
        Parameters=[
            {"ParameterKey": key, "ParameterValue": closed}
            if key == "Closed"
            else {"ParameterKey": key, "UsePreviousValue": True}
            for key in values
        ],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    client.get_waiter("stack_update_complete").wait(StackName=stack, WaiterConfig={"Delay": 5, "MaxAttempts": 360})
    print(f"{stack} has Closed={closed} now")


def copies(client, tables):
    pages = client.get_paginator("list_tables").paginate()
    starts = tuple(f"{table}-restored-" for table in tables)
    return {name for page in pages for name in page["TableNames"] if name.startswith(starts)}


def begin(tables, since):
    client = boto3.client("dynamodb")
    others = copies(client, tables) - {beside(table, since) for table in tables}
    if others:
        sys.exit(f"there are copies of another moment, which the erased are still in; end those first: {sorted(others)}")
    for table in tables:
        copy = beside(table, since)
        try:
            client.restore_table_to_point_in_time(
                SourceTableName=table, TargetTableName=copy, RestoreDateTime=since
            )
            print(f"{table}: as of {since.isoformat()} in {copy}")
        except client.exceptions.TableAlreadyExistsException:
            print(f"{copy} is there already")
    for table in tables:
        while client.describe_table(TableName=beside(table, since))["Table"]["TableStatus"] != "ACTIVE":
            time.sleep(20)
        print(f"{beside(table, since)} is ready")


def items(table, **what):
    while True:
        page = table.scan(ConsistentRead=True, **what)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        what["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def back(tables, since):
    missing = {beside(table, since) for table in tables} - copies(boto3.client("dynamodb"), tables)
    if missing:
        sys.exit(f"there is no copy of that moment: {sorted(missing)}")
    dynamodb = boto3.resource("dynamodb")
    for name in tables:
        target, restored, gone = dynamodb.Table(name), set(), 0
        with target.batch_writer() as batch:
            for item in items(dynamodb.Table(beside(name, since))):
                batch.put_item(Item=item)
                restored.add((item["pk"], item["sk"]))
        with target.batch_writer() as batch:
            for key in items(target, ProjectionExpression="pk, sk"):
                is_extra = (key["pk"], key["sk"]) not in restored
                if is_extra and not key["pk"].startswith(REFUSALS):
                    batch.delete_item(Key=key)
                    gone += 1
        print(f"{name}: {len(restored)} items are back, {gone} that came later are gone")
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    print(f"now replay, before anything is opened: --since {since.isoformat()} --restored-at {now}")


def replay(stack, since, restored_at):
    erasure = physical(stack, "ErasureFunction")
    # an invocation takes up to five minutes
    client = boto3.client("lambda", config=Config(read_timeout=330, retries={"max_attempts": 0}))
    task = {
        "task": "replay_tombstones",
        "since": since.isoformat(),
        "restored_at": restored_at.isoformat(),
    }
    failures = 0
    while True:
        answer = client.invoke(
            FunctionName=erasure, Qualifier="live", Payload=json.dumps(task).encode()
        )
        outcome = json.load(answer["Payload"])
        print(json.dumps(outcome))
        if "FunctionError" in answer:
            failures += 1
            if failures == 5:
                sys.exit("it fails again and again: read the function's log, and keep the service closed")
        elif outcome["done"]:
            return


def end(tables, since):
    client = boto3.client("dynamodb")
    for copy in sorted(copies(client, tables) & {beside(table, since) for table in tables}):
        client.delete_table(TableName=copy)
        print(f"{copy} is being deleted")


def moment(text):
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no moment: write it like 2026-11-20T10:00:00Z") from None
    if at.tzinfo is None:
        raise argparse.ArgumentTypeError("give the zone, such as Z")
    return at


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=["close", "begin", "back", "replay", "open", "end"])
    parser.add_argument("stack")
    parser.add_argument("--since", type=moment, help="the moment that the backup is of")
    parser.add_argument("--restored-at", type=moment, help="when the items were back")
    parser.add_argument("--ledger", action="store_true", help="the ledger's table was lost too")
    args = parser.parse_args()
    if args.what == "close":
        return set_closed(args.stack, "true")
    if args.what == "open":
        return set_closed(args.stack, "false")
    if args.since is None:
        parser.error("--since is missing")
    if args.what == "replay" and args.restored_at is None:
        parser.error("--restored-at is missing")
    if args.what in ("back", "replay") and not is_closed(args.stack):
        sys.exit("the service is open: close it first")
    tables = [physical(args.stack, table) for table in TABLES + ["LedgerTable"] * args.ledger]
    if args.what == "begin":
        begin(tables, args.since)
    elif args.what == "back":
        back(tables, args.since)
    elif args.what == "replay":
        replay(args.stack, args.since, args.restored_at)
    else:
        end(tables, args.since)


if __name__ == "__main__":
    main()

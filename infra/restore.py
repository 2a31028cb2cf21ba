#!/usr/bin/env python3
"""Puts a backup of the tables back, and destroys again what was erased since.

    infra/restore.py begin STACK --since 2026-11-20T10:00:00Z    tables as they were, beside those in use
    infra/restore.py back STACK                                  their items into the tables in use
    infra/restore.py replay STACK --since … --restored-at …      what was erased since is destroyed again
    infra/restore.py end STACK                                   the tables beside those in use are deleted

docs/operations.md, "Restore a backup", says what comes before and after. Each may be run again when
it was interrupted. --ledger takes the ledger's table too. Needs boto3 and the rights of an operator.
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


def beside(table):
    return f"{table}-restored"


def is_closed(stack):
    signup = physical(stack, "SignupFunction")
    limit = boto3.client("lambda").get_function_concurrency(FunctionName=signup)
    return limit.get("ReservedConcurrentExecutions") == 0


def begin(stack, tables, since):
    client = boto3.client("dynamodb")
    for table in tables:
        try:
            client.restore_table_to_point_in_time(
                SourceTableName=table, TargetTableName=beside(table), RestoreDateTime=since
            )
            print(f"{table}: as of {since.isoformat()} in {beside(table)}")
        except client.exceptions.TableAlreadyExistsException:
            print(f"{beside(table)} is there already")
    for table in tables:
        while client.describe_table(TableName=beside(table))["Table"]["TableStatus"] != "ACTIVE":
            time.sleep(20)
        print(f"{beside(table)} is ready")


def items(table, **what):
    while True:
        page = table.scan(ConsistentRead=True, **what)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        what["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def back(tables):
    dynamodb = boto3.resource("dynamodb")
    for name in tables:
        target, restored, gone = dynamodb.Table(name), set(), 0
        with target.batch_writer() as batch:
            for item in items(dynamodb.Table(beside(name))):
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
    print(f"now replay, before anything is opened: --restored-at {now}")


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


def end(tables):
    client = boto3.client("dynamodb")
    for table in tables:
        client.delete_table(TableName=beside(table))
        print(f"{beside(table)} is being deleted")


def moment(text):
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if at.tzinfo is None:
        raise argparse.ArgumentTypeError("give the zone, such as Z")
    return at


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=["begin", "back", "replay", "end"])
    parser.add_argument("stack")
    parser.add_argument("--since", type=moment, help="the moment that the backup is of")
    parser.add_argument("--restored-at", type=moment, help="when the items were back")
    parser.add_argument("--ledger", action="store_true", help="the ledger's table was lost too")
    args = parser.parse_args()
    tables = [physical(args.stack, table) for table in TABLES + ["LedgerTable"] * args.ledger]
    if args.what in ("begin", "replay") and args.since is None:
        parser.error("--since is missing")
    if args.what in ("back", "replay") and not is_closed(args.stack):
        sys.exit("the service is open: deploy with Closed=true first")
    if args.what == "begin":
        begin(args.stack, tables, args.since)
    elif args.what == "back":
        back(tables)
    elif args.what == "replay":
        if args.restored_at is None:
            parser.error("--restored-at is missing")
        replay(args.stack, args.since, args.restored_at)
    else:
        end(tables)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Translate the SAM template into the CloudFormation that AWS would run.

  python3 infra/translate.py template.yaml > translated.json

A linter sees more in the translation than in the source: misspelt actions in
roles, circular references, the routes' permissions. No account and no network
are needed: code and nested templates count as packaged. What no linter sees is
checked here: CORS, the versions of functions, and how long their policies get.
"""

import json
import logging
import os
import re
import sys
from pathlib import Path

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

from samtranslator.translator.transform import transform  # noqa: E402  (reads the region when imported)
from samtranslator.yaml_helper import yaml_parse  # noqa: E402


class NoManagedPolicies:
    """Roles here name no managed policy, so there is none to look up."""

    def load(self):
        return {}


def package(template):
    """What `sam package` would do to local paths."""
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            properties["CodeUri"] = {"Bucket": "packaged", "Key": properties["CodeUri"]}
        elif resource["Type"] == "AWS::CloudFormation::Stack":
            properties["TemplateURL"] = f"https://s3.amazonaws.com/packaged/{properties['TemplateURL']}"


def check_cors(translated):
    """The transform takes a function for a member of CORS for the whole of it, and no linter sees it."""
    for name, resource in translated["Resources"].items():
        if resource["Type"] == "AWS::ApiGatewayV2::Api":
            cors = resource["Properties"]["Body"].get("x-amazon-apigateway-cors", {})
            if not isinstance(cors.get("allowOrigins"), list):
                sys.exit(f"{name}: the translated CORS has no list of origins: {json.dumps(cors)}")


def names_in(value):
    """The names that a value refers to, by Ref or in a Sub."""
    if isinstance(value, dict):
        own = {value["Ref"]} if isinstance(value.get("Ref"), str) else set()
        return own.union(*map(names_in, value.values()))
    if isinstance(value, list):
        return set().union(*map(names_in, value))
    return set(re.findall(r"\$\{([^}!]+)\}", value)) if isinstance(value, str) else set()


# The parameters whose change alone makes a new version. The transform names a version by the
# function's text, in which a parameter is a reference whatever its value, so CloudFormation would
# leave the alias at the version with the old value. Another description replaces a version.
TAKEN_UP = {"PublicUrl", "WebOrigin", "Revision"}


def check_versions(translated):
    """Lambda refuses a new version of a function that has not changed, so the two go together."""
    resources = translated["Resources"]
    versions = [resource["Properties"] for resource in resources.values() if resource["Type"] == "AWS::Lambda::Version"]
    functions = {name for name, resource in resources.items() if resource["Type"] == "AWS::Lambda::Function"}
    if functions != {version["FunctionName"]["Ref"] for version in versions}:
        sys.exit("not every function has a version, which its alias needs")
    for version in versions:
        function = version["FunctionName"]["Ref"]
        described = names_in(version.get("Description"))
        used = names_in(resources[function]["Properties"]) & TAKEN_UP
        if described != used:
            sys.exit(f"{function}: VersionDescription names {sorted(described)}, and the function {sorted(used)}")


# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
POLICY_BYTES = 20 * 1024
# docs/operations.md allows a stack's name this length; no region's name is longer
STACK, REGION, ACCOUNT = "s" * 24, "ap-northeast-1", "1" * 12
# what CloudFormation puts behind the names that it makes up
ENDING = "-123456789012"


def filled(value):
    """A value of the template as a deployed stack has it; what only AWS knows gets a usual length."""
    if isinstance(value, dict) and "Fn::Sub" in value:
        sub = value["Fn::Sub"]
        text, own = sub if isinstance(sub, list) else (sub, {})
        return re.sub(r"\$\{([^}!]+)\}", lambda name: filled(own.get(name[1], {"Ref": name[1]})), text)
    known = {"AWS::StackName": STACK, "AWS::Region": REGION, "AWS::Partition": "aws", "AWS::AccountId": ACCOUNT}
    if isinstance(value, dict):
        return known.get(value.get("Ref"), "a" * 10)
    return value


def statement(name, permission, function):
    """What CloudFormation adds for a permission to the policy of a function's alias."""
    said = {
        "Sid": f"{STACK}-{name}{ENDING}",
        "Effect": "Allow",
        "Principal": {"Service": permission["Principal"]},
        "Action": permission["Action"],
        "Resource": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}:live",
    }
    if "SourceArn" in permission:
        said["Condition"] = {"ArnLike": {"AWS:SourceArn": filled(permission["SourceArn"])}}
    return said


def check_policies(translated):
    """Lambda refuses a permission with which a policy is over its limit: too many routes of one function."""
    resources = translated["Resources"]
    policies = {}
    for name, resource in resources.items():
        if resource["Type"] == "AWS::Lambda::Permission":
            alias = resources[resource["Properties"]["FunctionName"]["Ref"]]
            function = alias["Properties"]["FunctionName"]["Ref"]
            named = resources[function]["Properties"].get("FunctionName", f"{STACK}-{function}{ENDING}")
            policies.setdefault(function, []).append(statement(name, resource["Properties"], filled(named)))
    for function, statements in policies.items():
        policy = {"Version": "2012-10-17", "Id": "default", "Statement": statements}
        length = len(json.dumps(policy, separators=(",", ":")))
        if length > POLICY_BYTES:
            sys.exit(f"{function}: {len(statements)} permissions make a policy of {length} bytes, of {POLICY_BYTES} at most")


def main(path):
    # it warns of each function that its own feature flags are not set here
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    template = yaml_parse(Path(path).read_text(encoding="utf-8"))
    package(template)
    translated = transform(template, {}, NoManagedPolicies())
    check_cors(translated)
    check_versions(translated)
    check_policies(translated)
    json.dump(translated, sys.stdout, indent=1)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])

#!/usr/bin/env python3
"""Translate the SAM template into the CloudFormation that AWS would run.

  python3 infra/translate.py template.yaml > translated.json

A linter sees more in the translation than in the source: misspelt actions in
roles, circular references, the routes' permissions. No account and no network
are needed: code and nested templates count as packaged. What no linter sees is
checked here: CORS, and the versions of functions.
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


def main(path):
    # it warns of each function that its own feature flags are not set here
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    template = yaml_parse(Path(path).read_text(encoding="utf-8"))
    package(template)
    translated = transform(template, {}, NoManagedPolicies())
    check_cors(translated)
    check_versions(translated)
    json.dump(translated, sys.stdout, indent=1)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])

#!/usr/bin/env python3
"""Translate the SAM template into the CloudFormation that AWS would run.

  python3 infra/translate.py template.yaml > translated.json

A linter sees more in the translation than in the source: misspelt actions in
roles, circular references, the routes' permissions. No account and no network
are needed: code and nested templates count as packaged.
"""

import json
import os
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


def main(path):
    template = yaml_parse(Path(path).read_text(encoding="utf-8"))
    package(template)
    translated = transform(template, {}, NoManagedPolicies())
    check_cors(translated)
    json.dump(translated, sys.stdout, indent=1)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])

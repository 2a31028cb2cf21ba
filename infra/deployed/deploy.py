#!/usr/bin/env python3
"""Deploy a template into the emulator as an operator deploys it to AWS.

  deploy.py TEMPLATE PORT BOOTSTRAPS REKOGNITION_PORT PROVIDER_PORT > deployment.json

BOOTSTRAPS is the folder in which `cargo lambda build` left a folder with a
bootstrap.zip for each binary. Prints what a person would read in the console
afterwards: where the API is, and what everything is called.
"""

import json
import secrets
import sys
from pathlib import Path

import boto3
from botocore.config import Config
from samtranslator.yaml_helper import yaml_parse

STACK = "assetbox-proof"
REGION = "eu-central-1"
STAFF = "staff@assetbox.example"
PACKAGES = "packages"


# What the emulator can't take, why, and which other proof covers it. Each is printed, and one that
# the template no longer needs fails the deployment.
NOT_TAKEN = {
    ("Outputs", "MailDkimRecords"): "its mail identities have no DKIM records to put out; cfn-lint knows the attributes",
}


class Emulator:
    """The emulator's services, as the account's owner calls them."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(s3={"addressing_style": "path"}),
        )


def package(emulator, source, bootstraps):
    """What `sam package` does: code and nested templates go to a bucket, the template names them there."""
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket=PACKAGES, CreateBucketConfiguration={"LocationConstraint": REGION})
    template = yaml_parse(source.read_text(encoding="utf-8"))
    for (section, name), reason in NOT_TAKEN.items():
        del template[section][name]
        print(f"not taken by the emulator: {section} {name}: {reason}", file=sys.stderr)
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            binary = resource["Metadata"]["BuildProperties"]["Binary"]
            key = f"{binary}.zip"
            s3.upload_file(str(bootstraps / binary / "bootstrap.zip"), PACKAGES, key)
            properties["CodeUri"] = {"Bucket": PACKAGES, "Key": key}
        elif resource["Type"] == "AWS::CloudFormation::Stack":
            path = properties["TemplateURL"]
            nested = yaml_parse((source.parent / path).read_text(encoding="utf-8"))
            s3.put_object(Bucket=PACKAGES, Key=path, Body=json.dumps(nested))
            properties["TemplateURL"] = f"{emulator.url}/{PACKAGES}/{path}"
    s3.put_object(Bucket=PACKAGES, Key="template.json", Body=json.dumps(template))
    return f"{emulator.url}/{PACKAGES}/template.json"


def apply(cloudformation, template_url, parameters):
    """Creates or updates the stack and waits; tells what failed."""
    exists = any(stack["StackName"] == STACK for stack in cloudformation.describe_stacks()["Stacks"])
    change = cloudformation.update_stack if exists else cloudformation.create_stack
    change(
        StackName=STACK,
        TemplateURL=template_url,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    waiter = cloudformation.get_waiter("stack_update_complete" if exists else "stack_create_complete")
    try:
        waiter.wait(StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 180})
    except Exception as error:
        pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=STACK)
        for event in (event for page in pages for event in page["StackEvents"]):
            if event["ResourceStatus"].endswith("FAILED"):
                print(event["LogicalResourceId"], event.get("ResourceStatusReason"), file=sys.stderr)
        sys.exit(f"the deployment failed: {error}")


def resources(cloudformation):
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK)
    found = [resource for page in pages for resource in page["StackResourceSummaries"]]
    return {resource["LogicalResourceId"]: resource for resource in found}


def roles(emulator, made):
    """What each function's role grants, by the function's physical name."""
    functions, iam = emulator.client("lambda"), emulator.client("iam")
    granted = {}
    for resource in made.values():
        if resource["ResourceType"] != "AWS::Lambda::Function":
            continue
        function = resource["PhysicalResourceId"]
        role = functions.get_function_configuration(FunctionName=function)["Role"].rpartition("/")[2]
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        documents = (iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names)
        granted[function] = [statement for document in documents for statement in document["Statement"]]
    return granted


def fill_secret(emulator, secret_id):
    """What the operator does by hand after the first deployment: staff, and the providers' keys."""
    client = emulator.client("secretsmanager")
    secret = json.loads(client.get_secret_value(SecretId=secret_id)["SecretString"])
    secret["staff"] = [STAFF]
    secret["stripe"] = {
        "api_key": f"sk_test_{secrets.token_hex(16)}",
        "webhook_secrets": [f"whsec_{secrets.token_hex(16)}"],
    }
    secret["yookassa"] = {"shop_id": "100000", "secret_key": f"test_{secrets.token_hex(16)}"}
    client.put_secret_value(SecretId=secret_id, SecretString=json.dumps(secret))
    return secret


def main(template, port, bootstraps, rekognition_port, provider_port):
    emulator = Emulator(port)
    cloudformation = emulator.client("cloudformation")
    template_url = package(emulator, Path(template), Path(bootstraps))
    provider_url = f"http://127.0.0.1:{provider_port}"
    parameters = {
        "Architecture": "x86_64",
        "S3ForcePathStyle": "true",
        "DeletionProtection": "false",
        "ProofRetentionMode": "GOVERNANCE",
        "MailDomain": "proof.example",
        "MailFrom": "no-reply@proof.example",
        "PrivacyAddress": "privacy@proof.example",
        "OperatorName": "Proof",
        "StripeApiUrl": provider_url,
        "YookassaApiUrl": provider_url,
        "YookassaSources": "127.0.0.1/32",
        "WebOrigin": "https://app.proof.example",
        # it has no CodeDeploy
        "DeploymentType": "AllAtOnce",
        # nor receipt rules
        "ReceiveMail": "false",
    }
    apply(cloudformation, template_url, parameters)
    made = resources(cloudformation)
    names = {id: resource["PhysicalResourceId"] for id, resource in made.items()}
    secret = fill_secret(emulator, names["AppSecret"])
    # the second deployment, now that the API's address is known
    api_url = f"{emulator.url}/_aws/execute-api/{names['HttpApi']}"
    apply(cloudformation, template_url, {**parameters, "PublicUrl": api_url})

    outputs = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0].get("Outputs", [])
    json.dump(
        {
            "emulator": emulator.url,
            "region": REGION,
            "api_url": api_url,
            "rekognition_port": int(rekognition_port),
            "provider_port": int(provider_port),
            "staff": STAFF,
            "secret": secret,
            "web_origin": parameters["WebOrigin"],
            "names": names,
            "types": {id: resource["ResourceType"] for id, resource in made.items()},
            "roles": roles(emulator, made),
            "outputs": {output["OutputKey"]: output["OutputValue"] for output in outputs},
        },
        sys.stdout,
        indent=1,
    )


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])

#!/usr/bin/env python3
"""Run the emulator, with what it leaves out and AWS does.

  emulator.py DECISIONS

Its settings are environment variables: GATEWAY_PORT, BIND_HOST, AUTH and so
on. With AUTH=true every decision on a call of a function is added to the file
DECISIONS, a JSON object a line: function, action, resource, and whether the
function's role allows it.

- The OpenAPI document that a SAM template's HTTP API becomes is imported, and
  what AWS warns of at an import fails the deployment (FailOnWarnings).
- The SAM transform knows the parameters' values.
- A secret's Ref is its ARN.
- A policy is asked with the condition keys ses:FromAddress and
  kms:SigningAlgorithm, and about the resources that a letter is sent on, all
  read from the signed request.
- Every call counts as one with TLS: the emulator is spoken to on the loopback
  interface without, which the buckets and queues refuse.

What is allowed is decided by the roles and policies of the template alone.
"""

import base64
import contextvars
import email
import email.utils
import json
import sys
import threading
from pathlib import Path
from urllib.parse import parse_qs

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id
from ministack.services import apigateway, secretsmanager
from ministack.services.cloudformation import changesets, engine, handlers, provisioners
from samtranslator.translator import transform

allowed_by_roles = iam_evaluator.enforce
decisions = None
lock = threading.Lock()

CORS = "x-amazon-apigateway-cors"
INTEGRATION = "x-amazon-apigateway-integration"
HTTP_API = "AWS::ApiGatewayV2::Api"
CORS_MEMBERS = {"allowOrigins", "allowMethods", "allowHeaders", "exposeHeaders", "allowCredentials", "maxAge"}


def import_body(api, document):
    """What API Gateway makes of an OpenAPI document."""
    cors = document.get(CORS)
    if cors is not None:
        if not isinstance(cors, dict) or not {"allowOrigins"} <= cors.keys() <= CORS_MEMBERS:
            raise ValueError(f"the import warns: {CORS} is no CORS configuration: {json.dumps(cors)}")
        apigateway._apis[api]["corsConfiguration"] = cors
    apigateway._routes[api] = {}
    apigateway._integrations[api] = {}
    for path, methods in document.get("paths", {}).items():
        for method, operation in methods.items():
            spec = operation[INTEGRATION]
            made = apigateway._create_integration(
                api,
                {
                    "integrationType": spec["type"].upper(),
                    "integrationMethod": spec["httpMethod"],
                    "integrationUri": spec["uri"],
                    "payloadFormatVersion": spec["payloadFormatVersion"],
                },
            )
            target = f"integrations/{json.loads(made[2])['integrationId']}"
            apigateway._create_route(api, {"routeKey": f"{method.upper()} {path}", "target": target})


def import_bodies():
    http_api = provisioners._RESOURCE_HANDLERS[HTTP_API]
    create, update = http_api["create"], http_api["update"]

    def create_and_import(logical_id, props, stack):
        physical_id, attributes = create(logical_id, props, stack)
        import_body(physical_id, props["Body"])
        return physical_id, attributes

    def update_and_import(physical_id, old, new, stack, logical_id=None):
        physical_id, attributes = update(physical_id, old, new, stack, logical_id)
        import_body(physical_id, new["Body"])
        return physical_id, attributes

    http_api["create"], http_api["update"] = create_and_import, update_and_import


def give_parameters_to_sam():
    values = {}
    translate, apply = transform.transform, engine._apply_transforms

    def apply_with_values(template, provided=None, previous=None):
        values.clear()
        values.update(engine._transform_parameters(template, provided, previous))
        return apply(template, provided, previous)

    transform.transform = lambda template, _none, policies: translate(template, dict(values), policies)
    handlers._apply_transforms = changesets._apply_transforms = apply_with_values


def refer_to_secrets_by_arn():
    secret = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
    create, update = secret["create"], secret["update"]

    def create_by_arn(*args):
        _name, attributes = create(*args)
        return attributes["Arn"], attributes

    def update_by_arn(arn, *args, **named):
        names = (name for name, secret in secretsmanager._secrets.items() if secret["ARN"] == arn)
        _name, attributes = update(next(names), *args, **named)
        return attributes["Arn"], attributes

    secret["create"], secret["update"] = create_by_arn, update_by_arn


def count_as_tls():
    origin = contextvars.ContextVar("origin", default=("127.0.0.1", True))
    iam_evaluator._request_origin = origin
    app.pin_request_origin = lambda address, _secure: origin.set((address, True))


def mail(body, region):
    """Who sends, and the identity and configuration set that SES asks the policy about."""
    form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
    message = email.message_from_bytes(base64.b64decode(form["RawMessage.Data"]))
    sender = email.utils.parseaddr(message["From"])[1]
    prefix = f"arn:aws:ses:{region}:{get_account_id()}"
    resources = [f"{prefix}:identity/{sender.rpartition('@')[2]}"]
    if "ConfigurationSetName" in form:
        resources.append(f"{prefix}:configuration-set/{form['ConfigurationSetName']}")
    return resources, {"ses:FromAddress": sender}


def asked(action, resource, region, request):
    """On which resources, and with which condition keys, a policy is asked about a call."""
    if request is not None and action == "ses:SendRawEmail":
        return mail(request.body, region)
    if request is not None and action == "kms:Sign":
        return [resource], {"kms:SigningAlgorithm": json.loads(request.body)["SigningAlgorithm"]}
    return [resource], {}


def note(access_key, action, resource, denied):
    caller = iam_evaluator.resolve_caller_identity(access_key)
    session = caller and caller["session"]
    if not session:
        return
    line = {
        "function": session["Arn"].rpartition("/")[2],
        "action": action,
        "resource": resource,
        "allowed": denied is None,
    }
    if isinstance(denied, iam_evaluator.AuthError):
        line["error"] = denied.code
    with lock:
        decisions.write(json.dumps(line) + "\n")
        decisions.flush()


def enforce(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
    request = iam_evaluator._signed_request.get()
    resources, keys = asked(iam_action, resource_arn, region, request)
    for resource in resources:
        denied = allowed_by_roles(
            access_key_id, iam_action, service, region, resource, {**(service_context or {}), **keys}
        )
        note(access_key_id, iam_action, resource, denied)
        if denied:
            return denied
    return None


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    decisions = Path(sys.argv.pop()).open("a", encoding="utf-8")
    give_parameters_to_sam()
    import_bodies()
    refer_to_secrets_by_arn()
    count_as_tls()
    iam_evaluator.enforce = enforce
    app.main()

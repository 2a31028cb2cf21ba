"""What every answer of the API promises beside the document: errors are problems, heads are safe,
nobody gets in. And which answers are of no route, and so not in the document."""

import json
import re
from urllib.parse import unquote, urlsplit

import schemathesis
from schemathesis.core.failures import Failure

SAFE_HEADERS = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
IDENTITY = {"now": "nobody"}


def header(response, name):
    values = response.headers.get(name)
    return values[0] if values else None


def takes(case, path):
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", case.operation.path), path, re.DOTALL)


def is_of_no_route(case, response):
    """API Gateway answers what no route takes, and bodies over its limit. It decodes a path before it matches it,
    so that `%2F` in an id can lead to another route."""
    by_function = header(response, "x-request-id")
    if response.status_code == 413:
        return not by_function and len(response.request.body or b"") > 5 * 2**20
    path = unquote(urlsplit(response.request.url).path)
    if by_function:
        return response.status_code in (404, 405) and not takes(case, path)
    other_method = case.method.upper() != case.operation.method.upper()
    return response.status_code == 404 and (other_method or not takes(case, path))


def fail(case, title, message):
    raise Failure(operation=case.operation.label, title=title, message=message)


@schemathesis.check
def status_is_listed(ctx, response, case):
    """The document names each status itself; its `default` is no excuse."""
    if is_of_no_route(case, response):
        return
    listed = [str(code) for code in case.operation.responses.status_codes]
    if str(response.status_code) not in listed:
        fail(case, "Status is not listed", f"{response.status_code}: {response.content[:300]!r}; listed are {listed}")


@schemathesis.check
def errors_are_problems(ctx, response, case):
    """RFC 9457, with the id of the request; 429 and 503 say when to come again, 401 how to sign in."""
    if response.status_code < 400 or is_of_no_route(case, response):
        return
    if case.operation.path.startswith(("/opendsr/", "/opengdpr/")):
        # errors in the form of their specification
        error = json.loads(response.content)["error"]
        if error["code"] != response.status_code or not error["errors"]:
            fail(case, "An error contradicts its answer", json.dumps(error))
        return
    if header(response, "content-type") != "application/problem+json":
        fail(case, "An error is no problem document", f"{response.status_code} {header(response, 'content-type')}")
    problem = json.loads(response.content)
    fits = (
        problem["status"] == response.status_code
        and problem["request_id"] == header(response, "x-request-id")
        and problem["type"] == f"urn:assetbox:problem:{problem['code']}"
        and problem["title"]
        and problem["detail"]
    )
    if not fits:
        fail(case, "A problem document contradicts its answer", json.dumps(problem))
    if response.status_code in (429, 503) and not (header(response, "retry-after") or "").isdigit():
        fail(case, "No Retry-After", json.dumps(problem))
    if response.status_code == 401 and not header(response, "www-authenticate"):
        fail(case, "No WWW-Authenticate", json.dumps(problem))


@schemathesis.check
def heads_are_safe(ctx, response, case):
    """Nothing is sniffed, no address leaks, nothing private is kept by caches, pages bind themselves."""
    if is_of_no_route(case, response):
        return
    wrong = {name: header(response, name) for name, value in SAFE_HEADERS.items() if header(response, name) != value}
    if not (header(response, "strict-transport-security") or "").startswith("max-age="):
        wrong["strict-transport-security"] = None
    public = case.operation.path.startswith("/policies") and response.status_code == 200
    if not public and "no-store" not in (header(response, "cache-control") or ""):
        wrong["cache-control"] = header(response, "cache-control")
    if (header(response, "content-type") or "").startswith("text/html"):
        if "default-src 'none'" not in (header(response, "content-security-policy") or "") and not header(
            response, "content-disposition"
        ):
            wrong["content-security-policy"] = header(response, "content-security-policy")
    if wrong:
        fail(case, "An unsafe head", f"{response.status_code} {wrong}")


@schemathesis.check
def nobody_gets_in(ctx, response, case):
    """Without a session no route that demands one is answered, and the staff's only for staff."""
    if response.status_code >= 400:
        return
    demands = case.operation.definition.raw.get("security", [])
    if demands and {} not in demands and IDENTITY["now"] == "nobody":
        fail(case, "Nobody got in", f"{response.status_code}: {response.content[:300]!r}")
    if case.operation.path.startswith("/compliance/") and IDENTITY["now"] != "staff":
        fail(case, "Somebody who is not staff got in", f"{response.status_code}: {response.content[:300]!r}")

"""POST /uploads as the function `uploads` does it, written plainly on the official SDK: the session
by its token's hash, the reservation in one transaction, the presigned request. Below it the loop on
Lambda's Runtime API, which is less than what Lambda's own Python starts.
"""

import base64
import hashlib
import http.client
import json
import os
import re
import secrets
import time
from datetime import UTC, datetime

import boto3
from botocore.config import Config

CATALOG, PEOPLE = os.environ["TABLE_CATALOG"], os.environ["TABLE_PEOPLE"]
BUCKET = os.environ["BUCKET_ASSETS"]
ADDRESSING = "path" if os.environ["S3_FORCE_PATH_STYLE"] == "true" else "auto"
DAY = 24 * 3600

dynamodb = boto3.client("dynamodb")
s3 = boto3.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": ADDRESSING}))


class Problem(Exception):
    def __init__(self, status, code):
        super().__init__(code)
        self.status = status


def text(value):
    return {"S": value}


def written(seconds):
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read(timestamp):
    return datetime.fromisoformat(timestamp).timestamp()


def parsed(header):
    """A token is `abs_` and base64url of the workspace's id, the person's id and a secret."""
    token = re.fullmatch(r"(?i:Bearer) (abs_[\w-]{86})", header or "")
    if not token:
        raise Problem(401, "sign_in_required")
    token = token[1]
    data = base64.urlsafe_b64decode(token[4:] + "==")
    digest = hashlib.sha256(b"session\0" + token.encode()).hexdigest()
    return f"wsp_{data[:16].hex()}", f"usr_{data[16:32].hex()}", digest


def signed_in(header, now):
    workspace, subject, digest = parsed(header)
    partition = text(f"WSP#{workspace}")
    catalog = [
        {"pk": partition, "sk": text(f"MEMBER#{subject}")},
        {"pk": partition, "sk": text("META")},
    ]
    people = [{"pk": text(f"SUBJ#{subject}"), "sk": text(f"SESSION#{digest}")}]
    found = dynamodb.batch_get_item(
        RequestItems={
            CATALOG: {"Keys": catalog, "ConsistentRead": True},
            PEOPLE: {"Keys": people, "ConsistentRead": True},
        }
    )["Responses"]
    session = next(iter(found[PEOPLE]), None)
    items = {item["sk"]["S"]: item for item in found[CATALOG]}
    meta, member = items.get("META"), items.get(f"MEMBER#{subject}")
    holds = session and member and meta and session["workspace"]["S"] == workspace
    if not holds or read(session["expires_at"]["S"]) <= now:
        raise Problem(401, "sign_in_required")
    trial = meta["billing"]["M"].get("trial", {}).get("M")
    if "closing_since" in meta or not (trial and now < read(trial["ends_at"]["S"])):
        raise Problem(403, "workspace_read_only")
    return workspace, subject, int(meta["storage_limit_bytes"]["N"])


def checked(body):
    file = json.loads(body)
    name, size = file["name"], file["size_bytes"]
    if not isinstance(name, str) or not 1 <= len(name) <= 255 or "/" in name:
        raise Problem(422, "invalid_field")
    if not re.fullmatch(r"(image|video|audio|text|application)/[\w.+-]+", file["content_type"]):
        raise Problem(422, "unsupported_type")
    if not isinstance(size, int) or not 1 <= size < 100 * 2**20:
        raise Problem(422, "invalid_field")
    if not re.fullmatch(r"(?i:[0-9a-f]{64})", file["sha256"]):
        raise Problem(422, "checksum_required")
    return file


def uuid(now):
    """UUID, version 7 (RFC 9562)."""
    data = bytearray(int(now * 1000).to_bytes(6, "big") + secrets.token_bytes(10))
    data[6] = 0x70 | (data[6] & 0x0F)
    data[8] = 0x80 | (data[8] & 0x3F)
    return bytes(data)


def reserve(file, workspace, subject, limit, id, now):
    partition = text(f"WSP#{workspace}")
    expires = written(now + 7 * DAY)
    upload = {
        "pk": partition,
        "sk": text(f"UPLOAD#upl_{id.hex()}"),
        "workspace": text(workspace),
        "id": text(f"upl_{id.hex()}"),
        "state": text("open"),
        "uploaded_by": text(subject),
        "name": text(file["name"]),
        "content_type": text(file["content_type"]),
        "size_bytes": {"N": str(file["size_bytes"])},
        "sha256": text(file["sha256"].lower()),
        "created_at": text(written(now)),
        "expires_at": text(expires),
        "due_queue": text(f"UPLOAD#{id[15] % 4}"),
        "due_at": text(expires),
        "expires_at_epoch": {"N": str(int(now + 30 * DAY))},
    }
    quota = {
        "TableName": CATALOG,
        "Key": {"pk": partition, "sk": text("META")},
        "UpdateExpression": "ADD stored_bytes :size",
        "ConditionExpression": "stored_bytes <= :room AND attribute_not_exists(closing_since)",
        "ExpressionAttributeValues": {
            ":size": {"N": str(file["size_bytes"])},
            ":room": {"N": str(limit - file["size_bytes"])},
        },
    }
    put = {"TableName": CATALOG, "Item": upload, "ConditionExpression": "attribute_not_exists(pk)"}
    dynamodb.transact_write_items(TransactItems=[{"Update": quota}, {"Put": put}])
    return expires


def presigned(file, key):
    checksum = base64.b64encode(bytes.fromhex(file["sha256"])).decode()
    url = s3.generate_presigned_url(
        "put_object",
        Params={
            "Bucket": BUCKET,
            "Key": key,
            "ContentType": file["content_type"],
            "ContentLength": file["size_bytes"],
            "ChecksumSHA256": checksum,
            "IfNoneMatch": "*",
        },
        ExpiresIn=3600,
    )
    headers = {
        "content-type": file["content_type"],
        "content-length": str(file["size_bytes"]),
        "x-amz-checksum-sha256": checksum,
        "if-none-match": "*",
    }
    return {"method": "PUT", "url": url, "headers": headers}


def begin(event):
    now = time.time()
    workspace, subject, limit = signed_in(event["headers"].get("authorization"), now)
    body = event["body"]
    if event["isBase64Encoded"]:
        body = base64.b64decode(body)
    file = checked(body)
    id = uuid(now)
    expires = reserve(file, workspace, subject, limit, id, now)
    asset = f"ast_{id.hex()}"
    return {
        "id": f"upl_{id.hex()}",
        "asset_id": asset,
        "state": "open",
        "name": file["name"],
        "content_type": file["content_type"],
        "size_bytes": file["size_bytes"],
        "put": presigned(file, f"originals/{workspace}/{asset}/1"),
        "parts": None,
        "expires_at": expires,
    }


def answer(event):
    try:
        status, kind, body = 201, "application/json", begin(event)
    except Problem as problem:
        status, kind = problem.status, "application/problem+json"
        body = {"status": status, "code": str(problem)}
    return {
        "statusCode": status,
        "headers": {"content-type": kind, "x-request-id": event["requestContext"]["requestId"]},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }


def serve():
    runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    invocations = "/2018-06-01/runtime/invocation"
    while True:
        runtime.request("GET", f"{invocations}/next")
        response = runtime.getresponse()
        id = response.headers["lambda-runtime-aws-request-id"]
        event = json.load(response)
        try:
            kind, body = "response", answer(event)
        except Exception as error:
            kind, body = "error", {"errorType": type(error).__name__, "errorMessage": str(error)}
        runtime.request("POST", f"{invocations}/{id}/{kind}", json.dumps(body))
        runtime.getresponse().read()


serve()

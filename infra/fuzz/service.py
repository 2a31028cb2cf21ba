"""The service under test: its process, its clock, its letters, and calls to it."""

import email
import email.policy
import hashlib
import hmac
import itertools
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections import defaultdict
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter

COMMON_ADDRESS = "127.0.0.1"
PATIENCE_S = 60
LINK = re.compile(r"/confirm#([a-z-]+)=([A-Za-z0-9_.-]+)")
CERTIFICATE = re.compile(r"/certificates/(cas_[0-9a-f]+)")


class FromAnAddress(HTTPAdapter):
    """Sends from the loopback address that the request's `x-fuzz-from` names, which stays here."""

    def __init__(self, service):
        self.service = service
        self.by_address = {}
        super().__init__()

    def send(self, request, **kwargs):
        address = request.headers.pop("x-fuzz-from", COMMON_ADDRESS)
        if request.headers.pop("x-fuzz-sign", None):
            self.service.sign(request)
        return self.adapter(address).send(request, **kwargs)

    def adapter(self, address):
        if len(self.by_address) > 100:
            self.close()
        if address not in self.by_address:
            adapter = HTTPAdapter()
            adapter.init_poolmanager(1, 1, source_address=(address, 0))
            self.by_address[address] = adapter
        return self.by_address[address]

    def close(self):
        for adapter in self.by_address.values():
            adapter.close()
        self.by_address.clear()


class Service:
    """`assetbox` on a free port, with a data folder that goes with it, and what a person at this machine can see
    of it."""

    def __init__(self, binary, log, staff):
        self.log = open(log, "w")
        self.binary, self.data = binary, Path(tempfile.mkdtemp(prefix="assetbox-fuzz-"))
        self.start()
        # who is staff is read at the start only
        self.end()
        self.secret = self.change_secret({"staff": staff})
        self.start()
        self.addresses = (f"127.{1 + n // 62500 % 250}.{n // 250 % 250}.{1 + n % 250}" for n in itertools.count())
        self.session = requests.Session()
        self.session.mount("http://", FromAnAddress(self))
        self.read_letters, self.links, self.certificates = set(), defaultdict(list), []

    def start(self):
        command = [self.binary, "--data", self.data, "--port", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        for line in self.process.stdout:
            words = line.split()
            if words[:1] == ["API"]:
                self.url = words[1]
            if words[:1] == ["Data"]:
                return
        raise SystemExit(f"{self.binary} did not start; see {self.log.name}")

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=30)

    def stop(self):
        self.end()
        self.log.close()
        shutil.rmtree(self.data)

    def change_secret(self, changes):
        """The application's secret of this machine, with these changes."""
        path = self.data / "services" / "secrets.json"
        secrets = json.loads(path.read_text())
        version = secrets[0]["versions"][0]
        changed = json.loads(version["value"]) | changes
        version["value"] = json.dumps(changed)
        path.write_text(json.dumps(secrets))
        return changed

    def fresh_address(self):
        """An address of its own: limits per network don't meet who sends from it."""
        return next(self.addresses)

    def call(self, method, path, token=None, body=None, headers=None, data=None):
        """One of the harness's own calls, from an address of its own."""
        headers = {"x-fuzz-from": self.fresh_address(), **(headers or {})}
        if token:
            headers["authorization"] = f"Bearer {token}"
        url = path if path.startswith("http") else self.url + path
        return self.session.request(method, url, headers=headers, json=body, data=data, timeout=30)

    def published(self, document):
        """The version of a document that is in force."""
        answer = self.call("GET", f"/policies/{document}")
        return answer.json() if answer.ok else {}

    def shown(self, document):
        """What somebody says who was shown a document's English text."""
        version = self.published(document)
        english = [text["sha256"] for text in version.get("texts", []) if text["locale"] == "en"]
        return {"version": version["version"], "sha256": english[0], "locale": "en"} if english else {}

    def advance(self, seconds):
        self.call("POST", "/_local/clock", body={"advance_seconds": seconds}).raise_for_status()

    def offset(self):
        return self.call("GET", "/_local/clock").json()["offset_seconds"]

    def time(self):
        """The service's, in seconds since 1970."""
        return time.time() + self.offset()

    def now(self, **later):
        """The service's time, so much later, as in RFC 3339."""
        at = datetime.fromtimestamp(self.time(), timezone.utc) + timedelta(**later)
        return at.isoformat().replace("+00:00", "Z")

    def controller_token(self):
        """What a controller calls with that passes requests on by OpenDSR, and signs nothing."""
        controllers = self.secret["opendsr"]["controllers"]
        return next(one["token"] for one in controllers if "certificate" not in one)

    def look_at_letters(self):
        for path in sorted((self.data / "services" / "mailbox").glob("*.eml")):
            if path.name in self.read_letters:
                continue
            self.read_letters.add(path.name)
            letter = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            text = letter.get_body(("plain", "html")).get_content()
            for kind, secret in LINK.findall(text):
                self.links[str(letter["to"]), kind].append(secret)
            self.certificates += CERTIFICATE.findall(text)

    def wait_for(self, condition, otherwise, patience_s=PATIENCE_S, pause_s=0.02):
        until = time.monotonic() + patience_s
        while time.monotonic() < until:
            self.look_at_letters()
            found = condition()
            if found:
                return found
            time.sleep(pause_s)
        raise TimeoutError(otherwise)

    def letter(self, to, kind):
        """The secret in the oldest unused letter to this address that has a link of this kind."""
        secrets = self.wait_for(lambda: self.links[to, kind], f"no letter with a {kind} link has arrived")
        return secrets.pop(0)

    def sign(self, request):
        """Signs a webhook as Stripe does, with the secret of this machine's data folder."""
        secret = self.secret["stripe"]["webhook_secrets"][0]
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        at = int(time.time()) + self.offset()
        signature = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        request.headers["stripe-signature"] = f"t={at},v1={signature}"

    def make_member(self, workspace, person):
        """Turns a workspace's owner into a member, in the machine's database: no route does it."""
        self.change_item("catalog", f"WSP#{workspace}", f"MEMBER#{person}", "#role = :new", {"#role": "role"}, "member")

    def end_objections(self, transfer):
        """Everybody has had their time to object to a transfer of the business, without a month for all the rest."""
        names = {"#progress": "progress", "#until": "until"}
        self.change_item("people", "REGISTER#TRANSFERS", transfer, "#progress.#until = :new", names, self.now())

    def change_item(self, table, pk, sk, change, names, new):
        change = {
            "TableName": f"assetbox-{table}-table",
            "Key": {"pk": {"S": pk}, "sk": {"S": sk}},
            "UpdateExpression": f"SET {change}",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": {":new": {"S": new}},
            "ConditionExpression": "attribute_exists(pk)",
        }
        headers = {
            "content-type": "application/x-amz-json-1.0",
            "x-amz-target": "DynamoDB_20120810.UpdateItem",
            "authorization": "AWS4-HMAC-SHA256 Credential=x/20260101/eu-central-1/dynamodb/aws4_request, "
            "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64,
            "x-amz-date": "20260101T000000Z",
        }
        answers = []
        for port in self.ports():
            answer = self.call("POST", f"http://127.0.0.1:{port}/", headers=headers, data=json.dumps(change))
            if answer.ok and "dynoxide" in answer.headers.get("server", "").lower():
                return
            answers.append(f"{port}: {answer.status_code} {answer.text[:200]}")
        raise SystemExit("the database was not found or refused:\n" + "\n".join(answers))

    def ports(self):
        """The ports on which the service listens."""
        held = set()
        for entry in os.scandir(f"/proc/{self.process.pid}/fd"):
            # a connection may end meanwhile
            with suppress(FileNotFoundError):
                held |= set(re.findall(r"socket:\[(\d+)\]", os.readlink(entry.path)))
        rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return [int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A" and row[9] in held]

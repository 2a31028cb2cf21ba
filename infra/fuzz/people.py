"""The people who use the service under test, and the things that they have there."""

import hashlib
import itertools
import uuid
import zlib

PASSWORD = "orbit velvet cactus 77"
SOME_SHA256 = "ab" * 32
STAFF, COLLEAGUE = "staff@assetbox.example", "second@assetbox.example"
HOUR_S = 3600
# a password given ten minutes ago is no fresh one
FRESH_S = 500


def png(number):
    """A picture of one pixel that no other number has."""
    def chunk(kind, data):
        body = kind + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    header = (1).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    pixel = zlib.compress(b"\0" + (number % 2**24).to_bytes(3, "big"))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")


class Person:
    """Somebody who signs up, confirms by the mailed link and signs in."""

    numbers = itertools.count(1)

    def __init__(self, service, email=None, member=False):
        self.service = service
        self.number = next(self.numbers)
        self.email = email or f"person{self.number}@company{self.number}.example"
        self.member = member
        self.token = None
        if not (email and self.can_sign_in()):
            self.sign_up()

    def form(self, email=None):
        consent = {"document": "processing-consent", **self.service.shown("processing-consent"), "ticked": True}
        return {
            "name": "Ada Lovelace",
            "email": email or self.email,
            "phone": "+442071838750",
            "company": f"Company {self.number}",
            "position": "Archivist",
            "password": PASSWORD,
            "locale": "en",
            "consents": [consent],
        }

    def ask_to_sign_up(self, email):
        answer = self.service.call("POST", "/signup", body=self.form(email))
        assert answer.status_code == 202, answer.text
        return self.service.letter(email, "signup")

    def sign_up(self):
        secret = self.ask_to_sign_up(self.email)
        answer = self.service.call("POST", "/signup/verify", body={"token": secret})
        assert answer.status_code == 200, answer.text
        assert self.can_sign_in()
        # what is seen in pictures is no matter of HTTP
        off = {"features": {"labels": False, "text": False, "moderation": False}}
        self.do("PATCH", "/workspace", off, {"if-match": self.etag("/workspace")})
        if self.member:
            self.service.make_member(answer.json()["workspace_id"], self.do("GET", "/me").json()["id"])

    def can_sign_in(self):
        answer = self.service.call("POST", "/sessions", body={"email": self.email, "password": PASSWORD})
        if answer.status_code == 429:
            self.service.advance(HOUR_S // 4)
            return self.can_sign_in()
        if answer.status_code != 201:
            return False
        self.token, self.signed_in_at = answer.json()["token"], self.service.time()
        return True

    def sign_in_freshly(self):
        if self.service.time() - self.signed_in_at > FRESH_S:
            self.can_sign_in()

    def do(self, method, path, body=None, headers=None):
        return self.service.call(method, path, self.token, body, headers)

    def is_signed_in(self):
        return self.do("GET", "/workspace").status_code == 200

    # --- what a person has; each gives an id, made if there is none

    def etag(self, path):
        return self.do("GET", path).headers.get("etag", '"0"')

    def begin_upload(self, size, content=None):
        new = {"name": "dot.png", "content_type": "image/png", "size_bytes": size}
        if content:
            new["sha256"] = hashlib.sha256(content).hexdigest()
        answer = self.do("POST", "/uploads", new)
        return answer.json() if answer.status_code == 201 else {}

    def open_upload(self):
        return self.begin_upload(100, b"x").get("id")

    def upload_in_parts(self):
        return self.begin_upload(200 * 2**20).get("id")

    def sent_upload(self):
        content = png(next(self.numbers))
        upload = self.begin_upload(len(content), content)
        if "put" not in upload:
            return None
        put = upload["put"]
        self.service.call(put["method"], put["url"], headers=put["headers"], data=content)
        return upload["id"]

    def assets(self, path):
        answer = self.do("GET", path)
        return [asset["id"] for asset in answer.json()["items"]] if answer.ok else []

    def live_asset(self):
        found = self.assets("/assets?limit=1")
        if found:
            return found[0]
        upload = self.sent_upload()
        answer = self.do("POST", f"/uploads/{upload}/complete")
        return answer.json()["asset_id"] if answer.status_code == 200 else None

    def trashed_asset(self):
        found = self.assets("/trash?limit=1")
        if found:
            return found[0]
        asset = self.live_asset()
        self.do("DELETE", f"/assets/{asset}", headers={"if-match": self.etag(f"/assets/{asset}")})
        return asset

    def cursor(self, path):
        """That of a list's second page."""
        if path in ("/assets", "/trash"):
            for number in range(2):
                self.do("POST", f"/uploads/{self.sent_upload()}/complete")
            if path == "/trash":
                self.trashed_asset()
            path += "?limit=1"
        answer = self.do("GET", path)
        return answer.json()["next_cursor"] if answer.ok else None

    def request(self, kind="access"):
        body = {"kind": kind}
        if kind == "rectification":
            body["fields"] = {"position": f"Keeper {next(self.numbers)}"}
        answer = self.do("POST", "/data-subject-requests", body)
        return answer.json()["id"] if answer.status_code in (200, 201) else None

    def exported_request(self):
        """A request whose copy can be downloaded, which takes a password given just now."""
        self.sign_in_freshly()
        self.request()

        def ready():
            answer = self.do("GET", "/data-subject-requests")
            items = answer.json()["items"] if answer.ok else [{"id": None, "export": True}]
            return [item["id"] for item in items if item["export"]]

        return self.service.wait_for(ready, "no copy was made")[0]

    def claim(self):
        mine = self.do("GET", "/claims")
        if mine.ok and mine.json()["items"]:
            return mine.json()["items"][0]["id"]
        answer = self.do("POST", "/claims", {"text": "You have lost my files."})
        return answer.json()["id"] if answer.status_code == 201 else None

    def answered(self, survey):
        """A named survey, which this person has answered."""
        self.do("PUT", f"/me/surveys/{survey}/answer", {"answers": [0]})
        return survey

    def pays(self, provider):
        """Whether a plan was bought, and its payment has arrived."""
        order = {"plan": "team", "provider": provider} | ({"renew": True} if provider == "yookassa" else {})
        answer = self.do("POST", "/billing/checkout", order)
        if answer.status_code == 201:
            self.service.call("POST", answer.json()["url"] + "/pay")

        def has_arrived():
            return self.do("GET", "/billing").json().get("provider")

        return self.service.wait_for(has_arrived, "no payment has arrived")

    def announced_transfer(self):
        """A transfer of the business that this person was told of, if there is one."""
        mine = self.do("GET", "/me/business-transfers")
        items = mine.json()["items"] if mine.ok else []
        return items[0]["id"] if items else None


class Kept:
    """Things that are made once and given again, until they have been of use so often."""

    def __init__(self):
        self.things = {}

    def __call__(self, name, uses, make, counts=True):
        thing, left = self.things.get(name, (None, 0))
        if thing is None or left <= 0:
            thing, left = make(), uses
        self.things[name] = thing, left - counts
        return thing


class World:
    """Who is there besides the one who sends the cases."""

    def __init__(self, service):
        self.service = service
        self.staff = {address: Person(service, address) for address in (STAFF, COLLEAGUE)}
        self.others, self.kept = {}, Kept()

    def somebody(self, role, uses=30):
        """Somebody else, who has this role only; a new person after so many uses."""
        person, left = self.others.get(role, (None, 0))
        if left == 0 or not (person.is_signed_in() or person.can_sign_in()):
            person, left = Person(self.service), uses
        self.others[role] = person, left - 1
        return person

    def on_duty(self, address=STAFF):
        if not self.staff[address].is_signed_in():
            self.staff[address] = Person(self.service, address)
        return self.staff[address]

    def exchange(self):
        """What a controller has passed on by OpenDSR: its own id."""
        return self.kept("exchange", 4, self.pass_on)

    def pass_on(self):
        request = self.passed_on(uuid.uuid4())
        answer = self.service.call("POST", "/opendsr/v2/requests", self.service.controller_token(), request)
        return request["subject_request_id"] if answer.status_code == 201 else None

    def passed_on(self, number, version="2.0"):
        """A request as OpenDSR has it."""
        address = self.somebody("addressee", 3).email
        who = {"identity_type": "email", "identity_format": "raw", "identity_value": address}
        return {
            "regulation": "gdpr",
            "subject_request_id": str(number),
            "subject_request_type": "access",
            "submitted_time": "2026-11-20T09:00:00Z",
            "subject_identities": [who],
            "api_version": version,
            "status_callback_urls": [],
        }

    def request_in_queue(self, choice):
        """A request that the staff have to decide on."""
        staff = self.on_duty()
        queue = staff.do("GET", "/compliance/requests").json()["items"]
        if len(queue) < 4:
            for kind in ("rectification", "erasure", "access"):
                self.somebody("petitioner", 3).request(kind)
            queue = staff.do("GET", "/compliance/requests").json()["items"]
        return queue[choice % len(queue)]["id"] if queue else None

    def customer(self, provider):
        """An owner who pays by this provider."""
        person = self.somebody(f"customer of {provider}")
        self.kept(person.email, 30, lambda: person.pays(provider))
        return person

    def request_by_address(self):
        """The id and the secret of a request that waits for its link to be used."""
        person = Person(self.service)
        body = {"kind": "access", "email": person.email}
        self.service.call("POST", "/data-subject-requests", body=body)
        return self.service.letter(person.email, "request").split(".", 1)

    def certificate(self, choice):
        """The case of an erasure that was carried out."""
        if not self.service.certificates:
            erased = Person(self.service).request("erasure")
            decision = {"reason": "Nothing has to be kept."}
            self.on_duty().do("POST", f"/compliance/requests/{erased}/approve", decision)
            self.service.wait_for(lambda: self.service.certificates, "no certificate was made")
        certificates = self.service.certificates
        return certificates[choice % len(certificates)]

    def reset_secret(self):
        person = self.somebody("forgetful")
        self.service.advance(61)
        self.service.call("POST", "/password-resets", body={"email": person.email})
        return self.service.letter(person.email, "reset")

    def sign_up_secret(self):
        number = next(Person.numbers)
        return self.somebody("newcomer").ask_to_sign_up(f"new{number}@company{number}.example")

    def address_change_secret(self, choice):
        person = Person(self.service)
        new = f"moved{person.number}@company{person.number}.example"
        person.do("POST", "/me/email-change", {"new_email": new})
        old, fresh = self.service.letter(person.email, "email-old"), self.service.letter(new, "email-new")
        if choice % 2:
            self.service.call("POST", "/me/email-change/confirm", body={"token": old})
        return fresh

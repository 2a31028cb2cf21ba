"""Leads a part of the generated cases past the doors: real sessions, real ids, current ETags, and
forms that are valid but for one generated field. The rest go as Schemathesis made them."""

import zlib

from people import PASSWORD, Person

JUNK_TOKENS = (
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
    "abs_" + "A" * 86,
    "abs_" + "_" * 43,
    "abl_" + "A" * 64,
    "null",
    "abs_..%2f..",
)
# after these a session is over, or the person is
ENDS_SESSIONS = {"DELETE /sessions", "DELETE /sessions/current", "POST /password-resets/confirm"}
SOME_SHA256 = "6bd3a84b" * 8
DOCUMENTS = ("privacy-policy", "terms", "processing-consent", "marketing-consent")
PROVIDERS = ("stripe", "yookassa")
STRIPE_API_VERSION = "2024-06-20"


class Choice:
    """Numbers that follow from a case's own content, so that one case is always steered alike."""

    def __init__(self, case, seed):
        parts = [case.operation.label, case.path_parameters, case.query, case.headers, case.body]
        self.text = f"{seed}|{parts!r}"

    def __call__(self, what, among):
        return zlib.crc32(f"{what}|{self.text}".encode(errors="replace")) % among

    def of(self, what, among):
        return among[self(what, len(among))]


class Steering:
    """What happens to each case of one identity before it is sent, and after."""

    def __init__(self, service, world, identity, seed):
        self.service, self.world, self.identity, self.seed = service, world, identity, seed
        self.person = self.new_person()
        self.is_stale = False
        self.began_at = service.offset()
        self.sent_from_common = False

    def new_person(self):
        if self.identity == "nobody":
            return None
        if self.identity == "staff":
            return self.world.staff
        return Person(self.service, member=self.identity == "member")

    def renew(self):
        """Signs in again, or is somebody new where that is over: erased, restricted, trial at its end."""
        over = self.service.offset() - self.began_at > 10 * 86400
        if over or not self.person.can_sign_in():
            self.began_at = self.service.offset()
            if self.identity == "staff":
                self.person = self.world.staff = Person(self.service, self.person.email)
            else:
                self.person = self.new_person()
        self.is_stale = False

    # --- before

    def before_call(self, case):
        if self.is_stale and self.person:
            self.renew()
        choice = Choice(case, self.seed)
        ordinary = case.method.upper() == case.operation.method.upper()
        positive = case.meta is not None and case.meta.generation.mode.value == "positive"
        if ordinary and choice("things", 4):
            self.put_things(case, choice)
        if ordinary and positive and choice("form", 2) == 0:
            self.put_form(case, choice)
        headers = case.headers
        self.identify(case, headers, choice)
        from_common = choice("address", 4) == 0 or "webhooks" in case.operation.path
        self.sent_from_common = from_common
        if not from_common:
            headers["x-fuzz-from"] = self.service.fresh_address()

    def identify(self, case, headers, choice):
        """Mostly a bearer token; sometimes the cookie, with the origin of a page of ours or without."""
        if self.person is None:
            if choice("junk", 3) == 0:
                headers["authorization"] = "Bearer " + choice.of("token", JUNK_TOKENS)
            return
        how = choice("session", 8)
        if how > 1:
            headers["authorization"] = f"Bearer {self.person.token}"
            return
        headers["cookie"] = f"__Host-session={self.person.token}"
        if how == 1:
            headers["origin"] = self.service.url

    def put_things(self, case, choice):
        """Real ids and names in path and query, and the current ETag."""
        label, path = case.operation.label, case.path_parameters or {}
        query = case.query if isinstance(case.query, dict) else {}
        actor = self.person or self.world.somebody("actor")
        if "id" in path:
            path["id"] = self.thing(label, actor, choice) or path["id"]
        if "case" in path:
            path["case"] = self.world.certificate(choice("case", 1000))
        if "document" in path:
            path["document"] = choice.of("document", DOCUMENTS)
        if "version" in path:
            published = self.service.call("GET", f"/policies/{path['document']}").json()
            path["version"] = published.get("version", path["version"])
        if "purpose" in path:
            path["purpose"] = choice.of("purpose", ("marketing", "transfer", "processing"))
        if "provider" in path:
            path["provider"] = choice.of("provider", PROVIDERS)
        if "part" in query:
            query["part"] = choice.of("part", ("json", "html"))
        if "cursor" in query:
            query["cursor"] = actor.cursor(case.operation.path) or query["cursor"]
        if self.person and "If-Match" in case.headers:
            case.headers["If-Match"] = actor.etag(case.formatted_path)

    def thing(self, label, actor, choice):
        if "/compliance/" in label:
            return self.world.request_in_queue(choice("queue", 1000))
        if label.endswith("/confirm"):
            return None
        if label.endswith("/export"):
            return actor.exported_request()
        if "/data-subject-requests/" in label:
            return actor.request()
        if label.endswith(("/restore", "/purge")):
            return actor.trashed_asset()
        if "/assets/" in label:
            return actor.live_asset()
        if label.endswith("/parts"):
            return actor.upload_in_parts()
        if label.endswith("/complete"):
            return actor.sent_upload()
        return actor.open_upload()

    def put_form(self, case, choice):
        """A valid form, mostly with one of the generated fields in it."""
        if case.operation.label == "POST /unsubscribe/{token}":
            case.body = "List-Unsubscribe=One-Click"
            return
        form = self.form(case, choice)
        if form is None:
            return
        generated = case.body if isinstance(case.body, dict) else {}
        fields = sorted(generated.keys() - {"token"})
        if fields and choice("whole", 2):
            field = fields[choice("field", len(fields))]
            form[field] = generated[field]
        case.body = form

    def form(self, case, choice):
        actor = self.person or self.world.somebody("actor")
        match case.operation.label:
            case "POST /signup":
                return actor.form(f"fuzzed{next(Person.numbers)}@company.example")
            case "POST /signup/verify":
                return {"token": self.world.sign_up_secret()}
            case "POST /sessions":
                return {"email": actor.email, "password": PASSWORD}
            case "POST /password-resets":
                return {"email": actor.email}
            case "POST /password-resets/confirm":
                return {"token": self.world.reset_secret(), "password": PASSWORD + " again"}
            case "PUT /me/password":
                return {"current": PASSWORD, "new": PASSWORD}
            case "PATCH /me":
                return {"name": "Ada King", "position": "Countess"}
            case "PUT /me/consents/{purpose}":
                return self.consent(case, choice)
            case "POST /me/email-change":
                return {"new_email": f"moved{next(Person.numbers)}@company.example"}
            case "POST /me/email-change/confirm":
                return {"token": self.world.address_change_secret(choice("both", 2))}
            case "POST /billing/checkout":
                return {"plan": "team", "provider": choice.of("provider", PROVIDERS)}
            case "POST /uploads":
                size = choice.of("size", ({"size_bytes": 482133, "sha256": SOME_SHA256}, {"size_bytes": 300 * 2**20}))
                return {"name": "harbour.jpg", "content_type": "image/jpeg", **size}
            case "POST /uploads/{id}/parts":
                return {"numbers": [1, 2]}
            case "PATCH /assets/{id}":
                return {"name": "harbour.jpg", "description": "At dawn", "own_labels": ["harbour"]}
            case "PATCH /workspace":
                return {"features": {"text": bool(choice("text", 2))}}
            case "POST /data-subject-requests":
                by_address = choice("by address", 2) or not self.person
                return {"kind": "access"} | ({"email": self.world.somebody("addressee", 3).email} if by_address else {})
            case "POST /data-subject-requests/{id}/confirm":
                case.path_parameters["id"], secret = self.world.request_by_address()
                return {"token": secret}
            case "POST /compliance/requests":
                return {
                    "person": self.world.somebody("petitioner", 3).email,
                    "applicant": "authority",
                    "name": "Roskomnadzor",
                    "reference": "No. 08-1234",
                    "document_sha256": f"{choice('document', 1 << 30):064x}",
                    "received_at": "2026-01-12T09:00:00Z",
                }
            case "POST /compliance/requests/{id}/approve" | "POST /compliance/requests/{id}/verify":
                return {"reason": "The letter and the passport agree."}
            case "POST /compliance/requests/{id}/extend":
                return {"reason": "The archive is large."}
            case "POST /compliance/requests/{id}/refuse":
                return {"ground": "152-FZ art. 14(8)", "reason": "It would harm another person."}
            case "POST /webhooks/payments/{provider}":
                return self.event(case, choice)
        return None

    def consent(self, case, choice):
        purpose = case.path_parameters.get("purpose")
        if choice("given", 2) or purpose not in ("marketing", "transfer"):
            return {"given": False}
        document = f"{purpose}-consent"
        published = self.service.call("GET", f"/policies/{document}").json()
        english = next(text for text in published["texts"] if text["locale"] == "en")
        return {
            "given": True,
            "document": document,
            "version": published["version"],
            "sha256": english["sha256"],
            "locale": "en",
        }

    def event(self, case, choice):
        """A provider's event; Stripe's is signed on its way out."""
        if case.path_parameters.get("provider") == "yookassa":
            kind = choice.of("kind", ("payment.succeeded", "payment.canceled", "refund.succeeded"))
            return {"type": "notification", "event": kind, "object": {"id": "2a1b", "payment_id": "2a1c"}}
        case.headers["x-fuzz-sign"] = "1"
        kinds = ("checkout.session.completed", "invoice.paid", "customer.subscription.deleted", "charge.refunded")
        return {
            "id": f"evt_{choice('event', 10**9)}",
            "object": "event",
            "api_version": STRIPE_API_VERSION,
            "type": choice.of("kind", kinds),
            "livemode": False,
            "created": choice.of("created", (0, 1_800_000_000, 2**62, -(2**62))),
            "data": {"object": {"id": "in_1", "customer": "cus_1", "metadata": {}, "subscription": "sub_1"}},
        }

    # --- after

    def after_call(self, case, response):
        label = case.operation.label
        if response.status_code == 429 and not self.sent_from_common:
            # a limit of the account: let its window pass
            self.service.advance(int(response.headers.get("retry-after", ["900"])[0]))
            self.is_stale = True
        if not self.person:
            return
        if response.status_code == 401 or label in ENDS_SESSIONS:
            self.is_stale = True
        if response.status_code < 300 and label == "POST /data-subject-requests":
            sent = case.body if isinstance(case.body, dict) else {}
            if sent.get("kind") in ("restriction", "erasure") and self.identity != "staff":
                self.person = self.new_person()
        if response.status_code < 300 and label in ("PUT /me/password", "PUT /me/consents/{purpose}"):
            if self.identity != "staff":
                self.person = self.new_person()

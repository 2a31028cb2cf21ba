"""Leads a part of the generated cases past the doors: real sessions, real ids, current ETags, and
forms that are valid but for one generated field. The rest go as Schemathesis made them."""

import zlib

from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.overrides import store_components

from forms import DOCUMENTS, PROVIDERS, STANCES, Forms
from people import STAFF, Person
from staffwork import Staffwork

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
PROCESSORS = ("aws_hosting", "aws_mail", "stripe", "yookassa")
# of whose customers an owner must be one
CUSTOMERS = {"POST /billing/portal": "stripe", "POST /billing/renewal": "yookassa"}
# what somebody has to be new after
STOPS = ("restriction", "erasure", "withdrawal")
LEAVING = {
    "POST /data-subject-requests",
    "POST /data-subject-requests/{id}/cancel",
    "PUT /me/consents/{purpose}",
    "PUT /me/password",
    "PUT /me/policies/{document}",
}
HOUR_S = 3600


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
        self.staffwork = Staffwork(service, world)
        self.forms = Forms(service, world, self.staffwork)
        self.made_by = {}
        self.sent_by = None
        self.is_stale = False
        self.began_at = service.offset()
        self.sent_from_common = False

    def new_person(self):
        if self.identity == "nobody":
            return None
        if self.identity == "staff":
            return self.world.on_duty()
        return Person(self.service, member=self.identity == "member")

    def renew(self):
        """Signs in again, or is somebody new where that is over: erased, restricted, trial at its end."""
        over = self.service.offset() - self.began_at > 10 * 86400
        if over or not self.person.can_sign_in():
            self.began_at = self.service.offset()
            if self.identity == "staff":
                self.person = self.world.staff[STAFF] = Person(self.service, STAFF)
            else:
                self.person = self.new_person()
        self.is_stale = False

    # --- before

    def before_call(self, case):
        if self.is_stale and self.person:
            self.renew()
        choice = Choice(case, self.seed)
        sender = self.sent_by = self.sender(case)
        ordinary = case.method.upper() == case.operation.method.upper()
        positive = case.meta is not None and case.meta.generation.mode.value == "positive"
        takes_form = ordinary and positive and choice("form", 4)
        if takes_form or ordinary and choice("things", 4):
            self.put_things(case, sender, choice)
        if takes_form:
            self.put_form(case, sender, choice)
        self.identify(case, sender, choice)
        from_common = choice("address", 4) == 0 or "webhooks" in case.operation.path
        self.sent_from_common = from_common
        if not from_common:
            case.headers["x-fuzz-from"] = self.service.fresh_address()

    def sender(self, case):
        """Whoever pays where that is needed; who made what a link leads to, where somebody else has come since."""
        if self.identity == "owner" and case.operation.label in CUSTOMERS:
            return self.world.customer(CUSTOMERS[case.operation.label])
        if self.identity == "staff" and case.operation.label in LEAVING:
            # the staff stay: nobody else could go on with what they have begun
            return self.world.somebody("leaver")
        if not is_linked(case):
            return self.person
        return self.made_by.get(case.path_parameters.get("id"), self.person)

    def identify(self, case, sender, choice):
        """Mostly a bearer token; sometimes the cookie, with the origin of a page of ours or without."""
        headers = case.headers
        if sender is None:
            if choice("junk", 3) == 0:
                headers["authorization"] = "Bearer " + choice.of("token", JUNK_TOKENS)
            return
        if is_of_controllers(case) and choice("controller", 8):
            headers["authorization"] = f"Bearer {self.service.controller_token()}"
            return
        how = choice("session", 8)
        if how > 1:
            headers["authorization"] = f"Bearer {sender.token}"
            return
        headers["cookie"] = f"__Host-session={sender.token}"
        if how == 1:
            headers["origin"] = self.service.url

    def put_things(self, case, sender, choice):
        """Real ids and names in path and query, and the current ETag."""
        actor = sender or self.world.somebody("actor")
        if not is_linked(case):
            self.put_names(case, actor, choice)
            # Schemathesis takes every path that differs from what it generated for one that a link gave
            case._components[ParameterLocation.PATH] = store_components(case)[ParameterLocation.PATH]
        if isinstance(case.query, dict):
            self.put_query(case, actor, choice)
        if sender and "If-Match" in case.headers:
            case.headers["If-Match"] = actor.etag(case.formatted_path)

    def put_names(self, case, actor, choice):
        label, path = case.operation.label, case.path_parameters or {}
        if "id" in path:
            path["id"] = self.thing(label, actor, choice) or path["id"]
        if "case" in path:
            path["case"] = self.world.certificate(choice("case", 1000))
        if "document" in path:
            path["document"] = choice.of("document", STANCES if "/me/" in label else DOCUMENTS)
        if "version" in path:
            path["version"] = self.service.published(path["document"])["version"]
        if "purpose" in path:
            path["purpose"] = choice.of("purpose", ("marketing", "transfer", "processing"))
        if "provider" in path:
            path["provider"] = choice.of("provider", PROVIDERS)
        if "processor" in path:
            path["processor"] = choice.of("processor", PROCESSORS)

    def put_query(self, case, actor, choice):
        query, operation = case.query, case.operation
        if "part" in query:
            query["part"] = 1 if "/holds/" in operation.path else choice.of("part", ("json", "html"))
        if "page" in query:
            query["page"] = 1
        if "day" in query:
            query["day"] = self.service.now()[:10]
        if "from" in query and "document" in case.path_parameters:
            version = self.service.published(case.path_parameters["document"]).get("version")
            query.update({"from": version, "to": version} if version else {})
        elif "from" in query:
            query.update({"from": self.service.now(hours=-1), "to": self.service.now()})
        if "cursor" in query:
            query["cursor"] = actor.cursor(case.formatted_path) or query["cursor"]

    def thing(self, label, actor, choice):
        """A real id of the kind that the route takes; none where no rule says which."""
        method, path = label.split(" ")
        match path.split("/")[1:]:
            case ["compliance", *_]:
                if label.endswith("/package"):
                    actor.sign_in_freshly()
                return self.staffwork.case(label, choice, self.identity == "staff")
            case ["opendsr" | "opengdpr", *_]:
                return self.world.exchange()
            case ["data-subject-requests", _, "export"]:
                return actor.exported_request()
            case ["data-subject-requests", _, "cancel"] if self.identity in ("owner", "member"):
                return actor.request("withdrawal")
            case ["data-subject-requests", _] | ["data-subject-requests", _, "cancel"]:
                return actor.request()
            case ["assets", _, "restore" | "purge"]:
                return actor.trashed_asset()
            case ["assets", *_]:
                return actor.live_asset()
            case ["uploads", _, "parts"]:
                return actor.upload_in_parts()
            case ["uploads", _, "complete"]:
                return actor.sent_upload()
            case ["uploads", _]:
                return actor.open_upload()
            case ["claims", _]:
                return actor.claim()
            case ["me", "business-transfers", _, "objection"]:
                return self.staffwork.transfer_told_to(actor)
            case ["me", "surveys", _, "answer"]:
                survey = self.staffwork.open_survey("named")
                return survey if method == "PUT" else actor.answered(survey)
            case ["surveys", *_]:
                return self.staffwork.open_survey("anonymous")
        return None

    def put_form(self, case, sender, choice):
        """A valid form, mostly with one of the generated fields in it."""
        if case.operation.label == "POST /unsubscribe/{token}":
            case.body = "List-Unsubscribe=One-Click"
            return
        form = self.forms.form(case, sender, choice)
        if form is None:
            return
        generated = case.body if isinstance(case.body, dict) else {}
        fields = sorted(generated.keys() - {"token"})
        # where a form has one field, a generated one would leave nothing of it
        if fields and len(form) > 1 and choice("whole", 2):
            field = fields[choice("field", len(fields))]
            form[field] = generated[field]
        case.body = form

    # --- after

    def after_call(self, case, response):
        label = case.operation.label
        if response.status_code == 429 and not self.sent_from_common:
            self.pass_limit(int(response.headers.get("retry-after", ["900"])[0]))
        if not self.person:
            return
        if response.status_code == 401 or label in ENDS_SESSIONS:
            self.is_stale = True
        if response.status_code >= 300:
            return
        if label.startswith("POST") and response.headers.get("content-type") == ["application/json"]:
            self.note_maker(case, response)
        sent = case.body if isinstance(case.body, dict) else {}
        if self.identity != "staff" and self.has_stopped(label, sent):
            self.person = self.new_person()

    def note_maker(self, case, response):
        made = response.json()
        of_staff = self.identity == "staff" and self.sent_by is self.person
        # whoever of the staff signs in anew goes on with all that they have made
        if isinstance(made, dict) and "id" in made and not of_staff:
            self.made_by.setdefault(made["id"], self.sent_by)

    def pass_limit(self, wait_s):
        """A limit of the account: its window passes, or somebody new comes where that takes too long."""
        if wait_s > HOUR_S and self.identity in ("owner", "member"):
            self.person = self.new_person()
        else:
            self.service.advance(wait_s)
            self.is_stale = True

    def has_stopped(self, label, sent):
        """Whether what was done just now ends the sessions, or what the person may do."""
        if label == "POST /data-subject-requests":
            return sent.get("kind") in STOPS
        if label == "PUT /me/policies/{document}":
            return not sent.get("accepted")
        return label in LEAVING


def is_of_controllers(case):
    return case.operation.path.startswith(("/opendsr/", "/opengdpr/"))


def is_linked(case):
    """Whether the path is as an earlier answer gave it, in the stateful phase."""
    if not case.path_parameters or case.meta is None or case.meta.phase.name.value != "stateful":
        return False
    return ParameterLocation.PATH not in case.meta.components

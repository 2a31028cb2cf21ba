"""What compliance staff write into their registers, and cases there at each stage of their course."""

from people import COLLEAGUE, SOME_SHA256, STAFF

# telling everybody of a transfer of the business, and packing everybody's data, takes a while
LONG = {"patience_s": 300, "pause_s": 0.25}
REASON = {"reason": "The letter and the passport agree."}
CHANNEL = {"channel": "By courier, sealed."}
PERIOD = {"from": "2020-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z"}
DEMAND = {
    "kind": "authority",
    "authority": "A district court",
    "reference": "No. 2-17 of 1 November 2026",
    "law": "152-FZ art. 6(1)(2)",
    "document_sha256": SOME_SHA256,
}
THIRD_PARTY = {
    "kind": "third_party",
    "recipient": "A printer",
    "agreement": "Contract 7",
    "law": "152-FZ art. 6(1)(5)",
}
# the only ground that one approval is enough for, by whoever has not opened it
INVESTIGATION = {
    "kind": "investigation",
    "recipient": "A bank",
    "case": "Complaint 5",
    "law": "152-FZ art. 6(1)(7)",
}
SALE = {
    "counterparty": "An acquirer",
    "address": "1 Market Square",
    "law": "GDPR art. 6(1)(f)",
    "reason": "The owner retires.",
    "categories": ["identity", "contact"],
}


def told(regime, duty):
    """What stops a clock of an incident."""
    return {"regime": regime, "duty": duty, "remark": "No. 1"}


def disclosure(person, grounds):
    return {
        "person": person,
        "grounds": grounds,
        "requested": "All data of the account's owner.",
        "minimisation": "The demand names all of it.",
        "categories": ["identity", "contact", "employment", "account", "consent_evidence", "request"],
        "period": PERIOD,
    }


def survey(kind, closes_at):
    questions = [{"text": "How is the search?", "options": ["Good", "Bad"]}]
    return {"kind": kind, "title": "The search", "questions": questions, "closes_at": closes_at}


class Staffwork:
    def __init__(self, service, world):
        self.service, self.world = service, world
        # whose data was handed over
        self.informed = set()

    # --- forms

    def form(self, label, choice):
        """A valid form for a route of the staff's."""
        match label.removeprefix("POST /compliance/").split("/"):
            case ["requests"]:
                return self.petition(choice)
            case ["requests", _, "approve" | "verify"]:
                return dict(REASON)
            case ["requests", _, "extend"]:
                return {"reason": "The archive is large."}
            case ["requests", _, "refuse"]:
                return {"ground": "152-FZ art. 14(8)", "reason": "It would harm another person."}
            case ["holds"]:
                return self.hold_form() | choice.of("secret", ({}, {"secret_until": self.service.now(days=90)}))
            case ["holds", _, "review"]:
                return choice.of("longer", ({}, {"until": self.service.now(days=300)}))
            case ["claims"]:
                return self.claim_form()
            case ["claims", _, "answer"]:
                return {"answer": "We have found them."}
            case ["surveys"]:
                return survey(choice.of("kind", ("anonymous", "named")), self.service.now(days=150))
            case ["incidents"]:
                return self.incident_form(choice.of("regimes", ([], ["gdpr"], ["gdpr", "ccpa"])))
            case ["notices", _, "receipt"]:
                return {"receipt_sha256": SOME_SHA256, "answered_at": self.service.now()}
            case ["incidents", *_]:
                return self.step_of_incident(label, choice)
            case ["disclosures", *_]:
                return self.step_of_disclosure(label, choice)
            case ["business-transfers", *_]:
                return self.step_of_transfer(label, choice)
        return None

    def step_of_incident(self, label, choice):
        match label.split("/")[-1]:
            case "findings":
                return {"findings": "The disk was encrypted."}
            case "notify":
                return {}
            case "report":
                return told("ru152", choice.of("duty", ("incident_notice", "incident_findings")))
            case "waive":
                return told("gdpr", "incident_notice")
        return None

    def step_of_disclosure(self, label, choice):
        match label.split("/")[-1]:
            case "disclosures":
                grounds = choice.of("grounds", (DEMAND, THIRD_PARTY, INVESTIGATION))
                ban = choice.of("ban", ({}, {"ban": self.ban()}))
                return disclosure(self.somebody(), dict(grounds)) | ban
            case "decline":
                return {"reason": "It came too late."}
            case "forbid":
                return self.ban()
            case "hand-over":
                return dict(CHANNEL)
        return None

    def step_of_transfer(self, label, choice):
        match label.split("/")[-1]:
            case "business-transfers":
                return SALE | choice.of("days", ({}, {"objection_days": 60}))
            case "cancel":
                return {"reason": "The buyer has gone."}
            case "hand-over":
                return dict(CHANNEL)
            case "objections":
                # whoever has an account before it is announced is told
                return {"person": COLLEAGUE}
        return None

    def petition(self, choice):
        return {
            "person": self.world.somebody("petitioner", 3).email,
            "applicant": "authority",
            "name": "Roskomnadzor",
            "reference": "No. 08-1234",
            "document_sha256": f"{choice('document', 1 << 30):064x}",
            "received_at": "2026-01-12T09:00:00Z",
        }

    def hold_form(self):
        return {
            "person": self.somebody(),
            "categories": ["identity", "contact", "correspondence"],
            "law": "Civil Code art. 196",
            "reason": "A claim is before the court.",
            "until": self.service.now(days=365),
        }

    def claim_form(self):
        return {"person": self.somebody(), "text": "By letter.", "received_at": self.service.now()}

    def incident_form(self, regimes):
        """All accesses of the last minutes were wrong: whom it affects is told, each by a letter."""
        return {
            "known_at": self.service.now(),
            "description": "A laptop was stolen.",
            "regimes": regimes,
            "period": {"from": self.service.now(minutes=-5), "to": self.service.now()},
        }

    def ban(self):
        return {"until": self.service.now(days=10), "law": "144-FZ art. 12"}

    def somebody(self):
        """Whom cases are about."""
        return self.world.somebody("named").email

    # --- cases

    def case(self, label, choice, by_staff):
        """The id of a case that this route takes; one that a step ends is made anew after a few uses."""
        _, register, _, *step = label.split("/")[1:]
        step = "".join(step)

        def kept(uses, make, *of):
            name = " ".join((make.__name__, *of, step))
            return self.world.kept(name, uses, lambda: make(*of), counts=by_staff)

        match register, step:
            case "requests", _:
                return self.world.request_in_queue(choice("queue", 1000))
            case "acts", _:
                return self.world.certificate(choice("act", 1000))
            case "notices", _:
                return self.notice()
            case "holds", "lift":
                return kept(2, self.hold)
            case "holds", _:
                return kept(20, self.hold)
            case "claims", "answer":
                return kept(2, self.claim)
            case "claims", _:
                return kept(20, self.claim)
            case "surveys", "close":
                return kept(2, self.survey, "anonymous")
            case "surveys", _:
                return kept(20, self.survey, choice.of("kind", ("anonymous", "named")))
            case "incidents", "close":
                return kept(2, self.reported_incident)
            case "incidents", _:
                return kept(4, self.incident)
            case "disclosures", "release":
                return kept(2, self.approved_disclosure)
            case "disclosures", "package":
                return kept(10, self.released_disclosure)
            case "disclosures", "hand-over":
                return kept(2, self.released_disclosure)
            case "disclosures", "approve" | "decline":
                return kept(2, self.disclosure)
            case "disclosures", _:
                return kept(20, self.disclosure)
            case "business-transfers", _:
                return self.transfer_for(label, step, kept)
        return None

    def transfer_for(self, label, step, kept):
        match step:
            case "cancel":
                return kept(2, self.proposed_transfer)
            case "approve":
                # everybody is told of it
                return kept(25, self.proposed_transfer)
            case "objections":
                return kept(20, self.announced_transfer)
            case "package" if label.startswith("POST"):
                return kept(25, self.transfer_to_pack)
            case "package" | "manifest":
                return self.world.kept("packed transfer", 30, self.packed_transfer)
            case "hand-over":
                return kept(25, self.fetched_transfer)
        return kept(20, self.proposed_transfer)

    def open(self, register, form, by=STAFF):
        answer = self.world.on_duty(by).do("POST", f"/compliance/{register}", form)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def step(self, register, case, step, form=None):
        answer = self.world.on_duty().do("POST", f"/compliance/{register}/{case}/{step}", form)
        assert answer.ok, answer.text
        return case

    def hold(self):
        return self.open("holds", self.hold_form())

    def claim(self):
        return self.open("claims", self.claim_form())

    def survey(self, kind):
        return self.open("surveys", survey(kind, self.service.now(days=150)))

    def open_survey(self, kind):
        """One that people answer."""
        return self.world.kept(f"survey to answer {kind}", 50, lambda: self.survey(kind))

    def incident(self):
        return self.open("incidents", self.incident_form(["gdpr"]))

    def reported_incident(self):
        incident = self.open("incidents", self.incident_form([]))
        for duty in ("incident_notice", "incident_findings"):
            self.step("incidents", incident, "report", told("ru152", duty))
        return incident

    # approvals are by somebody else than who opened it

    def disclosure(self, person=None):
        return self.open("disclosures", disclosure(person or self.somebody(), INVESTIGATION), COLLEAGUE)

    def approved_disclosure(self, person=None):
        return self.step("disclosures", self.disclosure(person), "approve")

    def released_disclosure(self, person=None):
        return self.step("disclosures", self.approved_disclosure(person), "release")

    def notice(self):
        """That something was corrected which somebody else was given."""
        return (self.open_notices() or self.notices_of_correction())[0]

    def notices_of_correction(self):
        person = self.world.somebody("informed", 10)
        if person.email not in self.informed:
            self.step("disclosures", self.released_disclosure(person.email), "hand-over", CHANNEL)
            self.informed.add(person.email)
        self.step("requests", person.request("rectification"), "approve", REASON)
        return self.service.wait_for(self.open_notices, "no notice was made")

    def open_notices(self):
        answer = self.world.on_duty().do("GET", "/compliance/notices?open=true")
        return [item["id"] for item in answer.json()["items"]]

    def proposed_transfer(self):
        return self.open("business-transfers", SALE, COLLEAGUE)

    def announced_transfer(self):
        return self.reach("announced", self.step("business-transfers", self.proposed_transfer(), "approve"))

    def transfer_to_pack(self):
        transfer = self.announced_transfer()
        self.service.end_objections(transfer)
        return transfer

    def packed_transfer(self):
        return self.reach("packed", self.step("business-transfers", self.transfer_to_pack(), "package"))

    def fetched_transfer(self):
        transfer = self.packed_transfer()
        path = f"/compliance/business-transfers/{transfer}"
        staff = self.world.on_duty()
        staff.sign_in_freshly()

        def all_are_fetched():
            pages = staff.do("GET", f"{path}/manifest").json()["items"]
            fetched = [staff.do("GET", f"{path}/package?page={page['page']}") for page in pages]
            return all(answer.ok for answer in fetched)

        self.service.wait_for(all_are_fetched, "the packages can't be fetched", **LONG)
        return transfer

    def reach(self, state, transfer):
        path = f"/compliance/business-transfers/{transfer}"
        staff = self.world.on_duty()
        self.service.wait_for(lambda: staff.do("GET", path).json()["state"] == state, f"never {state}", **LONG)
        return transfer

    def transfer_told_to(self, person):
        """A transfer of the business that this person may object to."""
        return person.announced_transfer() or self.world.kept("announced transfer", 20, self.announced_transfer)

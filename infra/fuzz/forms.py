"""Valid forms of the routes that everybody may call."""

import random
import uuid

from people import PASSWORD, SOME_SHA256, Person

# what everybody answers for by accepting or declining it, and what by consent
STANCES = ("privacy-policy", "terms")
DOCUMENTS = (*STANCES, "processing-consent", "marketing-consent")
PROVIDERS = ("stripe", "yookassa")
PAGES = ("home", "plans", "sign_up", "sign_in", "policies", "assets", "upload", "account", "help")
STRIPE_API_VERSION = "2024-06-20"


class Forms:
    def __init__(self, service, world, staffwork):
        self.service, self.world, self.staffwork = service, world, staffwork

    def form(self, case, sender, choice):
        """A valid form, or none for a route that takes none."""
        label = case.operation.label
        if "/compliance/" in label:
            return self.staffwork.form(label, choice)
        actor = sender or self.world.somebody("actor")
        match label.split("/")[1]:
            case "me":
                return self.own(case, actor, choice)
            case "billing":
                return self.billing(label, choice)
            case "data-subject-requests":
                return self.request(case, sender, choice)
            case "opendsr" | "opengdpr":
                return self.passed_on(label, choice)
            case "signup" | "sessions" | "password-resets":
                return self.door(label, actor)
            case "visits" | "statistics" | "surveys":
                return self.visit(label, choice)
            case "webhooks":
                return self.event(case, choice)
        return self.work(label, choice)

    def door(self, label, actor):
        match label:
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
        return None

    def own(self, case, actor, choice):
        match case.operation.label:
            case "PUT /me/password":
                return {"current": PASSWORD, "new": PASSWORD}
            case "PATCH /me":
                return {"name": "Ada King", "position": "Countess"}
            case "PUT /me/consents/{purpose}":
                return self.consent(case, choice)
            case "PUT /me/policies/{document}":
                return {"accepted": bool(choice("accepted", 4))} | self.service.shown(case.path_parameters.get("document"))
            case "PUT /me/surveys/{id}/answer":
                return {"answers": [choice("answer", 2)]}
            case "POST /me/email-change":
                return {"new_email": f"moved{next(Person.numbers)}@company.example"}
            case "POST /me/email-change/confirm":
                return {"token": self.world.address_change_secret(choice("both", 2))}
        return None

    def work(self, label, choice):
        match label:
            case "POST /uploads":
                size = choice.of("size", ({"size_bytes": 482133, "sha256": SOME_SHA256}, {"size_bytes": 300 * 2**20}))
                return {"name": "harbour.jpg", "content_type": "image/jpeg", **size}
            case "POST /uploads/{id}/parts":
                return {"numbers": [1, 2]}
            case "PATCH /assets/{id}":
                return {"name": "harbour.jpg", "description": "At dawn", "own_labels": ["harbour"]}
            case "PATCH /workspace":
                return {"features": {"text": bool(choice("text", 2))}}
            case "POST /claims":
                return {"text": "You have lost my files."}
        return None

    def visit(self, label, choice):
        match label:
            case "POST /visits":
                return {"referrer": "https://news.example/article"}
            case "POST /statistics/views":
                visit = f"{choice('visit', 4):032x}"
                return {"page": choice.of("page", PAGES), "visit": visit, "cookies": bool(choice("cookies", 2))}
            case "POST /surveys/{id}/answers":
                return {"answers": [choice("answer", 2)]}
        return None

    def billing(self, label, choice):
        ours = f"{self.service.url}/billing"
        match label:
            case "POST /billing/checkout":
                back = choice.of("back", ({}, {"success_url": ours, "cancel_url": ours}))
                renews = choice.of("renews", ({"provider": "stripe"}, {"provider": "yookassa", "renew": True}))
                return {"plan": "team"} | renews | back
            case "POST /billing/portal":
                return {"return_url": ours}
            case "POST /billing/renewal":
                return choice.of("renewal", ({"renews": False}, {"renews": True, "plan": "team"}))
        return None

    def request(self, case, sender, choice):
        match case.operation.label:
            case "POST /data-subject-requests":
                by_address = choice("by address", 2) or not sender
                somebody = self.world.somebody("addressee", 3)
                return {"kind": "access"} | ({"email": somebody.email} if by_address else {})
            case "POST /data-subject-requests/{id}/confirm":
                case.path_parameters["id"], secret = self.world.request_by_address()
                return {"token": secret}
            case "POST /data-subject-requests/{id}/cancel":
                return {}
        return None

    def passed_on(self, label, choice):
        version = "2.0" if "/opendsr/" in label else "1.0"
        number = random.Random(choice("number", 1 << 32)).getrandbits(128)
        return self.world.passed_on(uuid.UUID(int=number, version=4), version)

    def consent(self, case, choice):
        purpose = case.path_parameters.get("purpose")
        if choice("given", 2) or purpose not in ("marketing", "transfer"):
            return {"given": False}
        document = f"{purpose}-consent"
        return {"given": True, "document": document, **self.service.shown(document)}

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

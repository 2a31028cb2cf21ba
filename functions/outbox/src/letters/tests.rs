#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use domain::{
    billing::ending::Cause,
    compliance::{Words, disclosure::GroundKind, transfer::Terms},
    ids::{CaseId, ClaimId, DisclosureId, IncidentId, RequestId},
    policy::Name,
    processing::Category,
    request::{Applicant, Ground, RequestKind},
    trial::Notice,
};

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn passed_on(by: &[&str]) -> Letter {
    let now = at("2026-11-22T12:00:00Z");
    Letter::RequestLink {
        request: RequestId::new(now),
        kind: RequestKind::Erasure,
        expires_at: now,
        controllers: by.iter().map(|name| name.parse().unwrap()).collect(),
    }
}

fn every_letter() -> Vec<Letter> {
    let now = at("2026-11-22T12:00:00Z");
    let (expires_at, due_at) = (now, now);
    let request = RequestId::new(now);
    let mut letters = vec![
        Letter::SignUp { expires_at },
        Letter::Welcome {
            trial_ends_at: Some(now),
        },
        Letter::Welcome {
            trial_ends_at: None,
        },
        Letter::PasswordReset { expires_at },
        Letter::PasswordChanged,
        Letter::AddressChangeOld { expires_at },
        Letter::AddressChangeNew { expires_at },
        Letter::AddressChanged,
        Letter::PaymentReceived {
            amount_minor: 1990,
            currency: "eur".into(),
            paid_until: Some(now),
        },
        Letter::PaymentReceived {
            amount_minor: 1990,
            currency: "eur".into(),
            paid_until: None,
        },
        Letter::PaymentFailed {
            grace_until: Some(now),
        },
        Letter::PaymentFailed { grace_until: None },
        Letter::Refunded {
            amount_minor: 1990,
            currency: "eur".into(),
        },
        Letter::WithdrawalByLetter {
            request,
            destruction_at: now,
        },
        Letter::RequestExtended { request, due_at },
        Letter::ErasureBegins {
            case: CaseId::new(now),
        },
        Letter::Incident {
            incident: IncidentId::new(now),
            known_at: now,
        },
        Letter::ClaimReceived {
            claim: ClaimId::new(now),
            due_at,
        },
        Letter::ClaimAnswered {
            claim: ClaimId::new(now),
        },
        Letter::Marketing {
            campaign: "search-by-label".into(),
        },
    ];
    let publications = domain::policy::publications();
    letters.push(Letter::PoliciesChanged {
        news: publications.iter().map(Name::from).collect(),
    });
    letters.push(Letter::PolicyDeclined {
        name: Name::from(&publications[0]),
        at: now,
    });
    letters.extend(GroundKind::ALL.map(|ground| Letter::DataDisclosed {
        disclosure: DisclosureId::new(now),
        ground,
        at: now,
    }));
    letters.push(Letter::BusinessTransfer {
        transfer: DisclosureId::new(now),
        terms: Terms {
            counterparty: Words::new("Acquirer Ltd.").unwrap(),
            address: Words::new("1 Market Square").unwrap(),
            law: Ground::new("GDPR art. 6(1)(f)").unwrap(),
            categories: [Category::Contact, Category::Account].into(),
        },
        object_until: now,
    });
    letters.extend([Applicant::Representative, Applicant::Authority].map(|by| {
        Letter::RestrictionEntered {
            request,
            by,
            received_at: now,
        }
    }));
    for given in [true, false] {
        letters.push(Letter::ConsentReceipt {
            document: "marketing-consent".into(),
            version: "2026-11-22".into(),
            sha256: "ab".repeat(32),
            given,
            at: now,
        });
    }
    letters.extend(Notice::ALL.map(|notice| Letter::Trial {
        notice,
        ends_at: now,
        destruction_at: now,
    }));
    for cause in [Cause::Plan, Cause::Opening] {
        letters.extend(Notice::ALL.map(|notice| Letter::Unpaid {
            cause,
            notice,
            ends_at: now,
            destruction_at: now,
        }));
    }
    letters.push(passed_on(&["acme", "example"]));
    for kind in RequestKind::ALL {
        letters.push(Letter::RequestLink {
            request,
            kind,
            expires_at,
            controllers: Vec::new(),
        });
        letters.push(Letter::RequestReceived {
            request,
            kind,
            due_at,
        });
        letters.push(Letter::RequestRefused {
            request,
            kind,
            ground: "152-FZ art. 14(8)".into(),
        });
        letters.push(Letter::RequestCompleted { request, kind });
    }
    letters
}

fn house() -> House {
    House {
        operator: "Example & Co".into(),
        public_url: "https://assets.example".into(),
        privacy_address: "privacy@assets.example".into(),
    }
}

fn receipt() -> Receipt {
    Receipt {
        document: "processing-consent".into(),
        version: "2026-11-22".into(),
        sha256: "cd".repeat(32),
        given: true,
        at: at("2026-11-22T11:59:00Z"),
    }
}

fn render(letter: &Letter, locale: Locale) -> platform::mail::Letter {
    let house = house();
    let desk = Desk {
        house: &house,
        locale,
        secret: Some("abl_secret"),
        receipts: vec![receipt()],
    };
    let frame = Frame {
        locale,
        name: greets_by_name(letter).then_some("Anna"),
        operator: &house.operator,
        privacy_address: &house.privacy_address,
        unsubscribe: None,
    };
    frame.render(&compose(letter, &desk).unwrap())
}

fn is_russian(text: &str) -> bool {
    text.chars().any(|c| ('а'..='я').contains(&c))
}

#[test]
fn every_letter_is_whole_in_both_languages() {
    for letter in every_letter() {
        for locale in [Locale::En, Locale::Ru] {
            let rendered = render(&letter, locale);
            let russian = locale == Locale::Ru;
            for part in [&rendered.subject, &rendered.text, &rendered.html] {
                assert_eq!(is_russian(part), russian, "{letter:?}: {part}");
                assert!(!part.contains(['{', '}']), "{letter:?}: {part}");
            }
            assert!(
                rendered.subject.chars().count() <= 70,
                "{}",
                rendered.subject
            );
            assert!(rendered.text.contains("privacy@assets.example"));
            assert!(rendered.html.contains("Example &amp; Co"));
            assert_eq!(rendered.text.contains("Anna"), greets_by_name(&letter));
        }
    }
}

#[test]
fn a_link_is_there_exactly_where_one_is_due() {
    for letter in every_letter() {
        let link = match &letter {
            Letter::SignUp { .. } => Some("#signup=abl_secret".to_owned()),
            Letter::PasswordReset { .. } => Some("#reset=abl_secret".to_owned()),
            Letter::AddressChangeOld { .. } => Some("#email-old=abl_secret".to_owned()),
            Letter::AddressChangeNew { .. } => Some("#email-new=abl_secret".to_owned()),
            Letter::RequestLink { request, .. } => Some(format!("#request={request}.abl_secret")),
            Letter::WithdrawalByLetter { request, .. } => {
                Some(format!("#cancel={request}.abl_secret"))
            }
            _ => None,
        };
        let rendered = render(&letter, Locale::En);
        match link {
            Some(fragment) => {
                let url = format!("https://assets.example/confirm{fragment}");
                assert!(rendered.text.contains(&url), "{letter:?}");
                assert!(
                    rendered.html.contains(&format!("href=\"{url}\"")),
                    "{letter:?}"
                );
            }
            None => assert!(!rendered.text.contains("abl_secret"), "{letter:?}"),
        }
    }
}

#[test]
fn a_letter_whose_link_has_no_secret_is_not_written() {
    let house = house();
    let desk = Desk {
        house: &house,
        locale: Locale::En,
        secret: None,
        receipts: Vec::new(),
    };
    for letter in every_letter() {
        let due = link_kind(&letter).is_some();
        assert_eq!(compose(&letter, &desk).is_err(), due, "{letter:?}");
    }
}

#[test]
fn a_sign_up_is_answered_with_the_receipt_of_its_consents() {
    let letter = Letter::SignUp {
        expires_at: at("2026-11-23T12:00:00Z"),
    };
    for locale in [Locale::En, Locale::Ru] {
        let rendered = render(&letter, locale);
        for part in [&rendered.text, &rendered.html] {
            assert!(part.contains(&"cd".repeat(32)) && part.contains("2026-11-22"));
            assert!(part.contains(&format::document("processing-consent", locale)));
        }
    }
}

#[test]
fn a_request_that_was_passed_on_names_who_did_it() {
    for (locale, said) in [
        (Locale::En, "Passed on to us by"),
        (Locale::Ru, "Запрос передан нам от"),
    ] {
        let rendered = render(&passed_on(&["acme", "example"]), locale);
        for part in [&rendered.text, &rendered.html] {
            assert!(part.contains(said) && part.contains("acme, example"));
        }
        let own = render(&passed_on(&[]), locale);
        assert!(!own.text.contains(said));
    }
}

#[test]
fn the_owner_of_an_account_gets_no_link() {
    let house = house();
    for locale in [Locale::En, Locale::Ru] {
        let desk = Desk {
            house: &house,
            locale,
            secret: Some("abl_secret"),
            receipts: vec![receipt()],
        };
        let frame = Frame {
            locale,
            name: None,
            operator: &house.operator,
            privacy_address: &house.privacy_address,
            unsubscribe: None,
        };
        let rendered = frame.render(&already_registered(&desk));
        assert!(!rendered.text.contains("abl_secret") && !rendered.text.contains("confirm"));
    }
}

#[test]
fn a_letter_that_can_be_stopped_says_how() {
    let house = house();
    let letter = Letter::Marketing {
        campaign: "search-by-label".into(),
    };
    let desk = Desk {
        house: &house,
        locale: Locale::En,
        secret: None,
        receipts: Vec::new(),
    };
    let url = "https://assets.example/unsubscribe/abl_other";
    let frame = Frame {
        locale: Locale::En,
        name: Some("Anna"),
        operator: &house.operator,
        privacy_address: &house.privacy_address,
        unsubscribe: Some(url),
    };
    let rendered = frame.render(&compose(&letter, &desk).unwrap());
    assert_eq!(rendered.unsubscribe.as_deref(), Some(url));
    assert!(rendered.text.contains(url) && rendered.html.contains(url));
}

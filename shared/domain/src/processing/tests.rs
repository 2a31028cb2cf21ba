#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use super::*;
use crate::{
    consent::ConsentPurpose,
    data_map,
    policy::{self, Locale},
    time::Timestamp,
};
use proptest::prelude::*;

/// The whole matrix: what each purpose may do with each category. R record, C
/// clarify, E extract, U use, T transfer, A anonymise, B block, D destroy; a
/// pair that is not here is refused.
const MATRIX: &str = "
identity          identify          RCEUBD
identity          provide_service   REUTBD
identity          payment           REUTBD
identity          payment_dispute   REUTBD
identity          feedback          REUBD
identity          accuracy          RCEUBD
identity          support           REUBD
identity          marketing         UBD
contact           identify          RCEUBD
contact           provide_service   REUTBD
contact           payment           REUTBD
contact           payment_dispute   REUTBD
contact           feedback          REUBD
contact           accuracy          RCEUBD
contact           support           REUBD
contact           marketing         UBD
contact           security          REUTBD
employment        identify          RCEUBD
employment        provide_service   REUTBD
employment        payment_dispute   REUTBD
employment        feedback          REUBD
employment        accuracy          RCEUBD
employment        support           REUBD
account           identify          RCEUBD
account           provide_service   REUBD
account           feedback          REUBD
account           security          REUBD
consent_evidence  identify          REUBD
consent_evidence  payment_dispute   REUTBD
consent_evidence  feedback          REUBD
request           feedback          REUBD
correspondence    identify          RCEUBD
correspondence    provide_service   REUTBD
correspondence    payment           REUTBD
correspondence    feedback          REUBD
correspondence    support           REUBD
correspondence    marketing         UBD
correspondence    security          REUTBD
visit             security          REUTABD
other_technical   security          REUTBD
survey            feedback          REUBD
verification      identify          REUBD
verification      feedback          REUBD
payment           payment           REUTBD
payment           payment_dispute   REUTBD
authorship        provide_service   REUABD
authorship        feedback          REUBD
action_log        feedback          REUBD
action_log        security          REUBD
suppression       feedback          RUBD
trial_record      provide_service   RUBD
disclosure        feedback          REBD
destruction_act   feedback          REBD
request_log       feedback          REBD
";

fn letters(category: Category, purpose: Purpose) -> String {
    Operation::ALL
        .into_iter()
        .zip("RCEUTABD".chars())
        .filter(|(operation, _)| permits(category, purpose, *operation))
        .map(|(_, letter)| letter)
        .collect()
}

#[test]
fn every_category_purpose_and_operation_is_as_the_matrix_says() {
    let mut expected = MATRIX.lines().filter(|line| !line.is_empty());
    for category in Category::ALL {
        for purpose in Purpose::ALL {
            let letters = letters(category, purpose);
            if letters.is_empty() {
                continue;
            }
            let line = format!(
                "{:<17} {:<17} {letters}",
                category.as_str(),
                purpose.as_str()
            );
            assert_eq!(Some(line.as_str()), expected.next());
        }
    }
    assert_eq!(expected.next(), None);
}

#[test]
fn the_lists_name_each_thing_once() {
    let categories: BTreeSet<_> = Category::ALL.into_iter().collect();
    assert_eq!(categories.len(), Category::ALL.len());
    let purposes: BTreeSet<_> = Purpose::ALL.into_iter().collect();
    assert_eq!(purposes.len(), Purpose::ALL.len());
    let erased: BTreeSet<_> = Category::ERASED.into_iter().collect();
    assert_eq!(erased.len(), Category::ERASED.len());
    for category in Category::ALL {
        let name = serde_json::to_value(category).unwrap();
        assert_eq!(name, category.as_str());
    }
}

/// A new purpose needs a new version of the policy (clauses 4.1, 6.4, 9.1).
#[test]
fn the_purposes_are_those_of_the_policy_that_binds() {
    let now = Timestamp::from(jiff::Timestamp::now());
    let publication = policy::current("privacy-policy", now).unwrap();
    let text = policy::text(publication.text(Locale::En).unwrap()).unwrap();
    let table = text.split("| Purpose tag |").nth(1).unwrap();
    let table = table.split("\n\n").next().unwrap();
    let tags: BTreeSet<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split('|').next())
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    let purposes: BTreeSet<&str> = Purpose::ALL.map(Purpose::as_str).into();
    assert_eq!(tags, purposes);
}

#[test]
fn a_restriction_stops_service_and_marketing_and_keeps_rights() {
    use {Actor::*, Operation as O, Purpose as P};
    assert!(!allowed_while_restricted(P::ProvideService, O::Use, System));
    assert!(!allowed_while_restricted(P::Marketing, O::Use, System));
    assert!(!allowed_while_restricted(P::Accuracy, O::Clarify, Subject));
    assert!(!allowed_while_restricted(
        P::ProvideService,
        O::Transfer,
        System
    ));
    assert!(allowed_while_restricted(P::Identify, O::Extract, Subject));
    assert!(!allowed_while_restricted(P::Identify, O::Extract, Staff));
    assert!(allowed_while_restricted(P::Feedback, O::Use, System));
    for purpose in P::ALL {
        assert!(allowed_while_restricted(purpose, O::Destroy, System));
    }
}

/// What a person may do that bears on their data.
#[derive(Debug, Clone, Copy)]
enum Event {
    Consent(ConsentPurpose),
    Withdraw(ConsentPurpose),
    Object(Purpose),
    GiveUpObjection(Purpose),
    Restrict,
    Lift,
}

/// A person, as the sequence of events left them.
#[derive(Debug, Clone, Default)]
struct Model {
    consents: BTreeSet<ConsentPurpose>,
    objections: BTreeSet<Purpose>,
    restricted: bool,
}

impl Model {
    fn signed_up() -> Self {
        Self {
            consents: [ConsentPurpose::Processing].into(),
            ..Self::default()
        }
    }

    fn after(mut self, event: Event) -> Self {
        match event {
            Event::Consent(consent) => _ = self.consents.insert(consent),
            Event::Withdraw(consent) => _ = self.consents.remove(&consent),
            Event::Object(purpose) => _ = self.objections.insert(purpose),
            Event::GiveUpObjection(purpose) => _ = self.objections.remove(&purpose),
            Event::Restrict => self.restricted = true,
            Event::Lift => self.restricted = false,
        }
        self
    }

    fn decide(&self, attempt: Attempt) -> Result<(), Refusal> {
        let state = SubjectState {
            consents: &self.consents,
            objections: &self.objections,
            restricted: self.restricted,
        };
        decide(
            &[attempt.category],
            attempt.purpose,
            attempt.operation,
            attempt.actor,
            state,
        )
    }

    fn stopped(&self, purpose: Purpose) -> bool {
        self.restricted
            || self.objections.contains(&purpose)
            || !self.consents.contains(&ConsentPurpose::Processing)
    }
}

#[derive(Debug, Clone, Copy)]
struct Attempt {
    category: Category,
    purpose: Purpose,
    operation: Operation,
    actor: Actor,
}

fn attempts() -> impl Iterator<Item = Attempt> {
    let actors = [Actor::Subject, Actor::Staff, Actor::System];
    Category::ALL.into_iter().flat_map(move |category| {
        Purpose::ALL.into_iter().flat_map(move |purpose| {
            Operation::ALL.into_iter().flat_map(move |operation| {
                actors.into_iter().map(move |actor| Attempt {
                    category,
                    purpose,
                    operation,
                    actor,
                })
            })
        })
    })
}

fn consent() -> impl Strategy<Value = ConsentPurpose> {
    prop::sample::select(ConsentPurpose::ALL.to_vec())
}

fn purpose() -> impl Strategy<Value = Purpose> {
    prop::sample::select(Purpose::ALL.to_vec())
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        consent().prop_map(Event::Consent),
        consent().prop_map(Event::Withdraw),
        purpose().prop_map(Event::Object),
        purpose().prop_map(Event::GiveUpObjection),
        Just(Event::Restrict),
        Just(Event::Lift),
    ]
}

fn person() -> impl Strategy<Value = Model> {
    prop::collection::vec(event(), 0..12).prop_map(|events| {
        events
            .into_iter()
            .fold(Model::signed_up(), |person, event| person.after(event))
    })
}

#[test]
fn a_new_person_is_processed_within_the_matrix_and_not_for_advertising() {
    let person = Model::signed_up();
    for attempt in attempts() {
        let within = permits(attempt.category, attempt.purpose, attempt.operation);
        let ends = matches!(attempt.operation, Operation::Block | Operation::Destroy);
        let advertising = matches!(attempt.purpose, Purpose::Marketing | Purpose::AdTargeting);
        let expected = match (within, advertising && !ends) {
            (false, _) => Err(Refusal::OutsidePurpose),
            (true, true) => Err(Refusal::NoConsent),
            (true, false) => Ok(()),
        };
        assert_eq!(person.decide(attempt), expected, "{attempt:?}");
    }
}

#[test]
fn an_access_to_several_categories_needs_every_one_of_them() {
    let person = Model::signed_up();
    let state = SubjectState {
        consents: &person.consents,
        objections: &person.objections,
        restricted: false,
    };
    let read = |categories: &[Category]| {
        decide(
            categories,
            Purpose::Security,
            Operation::Extract,
            Actor::Staff,
            state,
        )
    };
    assert_eq!(read(&[Category::Contact, Category::Visit]), Ok(()));
    assert_eq!(
        read(&[Category::Contact, Category::Identity]),
        Err(Refusal::OutsidePurpose)
    );
    assert_eq!(read(&[]), Ok(()));
}

#[test]
fn the_address_of_a_visit_serves_security_only() {
    for purpose in Purpose::ALL {
        let reads = permits(Category::Visit, purpose, Operation::Extract);
        assert_eq!(reads, purpose == Purpose::Security, "{purpose:?}");
    }
    // clause 3.5: processors get none of it
    assert!(!data_map::allows(
        Category::OtherTechnical,
        Purpose::ProvideService
    ));
}

proptest! {
    #[test]
    fn in_every_state_each_operation_is_allowed_exactly_as_the_policy_says(person in person()) {
        for attempt in attempts() {
            let Attempt { category, purpose, operation, actor } = attempt;
            let decision = person.decide(attempt);
            if !permits(category, purpose, operation) {
                prop_assert_eq!(decision, Err(Refusal::OutsidePurpose));
                continue;
            }
            let ends = matches!(operation, Operation::Block | Operation::Destroy);
            let exempt = allowed_while_restricted(purpose, operation, actor);
            let agreed = match purpose {
                Purpose::Marketing => person.consents.contains(&ConsentPurpose::Marketing),
                Purpose::AdTargeting => person.consents.contains(&ConsentPurpose::Transfer),
                _ => true,
            };
            let allowed = ends || (agreed && (exempt || !person.stopped(purpose)));
            prop_assert_eq!(decision.is_ok(), allowed, "{:?} {:?}", attempt, decision);
            if !allowed {
                prop_assert_ne!(decision, Err(Refusal::OutsidePurpose));
            }
        }
    }

    #[test]
    fn saying_no_never_allows_more(person in person(), no in event()) {
        let is_no = matches!(no, Event::Withdraw(_) | Event::Object(_) | Event::Restrict);
        prop_assume!(is_no);
        let after = person.clone().after(no);
        for attempt in attempts() {
            prop_assert!(person.decide(attempt).is_ok() || after.decide(attempt).is_err(), "{:?}", attempt);
        }
    }

    #[test]
    fn nothing_that_a_person_does_keeps_their_data_from_being_destroyed_or_shown_to_them(person in person()) {
        for attempt in attempts() {
            let ends = matches!(attempt.operation, Operation::Block | Operation::Destroy);
            let own = attempt.operation == Operation::Extract && attempt.actor == Actor::Subject;
            if (ends || own) && permits(attempt.category, attempt.purpose, attempt.operation) {
                prop_assert_eq!(person.decide(attempt), Ok(()), "{:?}", attempt);
            }
        }
    }

    #[test]
    fn what_a_purpose_stops_at_once_stays_stopped_until_the_objection_is_given_up(
        person in person(),
        purpose in prop::sample::select(Purpose::ALL.into_iter().filter(|p| p.stops_on_objection()).collect::<Vec<_>>()),
    ) {
        let objecting = person.after(Event::Object(purpose));
        for attempt in attempts().filter(|attempt| attempt.purpose == purpose) {
            if matches!(attempt.operation, Operation::Use | Operation::Transfer | Operation::Anonymise) {
                prop_assert!(objecting.decide(attempt).is_err());
            }
        }
    }
}

//! What may be done with which data for what, and to whom: the matrix of
//! category, purpose and operation (clause 6.4), and what consent, objection
//! and restriction take out of it.

use std::collections::BTreeSet;

use super::{Actor, Category, Operation, Purpose, Refusal};
use crate::{consent::ConsentPurpose, data_map};

/// What a purpose does with the data that it reaches. Each may be blocked and
/// destroyed under any purpose: nothing stands in the way of an end.
fn of_purpose(purpose: Purpose) -> &'static [Operation] {
    use Operation as O;
    match purpose {
        Purpose::Identify | Purpose::Accuracy => &[
            O::Record,
            O::Clarify,
            O::Extract,
            O::Use,
            O::Block,
            O::Destroy,
        ],
        Purpose::ProvideService | Purpose::Security => &[
            O::Record,
            O::Extract,
            O::Use,
            O::Transfer,
            O::Anonymise,
            O::Block,
            O::Destroy,
        ],
        Purpose::Payment | Purpose::PaymentDispute => &[
            O::Record,
            O::Extract,
            O::Use,
            O::Transfer,
            O::Block,
            O::Destroy,
        ],
        Purpose::Feedback | Purpose::Support => {
            &[O::Record, O::Extract, O::Use, O::Block, O::Destroy]
        }
        Purpose::Marketing => &[O::Use, O::Block, O::Destroy],
        Purpose::AdTargeting => &[O::Transfer, O::Block, O::Destroy],
        Purpose::AnonymousStats => &[O::Anonymise, O::Block, O::Destroy],
    }
}

/// What a kind of data bears. Evidence and registers are never corrected, what
/// is only kept (3.5, 5.2a) is not used, and a keyed hash is compared, not shown.
fn of_category(category: Category) -> &'static [Operation] {
    use Operation as O;
    match category {
        Category::Identity | Category::Contact | Category::Employment
        // a mail that is on its way changes with the address that it goes to
        | Category::Correspondence => &[
            O::Record,
            O::Clarify,
            O::Extract,
            O::Use,
            O::Transfer,
            O::Block,
            O::Destroy,
        ],
        Category::Account => {
            &[O::Record, O::Clarify, O::Extract, O::Use, O::Block, O::Destroy]
        }
        Category::ConsentEvidence | Category::OtherTechnical | Category::Payment => &[
            O::Record,
            O::Extract,
            O::Use,
            O::Transfer,
            O::Block,
            O::Destroy,
        ],
        Category::Visit => &[
            O::Record,
            O::Extract,
            O::Use,
            O::Transfer,
            O::Anonymise,
            O::Block,
            O::Destroy,
        ],
        Category::Survey | Category::Authorship => &[
            O::Record,
            O::Extract,
            O::Use,
            O::Anonymise,
            O::Block,
            O::Destroy,
        ],
        Category::Request | Category::Verification | Category::ActionLog => {
            &[O::Record, O::Extract, O::Use, O::Block, O::Destroy]
        }
        Category::Suppression | Category::TrialRecord => {
            &[O::Record, O::Use, O::Block, O::Destroy]
        }
        Category::Disclosure | Category::DestructionAct | Category::RequestLog => {
            &[O::Record, O::Extract, O::Block, O::Destroy]
        }
    }
}

/// May this be done with this kind of data for this purpose, whoever it is about?
#[must_use]
pub fn permits(category: Category, purpose: Purpose, operation: Operation) -> bool {
    data_map::allows(category, purpose)
        && of_purpose(purpose).contains(&operation)
        && of_category(category).contains(&operation)
}

/// May a restricted person's data be processed so? Storage, destruction, the
/// verification itself with its notices, and legal claims stay allowed
/// (clause 6.7, 152-FZ art. 21(1)), and the person may always read their own.
#[must_use]
pub fn allowed_while_restricted(purpose: Purpose, operation: Operation, actor: Actor) -> bool {
    let reads_own = operation == Operation::Extract && actor == Actor::Subject;
    let verification = purpose == Purpose::Feedback
        && matches!(
            operation,
            Operation::Record | Operation::Extract | Operation::Use
        );
    let claim = purpose == Purpose::PaymentDispute && operation == Operation::Use;
    ends(operation) || reads_own || verification || claim
}

fn ends(operation: Operation) -> bool {
    matches!(operation, Operation::Block | Operation::Destroy)
}

/// What a person has said that bears on every processing of their data.
#[derive(Debug, Clone, Copy)]
pub struct SubjectState<'a> {
    /// The consents that hold now. Without the one to processing, everything
    /// stops that a restriction would stop (clause 5.2b: stop at once, destroy
    /// in time).
    pub consents: &'a BTreeSet<ConsentPurpose>,
    /// The purposes that they object to.
    pub objections: &'a BTreeSet<Purpose>,
    /// Processing is restricted (clauses 6.3c, 6.7).
    pub restricted: bool,
}

/// May somebody do this with these kinds of a person's data for this purpose?
///
/// # Errors
/// [`Refusal`], which says why not.
pub fn decide(
    categories: &[Category],
    purpose: Purpose,
    operation: Operation,
    actor: Actor,
    state: SubjectState<'_>,
) -> Result<(), Refusal> {
    let within = |category: &Category| permits(*category, purpose, operation);
    if !categories.iter().all(within) {
        return Err(Refusal::OutsidePurpose);
    }
    let holds = |consent| state.consents.contains(&consent);
    let agreed = ConsentPurpose::required_by(purpose).is_none_or(holds);
    if !agreed && !ends(operation) {
        return Err(Refusal::NoConsent);
    }
    if allowed_while_restricted(purpose, operation, actor) {
        return Ok(());
    }
    if !holds(ConsentPurpose::Processing) || state.objections.contains(&purpose) {
        return Err(Refusal::NoConsent);
    }
    if state.restricted {
        return Err(Refusal::Restricted);
    }
    Ok(())
}

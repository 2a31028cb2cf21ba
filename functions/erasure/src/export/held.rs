//! “What do you hold about me, and why?”, answered from the data map for what is held of this
//! person (clause 6.3a; 152-FZ art. 14(7); GDPR art. 15(1)).

use domain::{
    data_map::{Statement, what_we_hold},
    processing::Category,
    time::Timestamp,
    workspace::Role,
};
use store::{
    Entity,
    catalog::Member,
    limits::Claim,
    people::{Suppression, suppression_key},
    personal::Person,
};

use crate::{App, Error};

/// Of everybody who has an account.
const ALWAYS: [Category; 8] = [
    Category::Identity,
    Category::Contact,
    Category::Employment,
    Category::Account,
    Category::ConsentEvidence,
    Category::Request,
    Category::OtherTechnical,
    Category::ActionLog,
];

/// What the copy has found of a person that not everybody has.
pub(super) struct Found<'a> {
    /// Letters or claims.
    pub(super) correspondence: bool,
    /// Files, or uploads under way.
    pub(super) files: bool,
    /// Disclosures that they may know of, or transfers of the business.
    pub(super) disclosures: bool,
    /// Answers to surveys.
    pub(super) surveys: bool,
    /// What was passed to processors, which is for payments.
    pub(super) passed_on: bool,
    /// Their memberships.
    pub(super) members: &'a [Member],
}

pub(super) async fn statements(
    app: &App,
    person: &Person,
    found: Found<'_>,
) -> Result<Vec<Statement>, Error> {
    let mut held = ALWAYS.to_vec();
    let further = [
        (Category::Correspondence, found.correspondence),
        (Category::Authorship, found.files),
        (Category::Disclosure, found.disclosures),
        (Category::Survey, found.surveys),
        (
            Category::Payment,
            found.passed_on || has_paid(app, found.members).await?,
        ),
        (Category::Suppression, refuses_news(app, person).await?),
        (Category::TrialRecord, had_a_trial(app, person).await?),
    ];
    held.extend(further.iter().filter(|(_, is)| *is).map(|(what, _)| *what));
    Ok(what_we_hold(&held, person.record().locale))
}

/// What a provider tells of a workspace's payer is told of its owner.
async fn has_paid(app: &App, members: &[Member]) -> Result<bool, Error> {
    let owned = members.iter().filter(|member| member.role == Role::Owner);
    for member in owned {
        let history = app.db.billing_history(member.workspace).await?;
        if !history.payments.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn refuses_news(app: &App, person: &Person) -> Result<bool, Error> {
    let key = suppression_key(&person.record().login);
    let refusal: Option<Suppression> = app.db.get(&key).await?;
    Ok(refusal.is_some())
}

async fn had_a_trial(app: &App, person: &Person) -> Result<bool, Error> {
    let record = person.record();
    for (what, whose) in [
        ("trial-email", &record.login),
        ("trial-company", &record.company),
    ] {
        let wanted = Claim {
            what: what.to_owned(),
            whose: whose.clone(),
            until: Timestamp::UNIX_EPOCH,
        };
        if app.db.get::<Claim>(&wanted.key()).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

//! The act of destruction with the export of the event log, which prove a destruction to
//! Roskomnadzor (its order No. 179 of 28.10.2022; both are kept for three years).
//!
//! The order wants the person named, and the certificate names nobody. So the name alone is
//! sealed under a key of the case's own when the erasure begins ([`File`]); what was done stands
//! beside it in clear ([`Progress`]), and the act is composed of both when it is read. That the
//! two belong together is proven by the signed certificate: it holds the [`fingerprint`] of the
//! person's id.
//!
//! The words are Russian: the act is a document of Russian law.
//!
//! [`fingerprint`]: super::fingerprint

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Certificate, Receipt};
use crate::{
    compliance::processor::Processor,
    ids::{CaseId, EntryId, SubjectId},
    processing::Category,
    time::Timestamp,
};

/// How it is destroyed.
const METHOD: &str = "Сначала уничтожен ключ шифрования данных субъекта, после чего каждое зашифрованное значение не может быть прочитано ни в одной копии, включая резервные; затем удалены все записи и все версии объектов.";
/// Who destroys it.
const DESTROYED_BY: &str =
    "информационная система оператора, автоматически, по решению уполномоченных лиц оператора";

/// What is sealed of an act: it outlives the person's own key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Whose data.
    pub subject: SubjectId,
    /// Their name; `None` where it could not be read any more.
    pub name: Option<String>,
    /// Who processed it for the operator.
    pub processors: BTreeSet<Processor>,
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("File(…)")
    }
}

/// What stands beside it and names nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    began_at: Timestamp,
    done: Option<Done>,
}

/// What was done, as the certificate tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Done {
    at: Timestamp,
    operator: String,
    address: String,
    system: String,
    clause: String,
    law: String,
    categories: Vec<Category>,
    steps: Vec<Receipt>,
    certificate_sha256: String,
    ledger_entry: EntryId,
}

impl Progress {
    /// An erasure that begins.
    #[must_use]
    pub fn begun(at: Timestamp) -> Self {
        Self {
            began_at: at,
            done: None,
        }
    }

    /// It is done: the certificate with this hash tells what was. `address` is where the
    /// operator is reached.
    #[must_use]
    pub fn finished(
        mut self,
        certificate: &Certificate,
        certificate_sha256: &str,
        address: &str,
    ) -> Self {
        self.done = Some(Done {
            at: certificate.finished_at,
            operator: certificate.operator.clone(),
            address: address.to_owned(),
            system: certificate.system.clone(),
            clause: certificate.clause.clone(),
            law: certificate.law.clone(),
            categories: certificate.categories.clone(),
            steps: certificate.steps.clone(),
            certificate_sha256: certificate_sha256.to_owned(),
            ledger_entry: certificate.ledger_entry,
        });
        self
    }

    /// When the erasure began.
    #[must_use]
    pub fn began_at(&self) -> Timestamp {
        self.began_at
    }

    /// When it was done.
    #[must_use]
    pub fn finished_at(&self) -> Option<Timestamp> {
        self.done.as_ref().map(|done| done.at)
    }

    /// The act; `None` while the erasure is under way.
    #[must_use]
    pub fn act(&self, case: CaseId, file: &File) -> Option<Act> {
        let done = self.done.as_ref()?;
        let processors = file.processors.iter().map(|one| one.registered());
        let mut processors: Vec<Party> = processors
            .map(|one| Party {
                name: one.legal_name.to_owned(),
                address: one.address.to_owned(),
            })
            .collect();
        // several services of one company are one processor
        processors.dedup();
        Some(Act {
            case,
            operator: Party {
                name: done.operator.clone(),
                address: done.address.clone(),
            },
            processors,
            subject: Subject {
                name: file.name.clone(),
                id: file.subject,
            },
            destroyed_by: DESTROYED_BY.to_owned(),
            categories: done.categories.iter().map(|one| words(*one)).collect(),
            system: done.system.clone(),
            method: METHOD.to_owned(),
            reason: format!(
                "{} (п. {} Политики конфиденциальности)",
                done.law, done.clause
            ),
            destroyed_at: done.at,
            certificate_sha256: done.certificate_sha256.clone(),
            ledger_entry: done.ledger_entry,
            log: done.steps.iter().map(Logged::of).collect(),
        })
    }
}

/// Somebody with an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Party {
    /// The name.
    pub name: String,
    /// The address.
    pub address: String,
}

/// Whose data was destroyed.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// Their name, or else the id stands for it (“other information that relates to a person”).
    pub name: Option<String>,
    /// Their id.
    pub id: SubjectId,
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subject(…)")
    }
}

/// A step as the event log has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Logged {
    /// When it ended.
    pub at: Timestamp,
    /// What it was, and where.
    pub what: String,
    /// How many things were destroyed.
    pub destroyed: u64,
}

impl Logged {
    fn of(receipt: &Receipt) -> Self {
        Self {
            at: receipt.finished_at,
            what: format!("{}: {}", receipt.step.as_str(), receipt.store),
            destroyed: receipt.before,
        }
    }
}

/// The act, with what the order demands of it (its paragraphs 3 and 5). The officials who answer
/// for it sign what they print or export; the certificate that it names bears the service's own
/// signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Act {
    /// Its number: the case of the erasure.
    pub case: CaseId,
    /// The operator.
    pub operator: Party,
    /// Who processed the data on the operator's behalf.
    pub processors: Vec<Party>,
    /// Whose data.
    pub subject: Subject,
    /// Who destroyed it.
    pub destroyed_by: String,
    /// What was destroyed.
    pub categories: Vec<&'static str>,
    /// The information system that it was destroyed in.
    pub system: String,
    /// How.
    pub method: String,
    /// Why.
    pub reason: String,
    /// When.
    pub destroyed_at: Timestamp,
    /// SHA-256 of the signed certificate.
    pub certificate_sha256: String,
    /// The entry of the event log that names the certificate.
    pub ledger_entry: EntryId,
    /// The steps, in order.
    pub log: Vec<Logged>,
}

/// The heads of the export's columns: those of the order's paragraph 5, then ours.
const COLUMNS: [&str; 9] = [
    "субъект персональных данных",
    "идентификатор субъекта",
    "перечень категорий уничтоженных персональных данных",
    "информационная система",
    "причина уничтожения",
    "дата уничтожения",
    "действие",
    "уничтожено единиц",
    "запись журнала",
];

impl Act {
    /// The export of the event log as CSV (RFC 4180), a line for each step.
    #[must_use]
    pub fn log_csv(&self) -> String {
        let categories = self.categories.join("; ");
        let mut csv = line(COLUMNS.map(str::to_owned));
        for row in &self.log {
            csv.push_str(&line([
                self.subject.name.clone().unwrap_or_default(),
                self.subject.id.to_string(),
                categories.clone(),
                self.system.clone(),
                self.reason.clone(),
                row.at.to_string(),
                row.what.clone(),
                row.destroyed.to_string(),
                self.ledger_entry.to_string(),
            ]));
        }
        csv
    }
}

fn line(cells: [String; 9]) -> String {
    let cells = cells.map(|cell| {
        // no spreadsheet takes somebody's name for a formula
        let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let guard = if formula { "'" } else { "" };
        format!("\"{guard}{}\"", cell.replace('"', "\"\""))
    });
    format!("{}\r\n", cells.join(","))
}

/// A category as the act names it.
fn words(category: Category) -> &'static str {
    match category {
        Category::Identity => "фамилия, имя, отчество",
        Category::Contact => "адрес электронной почты, номер телефона",
        Category::Employment => "место работы, должность",
        Category::Account => "сведения об учётной записи",
        Category::ConsentEvidence => "сведения о согласиях",
        Category::Request => "обращения субъекта и ответы на них",
        Category::Correspondence => "переписка",
        Category::Visit => "сведения о посещениях",
        Category::OtherTechnical => "иная техническая информация",
        Category::Survey => "ответы на опросы",
        Category::Verification => "сведения, запрошенные для ответа на обращение",
        Category::Payment => "сведения о платежах",
        Category::Authorship => "сведения о загруженных файлах",
        Category::ActionLog => "журнал действий с персональными данными",
        Category::Suppression => "отказ от рекламы",
        Category::TrialRecord => "сведения о пробном периоде",
        Category::Disclosure => "сведения о раскрытии персональных данных",
        Category::DestructionAct => "акты об уничтожении",
        Category::RequestLog => "журнал обращений",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::tests::certificate;
    use super::*;

    fn file(name: Option<&str>) -> File {
        File {
            subject: SubjectId::new(Timestamp::UNIX_EPOCH),
            name: name.map(str::to_owned),
            processors: [Processor::AwsHosting, Processor::AwsMail, Processor::Stripe].into(),
        }
    }

    #[test]
    fn an_act_has_what_the_order_demands() {
        let certificate = certificate();
        let begun = Progress::begun(certificate.began_at);
        let file = file(Some("Ada \"Countess\" Lovelace"));
        assert_eq!(begun.act(certificate.case, &file), None);
        let done = begun.finished(&certificate, "ab", "privacy@example.com");
        assert_eq!(done.finished_at(), Some(certificate.finished_at));
        let act = done.act(certificate.case, &file).unwrap();
        assert_eq!(act.operator.name, "Example");
        assert_eq!(act.processors.len(), 2, "AWS once, and Stripe");
        assert_eq!(act.categories.len(), Category::ALL.len());
        assert!(act.reason.contains("152-FZ art. 21(5)"));
        assert_eq!(act.destroyed_at, certificate.finished_at);

        let csv = act.log_csv();
        assert_eq!(csv.lines().count(), 1 + certificate.steps.len());
        for line in csv.lines().skip(1) {
            assert!(line.starts_with("\"Ada \"\"Countess\"\" Lovelace\",\"usr_"));
            assert!(line.contains("\"Assetbox\"") && line.contains("переписка"));
        }
        let shown = format!("{file:?} {act:?}");
        assert!(!shown.contains("Lovelace"));
    }

    #[test]
    fn no_cell_is_a_formula() {
        let certificate = certificate();
        let done = Progress::begun(certificate.began_at).finished(&certificate, "ab", "x");
        let act = done.act(certificate.case, &file(Some("=cmd()"))).unwrap();
        assert!(act.log_csv().contains("\"'=cmd()\""));
    }
}

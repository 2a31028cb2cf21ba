//! Who of the erased is named on a page of a table.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    certificate::{Certificate, fingerprint},
    ids::{CaseId, SubjectId, WorkspaceId},
};
use store::{Key, erasure::Seen};

/// What is named on a page.
#[derive(Debug, Default)]
pub(super) struct Hits {
    /// The erased persons.
    pub(super) persons: BTreeMap<SubjectId, Hit>,
    /// The destroyed workspaces, with the case that they went with.
    pub(super) workspaces: BTreeMap<WorkspaceId, CaseId>,
}

/// Where a person is named.
#[derive(Debug)]
pub(super) struct Hit {
    /// The case of their erasure.
    pub(super) case: CaseId,
    /// Workspaces that live on.
    pub(super) shared: BTreeSet<WorkspaceId>,
    /// Their logins.
    pub(super) logins: BTreeSet<Key>,
}

/// A login's partition, by what it begins with.
const LOGIN: &str = "LOGIN#";
/// A workspace's partition, likewise.
const WORKSPACE: &str = "WSP#";

impl Hits {
    /// Whom these certificates mean among what was seen. An address's keyed hash
    /// counts with its person only: it is the same when its owner signs up again.
    pub(super) fn among(rows: &[Seen], certificates: &[Certificate]) -> Self {
        let mut hits = Self::default();
        for row in rows {
            for certificate in certificates {
                if !certificate.probe.excepts(&row.key.pk) {
                    hits.look(row, certificate);
                }
            }
        }
        hits
    }

    fn look(&mut self, row: &Seen, certificate: &Certificate) {
        let (case, recipe) = (certificate.case, &certificate.probe);
        for name in &row.names {
            if let Ok(workspace) = name.parse::<WorkspaceId>()
                && recipe.workspaces.contains(&workspace)
            {
                self.workspaces.insert(workspace, case);
            }
            if let Ok(subject) = name.parse::<SubjectId>()
                && recipe.person.contains(&fingerprint(case, name))
            {
                self.note(subject, row, certificate);
            }
        }
    }

    fn note(&mut self, subject: SubjectId, row: &Seen, certificate: &Certificate) {
        let hit = self.persons.entry(subject).or_insert_with(|| Hit {
            case: certificate.case,
            shared: BTreeSet::new(),
            logins: BTreeSet::new(),
        });
        if row.key.pk.starts_with(LOGIN) {
            hit.logins.insert(row.key.clone());
        }
        let workspace = row.key.pk.strip_prefix(WORKSPACE);
        if let Some(workspace) = workspace.and_then(|id| id.parse().ok())
            && !certificate.probe.workspaces.contains(&workspace)
        {
            hit.shared.insert(workspace);
        }
    }

    /// How many are named.
    pub(super) fn len(&self) -> usize {
        self.persons.len() + self.workspaces.len()
    }
}

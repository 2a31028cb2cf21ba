//! The register of acts of destruction (order of Roskomnadzor No. 179): each a case with a key of
//! its own, opened when the erasure begins, closed with its certificate, and gone three years
//! after that.

use domain::{
    certificate::act::{File, Progress},
    data_map::{Field, retention},
    ids::CaseId,
    processing::Category,
    regime::Stage,
    time::Timestamp,
};

use crate::compliance::{self, Filed};

/// An act in its register.
pub type Act = compliance::Case<Progress>;

impl Filed for Progress {
    type Id = CaseId;
    type File = File;
    const REGISTER: &'static str = "REGISTER#ACTS";
    const FIELD: Field = Field::DestructionAct;
    const CATEGORIES: &'static [Category] = &[Category::DestructionAct];
    const CLAUSE: &'static str = "5.2b";

    fn due_at(&self) -> Option<Timestamp> {
        // the erasure's own request has the deadline
        None
    }

    fn kept_until(&self) -> Option<Timestamp> {
        Some(retention(Category::DestructionAct).end(self.finished_at()?))
    }

    fn stages(&self, _: Timestamp) -> Vec<Stage> {
        Vec::new()
    }
}

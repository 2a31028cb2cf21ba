//! The functions' roles: every AWS call of a function is made under its own, as on AWS.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::template::{Model, Need, Role};

/// The roles, and which of their grants were used. Clones share them.
#[derive(Debug, Clone)]
pub struct Roles {
    roles: Arc<BTreeMap<String, Role>>,
    used: Arc<Mutex<BTreeSet<Use>>>,
}

/// A grant of a role that allowed a call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The function's logical id.
    pub function: String,
    /// The action, as the template grants it.
    pub action: String,
    /// The resource, as the template grants it.
    pub resource: String,
}

impl Roles {
    pub(super) fn of(model: &Model) -> Self {
        let functions = model.functions.iter();
        let roles = functions.map(|function| (function.id.clone(), function.role.clone()));
        Self {
            roles: Arc::new(roles.collect()),
            used: Arc::default(),
        }
    }

    /// Everything that the template grants.
    #[must_use]
    pub fn granted(&self) -> BTreeSet<Use> {
        let roles = self.roles.iter();
        let grants = roles.flat_map(|(function, role)| {
            role.grants().iter().map(|grant| Use {
                function: function.clone(),
                action: grant.action.clone(),
                resource: grant.resource.clone(),
            })
        });
        grants.collect()
    }

    /// The grants that have allowed a call so far.
    #[must_use]
    pub fn used(&self) -> BTreeSet<Use> {
        self.lock().clone()
    }

    /// Notes what a caller uses, or says what its role doesn't allow. A caller that is no
    /// function of the template may do everything: a test, or a stand-in.
    ///
    /// # Errors
    /// The first need that no grant covers.
    pub fn check<N>(&self, caller: &str, needs: impl FnOnce() -> N) -> Result<(), Need>
    where
        N: IntoIterator<Item = Need>,
    {
        let Some(role) = self.roles.get(caller) else {
            return Ok(());
        };
        for need in needs() {
            let grant = role.allows(&need).ok_or(need)?;
            self.lock().insert(Use {
                function: caller.to_owned(),
                action: grant.action.clone(),
                resource: grant.resource.clone(),
            });
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<Use>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

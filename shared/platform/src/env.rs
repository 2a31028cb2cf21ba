//! Configuration: the variables that template.yaml declares, as a value.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use store::Tables;

/// Why a function can't start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A variable is not set.
    #[error("the environment variable {0} is not set")]
    Missing(String),
    /// A variable can't be read.
    #[error("the environment variable {0} can't be read: {1}")]
    Invalid(&'static str, String),
    /// The application's secret can't be had.
    #[error("the application's secret can't be read: {0}")]
    Secret(String),
}

/// A function's variables, and which of them it asked for. Clones share what was asked.
#[derive(Debug, Clone, Default)]
pub struct Env {
    vars: BTreeMap<String, String>,
    asked: Arc<Mutex<BTreeSet<String>>>,
}

impl Env {
    /// Those of the process.
    #[must_use]
    pub fn process() -> Self {
        Self::of(std::env::vars())
    }

    /// These.
    #[must_use]
    pub fn of(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            vars: vars.into_iter().collect(),
            asked: Arc::default(),
        }
    }

    /// A variable that may be empty or missing.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned());
        self.vars
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// A variable that must be set.
    ///
    /// # Errors
    /// [`ConfigError::Missing`].
    pub fn required(&self, name: &str) -> Result<String, ConfigError> {
        self.optional(name)
            .map(str::to_owned)
            .ok_or_else(|| ConfigError::Missing(name.to_owned()))
    }

    /// A variable of another type that must be set.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn parsed<T: FromStr>(&self, name: &'static str) -> Result<T, ConfigError>
    where
        T::Err: std::fmt::Display,
    {
        self.required(name)?
            .parse()
            .map_err(|e: T::Err| ConfigError::Invalid(name, e.to_string()))
    }

    /// A JSON variable that must be set.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn json<T: serde::de::DeserializeOwned>(
        &self,
        name: &'static str,
    ) -> Result<T, ConfigError> {
        serde_json::from_str(&self.required(name)?)
            .map_err(|e| ConfigError::Invalid(name, e.to_string()))
    }

    /// A comma-separated variable; empty when it is not set.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<String> {
        let text = self.optional(name).unwrap_or_default();
        text.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// The names that were asked for so far: what template.yaml must declare.
    #[must_use]
    pub fn asked(&self) -> BTreeSet<String> {
        let asked = self.asked.lock();
        asked.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The names of the tables that this function may touch; the others stay empty.
    #[must_use]
    pub fn tables(&self) -> Tables {
        let name = |variable| {
            let declared = self.vars.contains_key(variable);
            let name = declared.then(|| self.optional(variable)).flatten();
            name.unwrap_or_default().to_owned()
        };
        Tables {
            catalog: name("TABLE_CATALOG"),
            people: name("TABLE_PEOPLE"),
            keys: name("TABLE_KEYS"),
            ledger: name("TABLE_LEDGER"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn it_knows_what_it_was_asked_for() {
        let vars = ["TABLE_KEYS", "PLANS", "UNREAD"].map(|name| (name.to_owned(), "1".to_owned()));
        let env = Env::of(vars);
        let plans: u8 = env.clone().parsed("PLANS").unwrap();
        assert_eq!(plans, 1);
        assert_eq!(env.list("WEB_ORIGINS"), Vec::<String>::new());
        assert_eq!(env.tables().keys, "1");
        let asked: Vec<_> = env.asked().into_iter().collect();
        // of the tables, those that it was given
        assert_eq!(asked, ["PLANS", "TABLE_KEYS", "WEB_ORIGINS"]);
    }
}

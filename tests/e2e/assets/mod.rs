//! The catalogue.

mod change;
mod list;
mod trash;

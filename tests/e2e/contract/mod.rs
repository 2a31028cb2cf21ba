//! What holds for every route: the template, the document, who may see what, and what it costs.

mod addresses;
mod bootstrap;
mod budgets;
mod data_map;
mod document;
mod registers;
mod roles;
mod template;
mod tenants;

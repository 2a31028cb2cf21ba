//! What holds for every route: the template, the document, who may see what, and what it costs.

mod bootstrap;
mod budgets;
mod document;
mod roles;
mod template;
mod tenants;

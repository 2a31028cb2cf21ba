//! Billing as it is stored.

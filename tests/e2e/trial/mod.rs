//! The course of a trial: notices, read-only, destruction (clause 3.2b); and what the clock
//! destroys besides (clause 5.2).

mod notices;
mod sign_ups;

//! From an original to preview, thumbnail and labels.

mod delivery;
mod renditions;
mod tagging;

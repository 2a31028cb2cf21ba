//! Uploads by presigned addresses.

mod begin;
mod multipart;
mod put;
mod read_only;

//! End-to-end tests of Assetbox.

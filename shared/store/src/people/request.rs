//! Data-subject requests as they are stored.

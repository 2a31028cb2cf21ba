//! The published texts, compiled in. Written by publish.py; not to be edited.

macro_rules! texts {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!($path))),*]
    };
}

/// Every published text, by its path below `policies/`.
pub(super) static TEXTS: &[(&str, &str)] = texts![
    "privacy-policy/2026-11-22/en.md",
    "privacy-policy/2026-11-22/ru.md",
    "terms/2026-11-22/en.md",
    "terms/2026-11-22/ru.md",
    "processing-consent/2026-11-22/en.md",
    "processing-consent/2026-11-22/ru.md",
    "marketing-consent/2026-11-22/en.md",
    "marketing-consent/2026-11-22/ru.md",
    "transfer-consent/2026-11-22/en.md",
    "transfer-consent/2026-11-22/ru.md",
];

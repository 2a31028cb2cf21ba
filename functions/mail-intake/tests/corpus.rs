//! Letters, one by one: what each must come to (contracts of the mailbox, clauses 4.10, 5.2b, 5.3).
//!
//! Every letter is read as it stands and with the line breaks that SES delivers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::BTreeSet, fs, path::PathBuf};

use domain::policy::Locale;
use mail_intake::{
    Decision, Envelope, MAX_LETTER_BYTES, Ours, Outcome, Verdict, Verdicts, Why, decide,
};
use proptest::prelude::*;

/// A letter of `tests/corpus`, how SES's checks of it ended, and what it must come to: the
/// outcome, whether the sender is proven, whether a reply may go out, its language, the sender.
const LETTERS: &[(&str, &str, &str)] = &[
    (
        "en-refuse-subject",
        "pass",
        "refuse_news proven reply en ada@example.com",
    ),
    (
        "en-refuse-body",
        "pass",
        "refuse_news proven reply en ada@example.com",
    ),
    (
        "en-refuse-contract-wording",
        "pass",
        "refuse_news proven reply en ada@example.com",
    ),
    (
        "ru-refuse-subject",
        "pass",
        "refuse_news proven reply ru ada@example.com",
    ),
    (
        "ru-refuse-body-quotes",
        "pass",
        "refuse_news proven reply ru ada@example.com",
    ),
    (
        "en-withdraw-subject",
        "pass",
        "withdraw_consent proven reply en ada@example.com",
    ),
    (
        "en-withdraw-body",
        "pass",
        "withdraw_consent proven reply en ada@example.com",
    ),
    (
        "en-withdraw-upper-case",
        "pass",
        "withdraw_consent proven reply en ada@example.com",
    ),
    (
        "en-withdraw-broken-quote",
        "pass",
        "withdraw_consent proven reply en ada@example.com",
    ),
    (
        "en-withdraw-wrapped",
        "pass",
        "withdraw_consent proven reply en ada@example.com",
    ),
    (
        "en-withdraw-sentence",
        "pass",
        "withdraw_consent proven reply en ada@example.com",
    ),
    (
        "en-withdraw-my",
        "pass",
        "withdraw_consent proven reply en ada@example.com",
    ),
    (
        "ru-withdraw-subject",
        "pass",
        "withdraw_consent proven reply ru ada@example.com",
    ),
    (
        "ru-withdraw-body",
        "pass",
        "withdraw_consent proven reply ru ada@example.com",
    ),
    (
        "ru-withdraw-mixed-case",
        "pass",
        "withdraw_consent proven reply ru ada@example.com",
    ),
    (
        "en-update-subject",
        "pass",
        "update_data proven reply en ada@example.com",
    ),
    (
        "en-update-body",
        "pass",
        "update_data proven reply en ada@example.com",
    ),
    (
        "ru-update-subject",
        "pass",
        "update_data proven reply ru ada@example.com",
    ),
    (
        "ru-update-body",
        "pass",
        "update_data proven reply ru ada@example.com",
    ),
    (
        "one-click-mailto",
        "pass",
        "refuse_news proven reply en ada@example.com",
    ),
    (
        "subject-and-body-agree",
        "pass",
        "withdraw_consent proven reply en ada@example.com",
    ),
    (
        "koi8-r",
        "pass",
        "withdraw_consent proven reply ru ada@example.com",
    ),
    (
        "windows-1251-base64",
        "pass",
        "update_data proven reply ru ada@example.com",
    ),
    (
        "iso-8859-5-quoted-printable",
        "pass",
        "refuse_news proven reply ru ada@example.com",
    ),
    (
        "subject-koi8-r-words",
        "pass",
        "withdraw_consent proven reply ru ada@example.com",
    ),
    (
        "utf-16-base64",
        "pass",
        "withdraw_consent proven reply ru ada@example.com",
    ),
    (
        "decomposed-letters",
        "pass",
        "refuse_news proven reply ru ada@example.com",
    ),
    (
        "soft-hyphens-and-zero-width",
        "pass",
        "withdraw_consent proven reply en ada@example.com",
    ),
    (
        "unknown-charset",
        "pass",
        "update_data proven reply en ada@example.com",
    ),
    (
        "wrong-charset",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "broken-base64",
        "pass",
        "withdraw_consent proven reply en ada@example.com",
    ),
    (
        "unknown-transfer-encoding",
        "pass",
        "withdraw_consent proven reply en ada@example.com",
    ),
    (
        "raw-utf8-header",
        "pass",
        "withdraw_consent proven reply ru ada@example.com",
    ),
    (
        "alternative",
        "pass",
        "withdraw_consent proven reply en ada@example.com",
    ),
    (
        "alternative-html-differs",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "html-only",
        "pass",
        "withdraw_consent proven reply en ada@example.com",
    ),
    (
        "html-entities",
        "pass",
        "update_data proven reply ru ada@example.com",
    ),
    (
        "html-hidden",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "html-comment",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "html-title-and-style",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "mixed-with-attachment",
        "pass",
        "update_data proven reply en ada@example.com",
    ),
    (
        "attachment-first",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "note-in-attachment-only",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "note-in-second-part",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "nested-three-deep",
        "pass",
        "update_data proven reply ru ada@example.com",
    ),
    (
        "signed",
        "pass",
        "withdraw_consent proven reply en ada@example.com",
    ),
    (
        "encrypted",
        "pass",
        "unreadable proven reply en ada@example.com",
    ),
    (
        "nested-too-deep",
        "pass",
        "unreadable proven reply en ada@example.com",
    ),
    (
        "no-boundary",
        "pass",
        "unreadable proven reply en ada@example.com",
    ),
    (
        "boundary-never-closed",
        "pass",
        "withdraw_consent proven reply en ada@example.com",
    ),
    (
        "no-text",
        "pass",
        "unreadable proven reply en ada@example.com",
    ),
    (
        "empty",
        "pass",
        "unreadable proven reply en ada@example.com",
    ),
    (
        "digest",
        "pass",
        "unreadable proven reply en ada@example.com",
    ),
    (
        "boundary-named-digest",
        "pass",
        "update_data proven reply en ada@example.com",
    ),
    (
        "bare-lf-and-no-mime",
        "pass",
        "withdraw_consent proven reply en ada@example.com",
    ),
    (
        "quoted-lines",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "quoted-deeply",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "reply-subject",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "reply-subject-ru",
        "pass",
        "no_note proven reply ru ada@example.com",
    ),
    (
        "reply-top-posted",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "reply-bottom-posted",
        "pass",
        "withdraw_consent proven reply en ada@example.com",
    ),
    (
        "reply-ru-attribution",
        "pass",
        "no_note proven reply ru ada@example.com",
    ),
    (
        "outlook-original",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "outlook-header-block",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "outlook-rule",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "outlook-ru-block",
        "pass",
        "no_note proven reply ru ada@example.com",
    ),
    (
        "forwarded-inline",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "forwarded-ru",
        "pass",
        "no_note proven reply ru ada@example.com",
    ),
    (
        "forwarded-attached",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "forwarded-attached-only",
        "pass",
        "unreadable proven reply en ada@example.com",
    ),
    (
        "forwarded-attached-base64",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "quoted-html",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "quoted-html-gmail",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "quoted-html-outlook",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "in-signature",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "lookalike-question",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "lookalike-bare-question",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "lookalike-negated",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "lookalike-negated-wrapped",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "lookalike-refuse-to-pay",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "lookalike-part",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "lookalike-other-consent",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "lookalike-homoglyph",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "lookalike-policy-quoted",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "lookalike-list-of-notes",
        "pass",
        "several_notes proven reply en ada@example.com",
    ),
    (
        "lookalike-ru-question",
        "pass",
        "no_note proven reply ru ada@example.com",
    ),
    (
        "lookalike-ru-negated",
        "pass",
        "no_note proven reply ru ada@example.com",
    ),
    (
        "lookalike-unsubscribe-in-body",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "subject-and-body-differ",
        "pass",
        "several_notes proven reply en ada@example.com",
    ),
    (
        "ordinary-question",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "spoofed-withdraw",
        "forged",
        "withdraw_consent unproven silent en ada@example.com",
    ),
    (
        "spoofed-update",
        "forged",
        "update_data unproven silent en ada@example.com",
    ),
    (
        "spoofed-refuse",
        "forged",
        "refuse_news unproven silent en ada@example.com",
    ),
    (
        "dmarc-gray",
        "gray",
        "withdraw_consent unproven silent en ada@example.com",
    ),
    (
        "checks-not-made",
        "unknown",
        "withdraw_consent unproven silent en ada@example.com",
    ),
    (
        "two-from-fields",
        "pass",
        "no_sender unproven silent en nobody",
    ),
    (
        "two-addresses-in-from",
        "pass",
        "no_sender unproven silent en nobody",
    ),
    ("from-group", "pass", "no_sender unproven silent en nobody"),
    (
        "from-name-is-an-address",
        "pass",
        "withdraw_consent proven reply en eve@evil.example",
    ),
    (
        "from-field-with-space-inside",
        "pass",
        "no_sender unproven silent en nobody",
    ),
    (
        "from-and-spaced-from",
        "pass",
        "no_sender unproven silent en nobody",
    ),
    (
        "from-in-pieces",
        "pass",
        "no_sender unproven silent en nobody",
    ),
    ("from-empty", "pass", "no_sender unproven silent en nobody"),
    ("no-from", "pass", "no_sender unproven silent en nobody"),
    (
        "two-subjects",
        "pass",
        "no_note proven reply en ada@example.com",
    ),
    (
        "spam",
        "spam",
        "withdraw_consent proven silent en ada@example.com",
    ),
    ("virus", "virus", "quarantine unproven silent en nobody"),
    (
        "header-injection",
        "pass",
        "update_data proven reply en ada@example.com",
    ),
    (
        "not-a-letter",
        "pass",
        "no_sender unproven silent en nobody",
    ),
    ("nothing", "pass", "unreadable unproven silent en nobody"),
    (
        "bounce",
        "bounce",
        "report proven silent en mailer-daemon@example.com",
    ),
    (
        "bounce-plain",
        "pass",
        "daemon proven silent en postmaster@example.com",
    ),
    (
        "null-return-path",
        "bounce",
        "null_return_path proven silent en ada@example.com",
    ),
    (
        "disposition-notification",
        "pass",
        "report proven silent en ada@example.com",
    ),
    (
        "auto-replied",
        "pass",
        "auto_submitted proven silent en ada@example.com",
    ),
    (
        "auto-replied-with-comment",
        "pass",
        "auto_submitted proven silent en ada@example.com",
    ),
    (
        "auto-submitted-no",
        "pass",
        "withdraw_consent proven reply en ada@example.com",
    ),
    (
        "auto-with-withdrawal",
        "pass",
        "note_by_machine proven silent en ada@example.com",
    ),
    (
        "auto-with-refusal",
        "pass",
        "refuse_news proven silent en ada@example.com",
    ),
    ("list", "pass", "list proven silent en ada@example.com"),
    (
        "list-with-note",
        "pass",
        "note_by_machine proven silent en ada@example.com",
    ),
    ("bulk", "pass", "bulk proven silent en ada@example.com"),
    (
        "exchange-suppress",
        "pass",
        "bulk proven silent en ada@example.com",
    ),
    (
        "no-reply-sender",
        "pass",
        "daemon proven silent en no-reply@shop.example",
    ),
    (
        "from-ourselves",
        "pass",
        "ourselves proven silent en no-reply@assetbox.example",
    ),
    (
        "from-our-mailbox-with-tag",
        "pass",
        "ourselves proven silent en privacy+thread7@assetbox.example",
    ),
    ("thread", "pass", "no_note proven reply en ada@example.com"),
];

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus"))
}

fn ours() -> Ours {
    let addresses = ["no-reply@assetbox.example", "privacy@assetbox.example"];
    Ours::new(addresses.map(str::to_owned))
}

fn passed() -> Verdicts {
    Verdicts {
        spam: Verdict::Pass,
        virus: Verdict::Pass,
        spf: Verdict::Pass,
        dkim: Verdict::Pass,
        dmarc: Verdict::Pass,
    }
}

fn envelope(check: &str) -> Envelope {
    let (mut verdicts, mut source) = (passed(), "ada@example.com");
    match check {
        "pass" => {}
        "forged" => verdicts.dmarc = Verdict::Fail,
        "gray" => verdicts.dmarc = Verdict::Gray,
        "unknown" => verdicts = Verdicts::default(),
        "spam" => verdicts.spam = Verdict::Fail,
        "virus" => verdicts.virus = Verdict::Fail,
        "bounce" => source = "",
        other => panic!("no such check: {other}"),
    }
    Envelope {
        source: source.to_owned(),
        verdicts,
    }
}

fn shown(decision: &Decision) -> String {
    let said = |yes: bool, a: &'static str, b: &'static str| if yes { a } else { b };
    let sender = decision.sender.as_ref().map(|sender| sender.reveal());
    [
        decision.outcome.as_str(),
        said(decision.proven, "proven", "unproven"),
        said(decision.may_reply, "reply", "silent"),
        said(decision.locale == Locale::Ru, "ru", "en"),
        sender.unwrap_or("nobody"),
    ]
    .join(" ")
}

fn with_crlf(letter: &[u8]) -> Vec<u8> {
    let mut lines = letter.split(|byte| *byte == b'\n');
    let mut out = lines.next().unwrap_or_default().to_vec();
    for line in lines {
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(line);
    }
    out
}

fn decided(letter: &[u8]) -> Decision {
    decide(letter, &envelope("pass"), &ours())
}

fn letter(name: &str) -> Vec<u8> {
    fs::read(folder().join(format!("{name}.eml"))).expect("a letter of the corpus")
}

#[test]
fn every_letter_comes_to_what_it_must() {
    let mut wrong = Vec::new();
    for (name, check, expected) in LETTERS {
        let letter = letter(name);
        for (form, bytes) in [("LF", letter.clone()), ("CRLF", with_crlf(&letter))] {
            let came_to = shown(&decide(&bytes, &envelope(check), &ours()));
            if came_to != *expected {
                wrong.push(format!("{name} ({form}): {came_to}, and not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_is_asserted_and_there_are_enough() {
    let named: BTreeSet<String> = LETTERS
        .iter()
        .map(|(name, ..)| format!("{name}.eml"))
        .collect();
    let files = fs::read_dir(folder()).unwrap();
    let files: BTreeSet<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(named, files);
    assert!(named.len() >= 60);
}

#[test]
fn a_letter_of_40_megabytes_is_read_at_its_beginning() {
    let mut letter = letter("mixed-with-attachment");
    let tail = letter.split_off(letter.len() - "\n--b1--\n".len());
    let line = [b"QUJD".repeat(19), b"\n".to_vec()].concat();
    while letter.len() + line.len() + tail.len() < 40_000_000 {
        letter.extend_from_slice(&line);
    }
    letter.extend_from_slice(&tail);
    let decision = decided(&letter);
    assert_eq!(
        shown(&decision),
        "update_data proven reply en ada@example.com"
    );

    letter.resize(usize::try_from(MAX_LETTER_BYTES).unwrap() + 1, b'x');
    assert_eq!(decided(&letter).outcome, Outcome::Person(Why::TooLarge));
}

/// Letters that make a parser nest, look back or copy without end are done within bounds.
#[test]
fn hostile_structures_are_read_in_bounded_time() {
    let megabytes = |piece: &str| {
        let count = 4 * 1024 * 1024 / piece.len();
        format!("From: ada@example.com\nSubject: x\n{}", piece.repeat(count)).into_bytes()
    };
    for piece in [
        "Content-Type: message/rfc822\n\n",
        "Content-Type: message /global\nContent-Transfer-Encoding: base64\n\n",
        "Content-Type: message(c)/rfc822\n\n",
        "Content-Type: multipart/digest; boundary=a\n\n--a\n\n",
        "Content-Type: multipart/mixed; boundary=a\n\n--a\n",
        "Content-Type: multipart/mixed; boundary=nowhere\n\n--b\n",
        "Content-Type: text/plain; a*1=b;\n c*2*=utf-8''d\n",
        " =?utf-8?q?a",
        "From: a@b.example,\n",
        "((((((((((",
        "\"\"\"\"",
        "<div style='",
        "\n>",
        "a.",
    ] {
        let started = std::time::Instant::now();
        decided(&megabytes(piece));
        let took = started.elapsed();
        assert!(took.as_secs() < 20, "{piece:?} took {took:?}");
    }
}

#[test]
fn a_thread_is_named_by_the_letter_that_began_it() {
    let decision = decided(&letter("thread"));
    assert_eq!(decision.thread.as_deref(), Some("one@example.com"));
    assert!(
        decision
            .message_id
            .is_some_and(|id| id.ends_with("letter@example.com"))
    );
    let first = decided(&letter("en-withdraw-body"));
    assert_eq!(first.thread, first.message_id);
}

#[test]
fn nothing_of_a_letter_is_debugged() {
    let decision = decided(&letter("en-update-body"));
    let debug = format!("{decision:?}");
    for word in ["ada", "phone", "7946"] {
        assert!(!debug.contains(word), "{debug}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        decided(&bytes);
    }

    #[test]
    fn no_broken_letter_breaks_it(
        which in 0..LETTERS.len(),
        cut in 0usize..4_000,
        changes in prop::collection::vec((0usize..4_000, any::<u8>()), 0..12),
    ) {
        let mut letter = letter(LETTERS[which].0);
        letter.truncate(cut.max(1));
        for (at, byte) in changes {
            if let Some(place) = letter.get_mut(at) {
                *place = byte;
            }
        }
        decided(&letter);
    }

    #[test]
    fn pieces_of_mime_do_not_break_it(text in "(From: a@b\\.co\n|Content-Type: |multipart/mixed|; boundary=b|message/rfc822|text/plain|Content-Transfer-Encoding: base64|--b|--|\n|\r\n| |QUJD|=\\?utf-8\\?b\\?|\\?=|<|>|\"|\\()*") {
        decided(text.as_bytes());
    }

    /// Whatever is quoted, marked line by line, forwarded or attached, asks for nothing.
    #[test]
    fn what_is_quoted_asks_for_nothing(
        own in "[A-Z][a-z]{3,9}( [a-z]{3,9}){1,5}",
        note in prop::sample::select(vec![
            "Withdrawal of consent to the processing of personal data",
            "Актуализация персональных данных",
            "Refuse notifications about new products and services and special offers",
        ]),
        mark in prop::sample::select(vec![">", ">>", "> > ", " >"]),
        way in 0..4usize,
    ) {
        let body = match way {
            0 => format!("{own}\n\n{mark}{note}\n{mark}{note}.\n"),
            1 => format!("{own}\n\n-----Original Message-----\n{note}\n\n{note}.\n"),
            2 => format!("{own}\n\nOn Monday, B wrote:\n\n{note}\n"),
            _ => format!("{own}\n\nFrom: B\nDate: Monday\nSubject: {note}\n\n{note}\n"),
        };
        let header = "From: ada@example.com\nSubject: x\nContent-Type: text/plain; charset=utf-8\n\n";
        let decision = decided(format!("{header}{body}").as_bytes());
        prop_assert_eq!(decision.outcome, Outcome::Person(Why::NoNote));
    }
}

//! The notes of the policy (clauses 4.10, 5.2b, 5.3), recognised word by word.
//!
//! A note counts where it stands for itself: as the subject, or as a line or a sentence of the
//! writer's own. The same words in a question, a negation or a longer sentence are for a person
//! to read.

use std::collections::BTreeSet;

/// What a letter's note asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Note {
    /// No news and offers any more (4.10).
    RefuseNews,
    /// Consent to processing is withdrawn (5.2b).
    WithdrawConsent,
    /// Data on file is out of date (5.3).
    UpdateData,
}

impl Note {
    /// The name in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RefuseNews => "refuse_news",
            Self::WithdrawConsent => "withdraw_consent",
            Self::UpdateData => "update_data",
        }
    }

    /// The clause that names the note.
    #[must_use]
    pub fn clause(self) -> &'static str {
        match self {
            Self::RefuseNews => "4.10",
            Self::WithdrawConsent => "5.2b",
            Self::UpdateData => "5.3",
        }
    }
}

/// The notes as the policy has them, without the words of [`PASSED_OVER`].
const NOTES: [(&str, Note); 6] = [
    (
        "refuse notifications about new products services special offers",
        Note::RefuseNews,
    ),
    (
        "отказ от уведомлений о новых продуктах услугах специальных предложениях",
        Note::RefuseNews,
    ),
    (
        "withdrawal of consent to processing of personal data",
        Note::WithdrawConsent,
    ),
    (
        "отзыв согласия на обработку персональных данных",
        Note::WithdrawConsent,
    ),
    ("update of personal data", Note::UpdateData),
    ("актуализация персональных данных", Note::UpdateData),
];
/// Subjects with which mail programs unsubscribe: our own letters name the first (RFC 2369).
const UNSUBSCRIBE: [&str; 3] = ["unsubscribe", "отписаться", "отписка"];
/// Words that change nothing of a note.
const PASSED_OVER: [&str; 9] = [
    "the",
    "my",
    "and",
    "и",
    "мой",
    "моего",
    "моих",
    "своего",
    "своих",
];
/// What a note may be announced with.
const LABELS: [&str; 2] = ["note", "пометка"];
/// What a subject begins with that another letter had first.
const REPLY_MARKS: [&str; 11] = [
    "re:",
    "re[",
    "fwd:",
    "fw:",
    "aw:",
    "wg:",
    "ответ:",
    "отв:",
    "на:",
    "пересл:",
    "пер:",
];
/// Over how many lines a mail program may break a note.
const LINES: usize = 4;

/// The notes in a letter.
pub(crate) fn recognise(subject: &str, own: &str) -> BTreeSet<Note> {
    let mut notes: BTreeSet<Note> = in_subject(subject).into_iter().collect();
    for paragraph in paragraphs(own) {
        notes.extend(in_lines(&paragraph));
        notes.extend(in_sentences(&paragraph.join(" ")));
    }
    notes
}

fn in_subject(subject: &str) -> Option<Note> {
    let trimmed = subject.trim().to_lowercase();
    if REPLY_MARKS.iter().any(|mark| trimmed.starts_with(mark)) {
        return None;
    }
    let unsubscribes = UNSUBSCRIBE.contains(&words(subject).join(" ").as_str());
    match unsubscribes {
        true => Some(Note::RefuseNews),
        false => whole(subject),
    }
}

fn paragraphs(own: &str) -> Vec<Vec<&str>> {
    let lines: Vec<&str> = own.lines().map(str::trim).collect();
    let paragraphs = lines.split(|line| line.is_empty());
    let said = paragraphs.filter(|paragraph| !paragraph.is_empty());
    said.map(<[&str]>::to_vec).collect()
}

/// Notes that are lines, broken or not, among other lines of a paragraph.
fn in_lines<'a>(lines: &'a [&'a str]) -> impl Iterator<Item = Note> + 'a {
    let places = (0..lines.len()).flat_map(move |from| {
        let longest = (lines.len() - from).min(LINES);
        (1..=longest).map(move |count| (from, from + count))
    });
    places.filter_map(move |(from, to)| {
        let text = lines[from..to].join(" ");
        let begins = from == 0 || ends_something(lines[from - 1]) || is_item(lines[from]);
        let ends = to == lines.len() || ends_something(&text) || begins_anew(lines[to]);
        (begins && ends).then(|| whole(&text)).flatten()
    })
}

fn ends_something(text: &str) -> bool {
    text.ends_with(['.', '!', '?', ':', ';', ',', '…'])
}

/// The line does not go on with the sentence before it.
fn begins_anew(line: &str) -> bool {
    line.chars().next().is_none_or(|c| !c.is_lowercase())
}

/// A line of a list, which goes on with no line before it.
fn is_item(line: &str) -> bool {
    line.starts_with(['-', '–', '—', '*', '•', '·'])
}

fn in_sentences(paragraph: &str) -> Vec<Note> {
    sentences(paragraph).into_iter().filter_map(whole).collect()
}

/// The sentences of a paragraph, with what ends them. A mark after a letter or two ends an
/// abbreviation or the number of a list, no sentence.
fn sentences(paragraph: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let (mut begin, mut letters) = (0, 0);
    for (at, c) in paragraph.char_indices() {
        let end = at + c.len_utf8();
        let ends = matches!(c, '.' | '!' | '?' | ';' | '…') && letters > 2;
        let apart = paragraph[end..]
            .chars()
            .next()
            .is_none_or(char::is_whitespace);
        if ends && apart {
            sentences.push(&paragraph[begin..end]);
            begin = end;
        }
        if c.is_alphanumeric() {
            letters += 1;
        } else if !is_quote(c) {
            letters = 0;
        }
    }
    sentences.push(&paragraph[begin..]);
    sentences
}

/// The note that these words are, and nothing else.
fn whole(text: &str) -> Option<Note> {
    let end = text.trim_end_matches(|c: char| c.is_whitespace() || is_quote(c));
    if end.ends_with('?') {
        return None;
    }
    let mut words = words(text);
    words.retain(|word| !PASSED_OVER.contains(&word.as_str()));
    if words
        .first()
        .is_some_and(|word| LABELS.contains(&word.as_str()))
    {
        words.remove(0);
    }
    let text = words.join(" ");
    let known = NOTES.iter().find(|(note, _)| *note == text);
    known.map(|(_, note)| *note)
}

fn is_quote(c: char) -> bool {
    matches!(
        c,
        '"' | '\'' | '«' | '»' | '“' | '”' | '„' | '‘' | '’' | '‹' | '›'
    )
}

/// The words of a text in lower case. Characters that nobody sees are in no word, and letters
/// with a mark are the same whether the mark is a character of its own.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in text.chars().flat_map(char::to_lowercase) {
        let Some(word) = words.last_mut() else { break };
        match c {
            'ё' => word.push('е'),
            '\u{306}' if word.ends_with('и') => {
                word.pop();
                word.push('й');
            }
            '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{feff}' => {}
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' => {}
            c if c.is_alphanumeric() => word.push(c),
            _ if word.is_empty() => {}
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(subject: &str, own: &str) -> Option<Note> {
        let notes = recognise(subject, own);
        assert!(notes.len() < 2, "{notes:?}");
        notes.first().copied()
    }

    #[test]
    fn every_note_of_the_published_policy_is_recognised() {
        let policies = [
            include_str!("../../../policies/privacy-policy/2026-11-22/en.md"),
            include_str!("../../../policies/privacy-policy/2026-11-22/ru.md"),
        ];
        for (policy, (open, close)) in policies.into_iter().zip([('"', '"'), ('«', '»')]) {
            let mut found = BTreeSet::new();
            for clause in ["**4.10.**", "**5.2b.**", "**5.3.**"] {
                let text = policy.lines().find(|line| line.starts_with(clause));
                let quoted = text.and_then(|text| text.split_once(open));
                let note = quoted.and_then(|(_, rest)| rest.split_once(close));
                let note = note.map(|(note, _)| note).unwrap_or_default();
                found.extend(one(note, ""));
                assert_eq!(one(note, ""), one("", note), "{note}");
            }
            assert_eq!(found.len(), 3, "{found:?}");
        }
    }

    #[test]
    fn case_quotes_marks_and_line_breaks_change_nothing() {
        for text in [
            "WITHDRAWAL OF CONSENT TO THE PROCESSING OF PERSONAL DATA",
            "«Withdrawal of consent to the processing of personal data.",
            "Note: \"Withdrawal of consent to the processing of my personal data\"!",
            "Hello,\nWithdrawal of consent to the\nprocessing of personal\u{ad} data\nAda",
            "Hello. Withdrawal of consent to processing of personal data. Regards, Ada",
            "Отзыв согласия на обработку моих персональных данных",
        ] {
            assert_eq!(one("", text), Some(Note::WithdrawConsent), "{text}");
        }
        let offers = "Refuse notifications about new products, services and special offers";
        assert_eq!(one(offers, ""), Some(Note::RefuseNews));
        assert_eq!(one("Unsubscribe", ""), Some(Note::RefuseNews));
    }

    #[test]
    fn the_same_words_in_another_sense_are_no_note() {
        for text in [
            "Update of personal data?",
            "Is “Update of personal data” the right note?",
            "I do not want\nWithdrawal of consent to the processing of personal data\nany more",
            "no Withdrawal of consent to the processing of personal data",
            "There are notes, e.g. Update of personal data.",
            "Update of personal data\nis not what I want",
            "I refuse to pay for new products and services and special offers",
            "Withdrаwal of consent to the processing of personal data",
            "unsubscribe",
        ] {
            assert_eq!(one("", text), None, "{text}");
        }
        assert_eq!(one("Re: Update of personal data", ""), None);
        assert_eq!(one("Fwd: Update of personal data", ""), None);
    }

    proptest! {
        #[test]
        fn nothing_breaks_it(subject in "\\PC{0,60}", own in "([\\PC\n]|Update of personal data){0,20}") {
            recognise(&subject, &own);
        }

        #[test]
        fn a_word_more_makes_it_no_note(word in "[a-z]{4,12}", before in any::<bool>()) {
            prop_assume!(word != "note");
            let note = "update of personal data";
            let text = if before { format!("{word} {note}") } else { format!("{note} {word}") };
            prop_assert_eq!(one(&text, &text), None);
        }
    }
}

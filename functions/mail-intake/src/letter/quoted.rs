//! What a letter's text quotes, and what its writer says.

/// Lines after which everything is somebody else's, without the dashes around them.
const FORWARDS: [&str; 10] = [
    "original message",
    "forwarded message",
    "begin forwarded message",
    "исходное сообщение",
    "пересылаемое сообщение",
    "пересланное сообщение",
    "переадресованное сообщение",
    "начало пересылаемого сообщения",
    "начало пересланного сообщения",
    "начало переадресованного сообщения",
];
/// How a line ends that says who wrote what follows.
const ATTRIBUTIONS: [&str; 8] = [
    "wrote:",
    "writes:",
    "пишет:",
    "писал:",
    "писала:",
    "написал:",
    "написала:",
    "написал(а):",
];
/// How the header of a letter begins that is quoted without a mark.
const HEADERS: [&str; 3] = ["from:", "от:", "от кого:"];
/// What else such a header has.
const MORE_HEADERS: [&str; 9] = [
    "to:",
    "sent:",
    "date:",
    "subject:",
    "кому:",
    "отправлено:",
    "дата:",
    "тема:",
    "копия:",
];
/// How many lines are looked at for the rest of such a header.
const HEADER_LINES: usize = 4;
/// A line of so many underscores is drawn above a quoted letter.
const RULE_LENGTH: usize = 10;

/// Stands where something that is quoted was left out.
const LEFT_OUT: &str = "[…]";

/// The writer's own lines, down to the signature. What is quoted becomes an empty line.
pub(super) fn own(text: &str) -> String {
    let mut own = String::with_capacity(text.len());
    for line in unquoted(text) {
        match line {
            Some(line) if is_signature(line) => break,
            Some(line) => own.push_str(line),
            None => {}
        }
        own.push('\n');
    }
    own
}

/// Every line of the writer's, the signature's among them; what is quoted may be somebody else's
/// and is left out.
pub(super) fn said(text: &str) -> String {
    let mut lines = unquoted(text);
    lines.dedup_by(|line, before| line.is_none() && before.is_none());
    let lines: Vec<&str> = lines
        .into_iter()
        .map(|line| line.unwrap_or(LEFT_OUT))
        .collect();
    lines.join("\n")
}

/// A text's lines, without those that are quoted.
fn unquoted(text: &str) -> Vec<Option<&str>> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut own = Vec::with_capacity(lines.len());
    for (at, line) in lines.iter().enumerate() {
        let after = &lines[at + 1..];
        let introduces = is_attribution(line);
        if begins_a_letter(line, after) || (introduces && !quotes_follow(after)) {
            own.push(None);
            break;
        }
        own.push((!introduces && !is_quoted(line)).then_some(*line));
    }
    own
}

fn is_quoted(line: &str) -> bool {
    matches!(line.trim_start().chars().next(), Some('>' | '|' | '＞'))
}

fn is_signature(line: &str) -> bool {
    line == "--" || line == "—"
}

fn begins_a_letter(line: &str, after: &[&str]) -> bool {
    let line = line.trim().to_lowercase();
    let words = line.trim_matches(|c: char| matches!(c, '-' | '_' | '=' | '*' | ':' | ' ' | '—'));
    let is_rule = line.len() >= RULE_LENGTH && line.chars().all(|c| c == '_');
    let is_forward = FORWARDS.iter().any(|mark| {
        let rest = words.strip_prefix(mark);
        rest.is_some_and(|rest| {
            rest.is_empty() || rest.starts_with(" from") || rest.starts_with(" от")
        })
    });
    is_rule || is_forward || begins_a_header(&line, after)
}

fn begins_a_header(line: &str, after: &[&str]) -> bool {
    let starts = |line: &str, names: &[&str]| {
        let line = line.trim_start_matches(['*', ' ']);
        names.iter().any(|name| line.starts_with(name))
    };
    let next = after.iter().take(HEADER_LINES);
    let mut next = next.map(|line| line.to_lowercase());
    starts(line, &HEADERS) && next.any(|line| starts(&line, &MORE_HEADERS))
}

fn is_attribution(line: &str) -> bool {
    let line = line.trim_end().to_lowercase();
    ATTRIBUTIONS.iter().any(|end| line.ends_with(end))
}

/// Whether the quotation is marked line by line, so that own words may follow it.
fn quotes_follow(after: &[&str]) -> bool {
    let next = after.iter().find(|line| !line.trim().is_empty());
    next.is_some_and(|line| is_quoted(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> String {
        own(text).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn quotations_are_left_out_and_own_words_around_them_are_not() {
        assert_eq!(
            words("Yes.\nOn Monday, A wrote:\n> no\n>> never\n\nAgreed."),
            "Yes. Agreed."
        );
        assert_eq!(words("Да.\nПн, 1 июня 2026, А. Б. пишет:\nнет"), "Да.");
        assert_eq!(
            words("See below\n-----Original Message-----\nno"),
            "See below"
        );
        assert_eq!(words("Hi\n\nFrom: A\nSent: Monday\nTo: B\nno"), "Hi");
        assert_eq!(
            words("From: the heart I thank you"),
            "From: the heart I thank you"
        );
        assert_eq!(words("Hi\n-- \nA. B.\nno"), "Hi");
        assert_eq!(words("Hi\n________________________________\nno"), "Hi");
    }

    #[test]
    fn what_the_writer_said_has_the_signature_and_marks_what_is_left_out() {
        assert_eq!(
            said("Yes.\nOn Monday, A wrote:\n> no\n>> never\n\nAgreed.\n-- \nB."),
            "Yes.\n[…]\n\nAgreed.\n--\nB."
        );
        assert_eq!(
            said("Да.\n--\nВ. Г.\nПн, 1 июня 2026, А. Б. пишет:\nнет"),
            "Да.\n--\nВ. Г.\n[…]"
        );
        assert_eq!(said("All of it is mine."), "All of it is mine.");
    }

    proptest! {
        #[test]
        fn what_is_marked_as_quoted_is_never_own(lines in prop::collection::vec(("[ ]{0,3}>[> ]{0,3}", "[a-z]{1,12}"), 1..20)) {
            let text: Vec<String> = lines.iter().map(|(mark, word)| format!("{mark}{word}")).collect();
            prop_assert_eq!(words(&text.join("\n")), "");
            prop_assert_eq!(said(&text.join("\n")), LEFT_OUT);
        }

        #[test]
        fn no_text_is_made_up(text in "\\PC{0,80}") {
            for line in own(&text).lines() {
                prop_assert!(text.contains(line));
            }
        }
    }
}

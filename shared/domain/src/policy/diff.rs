//! What differs between two versions of a document, paragraph by paragraph, as
//! a person compares them.

/// What became of a paragraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It says something else.
    Changed,
}

/// A paragraph that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change<'a> {
    /// What became of it.
    pub kind: ChangeKind,
    /// The clause that it is, or stands under, such as `5.2a`.
    pub clause: Option<&'a str>,
    /// What it said.
    pub before: Option<&'a str>,
    /// What it says.
    pub after: Option<&'a str>,
}

#[derive(Debug, Clone, Copy)]
struct Paragraph<'a> {
    text: &'a str,
    /// The number that it begins with.
    number: Option<&'a str>,
    /// The number that it stands under, its own one first.
    clause: Option<&'a str>,
}

/// The number at the beginning of `**5.2a.** …` or `## 5. …`.
fn number(text: &str) -> Option<&str> {
    let text = text
        .strip_prefix("**")
        .or_else(|| text.strip_prefix('#').map(|t| t.trim_start_matches('#')))?
        .trim_start();
    let is_part = |c: char| c.is_ascii_digit() || c.is_ascii_lowercase() || c == '.';
    let end = text.find(|c: char| !is_part(c)).unwrap_or(text.len());
    let number = text[..end].trim_end_matches('.');
    number
        .starts_with(|c: char| c.is_ascii_digit())
        .then_some(number)
}

/// The paragraphs of a text; of a table, its rows.
fn paragraphs(text: &str) -> Vec<Paragraph<'_>> {
    let mut clause = None;
    text.split("\n\n")
        .flat_map(|block| {
            let is_table = block.trim_start().starts_with('|');
            let end = if is_table { "\n" } else { "\n\n" };
            block.split(end)
        })
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(|text| {
            let number = number(text);
            clause = number.or(clause);
            Paragraph {
                text,
                number,
                clause,
            }
        })
        .collect()
}

/// Pairs of positions of the longest common sequence of equal paragraphs.
fn common(before: &[Paragraph<'_>], after: &[Paragraph<'_>]) -> Vec<(usize, usize)> {
    let width = after.len() + 1;
    // how many are common from a pair of positions on
    let mut longest = vec![0_u32; (before.len() + 1) * width];
    for (i, old) in before.iter().enumerate().rev() {
        for (j, new) in after.iter().enumerate().rev() {
            let here = i * width + j;
            longest[here] = if old.text == new.text {
                longest[here + width + 1] + 1
            } else {
                longest[here + width].max(longest[here + 1])
            };
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < before.len() && j < after.len() {
        if before[i].text == after[j].text {
            pairs.push((i, j));
            i += 1;
            j += 1;
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

/// The changes between two equal paragraphs: of those with one number, or
/// both without, the one became the other.
fn between<'a>(before: &[Paragraph<'a>], after: &[Paragraph<'a>]) -> Vec<Change<'a>> {
    let mut left: Vec<_> = after.to_vec();
    let mut all: Vec<_> = before
        .iter()
        .map(|old| {
            let same = left.iter().position(|new| new.number == old.number);
            let new = same.map(|at| left.remove(at));
            Change {
                kind: new.map_or(ChangeKind::Removed, |_| ChangeKind::Changed),
                clause: old.clause,
                before: Some(old.text),
                after: new.map(|new| new.text),
            }
        })
        .collect();
    all.extend(left.iter().map(|new| Change {
        kind: ChangeKind::Added,
        clause: new.clause,
        before: None,
        after: Some(new.text),
    }));
    all
}

/// What differs between two texts, in their order.
#[must_use]
pub fn changes<'a>(before: &'a str, after: &'a str) -> Vec<Change<'a>> {
    let (before, after) = (paragraphs(before), paragraphs(after));
    let ends = [(before.len(), after.len())];
    let (mut all, mut from) = (Vec::new(), (0, 0));
    for (i, j) in common(&before, &after).into_iter().chain(ends) {
        all.extend(between(&before[from.0..i], &after[from.1..j]));
        from = (i + 1, j + 1);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{
        ChangeKind::{Added, Changed, Removed},
        *,
    };

    const BEFORE: &str = "# Policy\n\nVersion 1.\n\n## 4. Purposes\n\n**4.1.** Closed.\n\n**4.2.** To sell. Tag: `sell`.\n\n| Tag | Basis |\n|---|---|\n| `sell` | contract |\n\n## 5. Ends\n\n**5.1.** Never.\n";

    fn found(after: &str) -> Vec<(ChangeKind, Option<&'static str>)> {
        let known = ["4", "4.2", "4.3", "5", "5.1"];
        let name = |clause: &str| known.into_iter().find(|name| *name == clause);
        let all = changes(BEFORE, after);
        all.iter()
            .map(|change| (change.kind, change.clause.and_then(name)))
            .collect()
    }

    #[test]
    fn a_text_differs_from_itself_in_nothing() {
        assert!(changes(BEFORE, BEFORE).is_empty());
    }

    #[test]
    fn a_changed_clause_is_shown_with_what_it_said() {
        let after = BEFORE.replace("To sell.", "To lend.");
        let all = changes(BEFORE, &after);
        let expected = Change {
            kind: Changed,
            clause: Some("4.2"),
            before: Some("**4.2.** To sell. Tag: `sell`."),
            after: Some("**4.2.** To lend. Tag: `sell`."),
        };
        assert_eq!(all, [expected]);
    }

    #[test]
    fn new_and_lost_clauses_and_rows_stand_under_their_number() {
        let more = BEFORE
            .replace("\n\n| Tag", "\n\n**4.3.** To stop.\n\n| Tag")
            .replace("| contract |", "| contract |\n| `stop` | law |");
        // the row stands under the clause before its table
        assert_eq!(found(&more), [(Added, Some("4.3")), (Added, Some("4.3"))]);
        let less = BEFORE.replace("\n\n**5.1.** Never.", "");
        assert_eq!(found(&less), [(Removed, Some("5.1"))]);
        assert_eq!(found("").len(), 10);
    }
}

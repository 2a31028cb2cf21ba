//! The person's letters in their copy: what they wrote, and nobody else's words or addresses
//! (clauses 3.3f, 6.3a; GDPR art. 15(4)).

use domain::policy::Locale;
use serde_json::{Value, json};
use store::personal::Person;

use crate::{App, Error};

/// Stands for an address that is somebody else's.
const SOMEBODY: &str = "[…@…]";

pub(super) async fn letters(app: &App, person: &Person) -> Result<Vec<Value>, Error> {
    let email = person.email()?;
    let ours = [email.reveal(), app.house.privacy_address.as_str()];
    let whole = match person.record().locale {
        Locale::En => {
            "Sealed, as it came, with its attachments and what it quotes. Write to us to have it: a person looks first whose data it holds."
        }
        Locale::Ru => {
            "Хранится зашифрованным в том виде, в каком пришло, с вложениями и цитатами. Напишите нам, чтобы его получить: сначала сотрудник посмотрит, чьи данные в нём есть."
        }
    };
    let letters = app.db.correspondence_of(person.subject()).await?;
    letters
        .iter()
        .map(|letter| {
            let words = letter.open(person)?;
            Ok(json!({
                "received_at": letter.received_at,
                "thread": letter.thread,
                "subject": without_addresses(&words.subject, &ours),
                "you_wrote": without_addresses(&words.own, &ours),
                "answer_due_at": letter.due_at(),
                "the_whole_letter": whole,
            }))
        })
        .collect()
}

/// Their letters with all that they quote, for whoever has to decide about them.
pub(super) async fn whole(app: &App, person: &Person) -> Result<Vec<Value>, Error> {
    let letters = app.db.correspondence_of(person.subject()).await?;
    letters
        .iter()
        .map(|letter| {
            let words = letter.open(person)?;
            Ok(json!({
                "received_at": letter.received_at,
                "thread": letter.thread,
                "subject": words.subject,
                "text": words.text,
            }))
        })
        .collect()
}

/// A text in which every e-mail address but these is hidden.
fn without_addresses(text: &str, known: &[&str]) -> String {
    let outside = |c: char| !(c.is_alphanumeric() || "@._%+-".contains(c));
    let mut shown = String::with_capacity(text.len());
    for piece in text.split_inclusive(outside) {
        let word = piece.trim_end_matches(outside);
        let address = word.trim_matches(['.', '-']);
        let is_known = known
            .iter()
            .any(|known| known.eq_ignore_ascii_case(address));
        if is_address(address) && !is_known {
            shown.push_str(SOMEBODY);
            shown.push_str(&piece[word.len()..]);
        } else {
            shown.push_str(piece);
        }
    }
    shown
}

fn is_address(word: &str) -> bool {
    word.split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_of_others_are_hidden_and_nothing_else_is() {
        let known = ["ada@example.com", "privacy@example.com"];
        let text = "I, Ada@Example.com, wrote to bob.b+x@mail.example.org, twice: @home at 5@7.";
        assert_eq!(
            without_addresses(text, &known),
            "I, Ada@Example.com, wrote to […@…], twice: @home at 5@7."
        );
        assert_eq!(
            without_addresses("mailto:b@c.example\n", &known),
            "mailto:[…@…]\n"
        );
        assert_eq!(
            without_addresses("Почта: иван@почта.рф", &known),
            "Почта: […@…]"
        );
    }

    proptest! {
        #[test]
        fn no_address_gets_through(before in "\\PC{0,12}", local in "[a-z]{1,8}", after in "[ ,;:!?)]\\PC{0,12}") {
            let text = format!("{before} {local}@somewhere.example{after}");
            prop_assert!(!without_addresses(&text, &[]).contains("@somewhere"));
        }

        #[test]
        fn a_text_without_addresses_stays(text in "[^@]{0,60}") {
            prop_assert_eq!(without_addresses(&text, &[]), text);
        }
    }
}

//! A copy of a letter that the parser reads in bounded time and memory.
//!
//! Letters inside of letters are never read (what they say, somebody else said), so their parts
//! are renamed to a type that nobody reads: the parser would nest as deep as they do.

/// How much of a letter is read. A note stands at its beginning; attachments follow.
pub(super) const MAX_READ_BYTES: usize = 1024 * 1024;
/// How many parts are read.
const MAX_PARTS: usize = 200;
/// How long a field that describes a part may be: the parser's time grows with its square.
const MAX_FIELD_BYTES: usize = 4 * 1024;

/// The fields that describe a part.
const FIELDS: [&[u8]; 2] = [b"content-type", b"content-disposition"];
/// The types of letters inside of letters (RFC 2046 sections 5.1.5 and 5.2.1, RFC 6532).
const INNER: [&[u8]; 3] = [b"rfc822", b"global", b"digest"];
/// As long as each of them.
const NOBODY_S: &[u8] = b"x-none";

/// Where in a field that describes a part the copy is.
struct Field {
    length: usize,
    /// Before the first parameter, where the type stands.
    in_type: bool,
}

pub(super) fn copy(raw: &[u8]) -> Vec<u8> {
    let mut tame = Vec::with_capacity(raw.len().min(MAX_READ_BYTES) + 64);
    let mut field: Option<Field> = None;
    let mut parts = 0;
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        if tame.len() + line.len() > MAX_READ_BYTES {
            let room = MAX_READ_BYTES - tame.len();
            tame.extend_from_slice(&line[..room]);
            break;
        }
        let continues = matches!(line.first(), Some(b' ' | b'\t'));
        if let (true, Some(field)) = (continues, &mut field) {
            field.go_on(line, &mut tame);
            continue;
        }
        let Some(value) = value_in(line) else {
            field = None;
            tame.extend_from_slice(line);
            continue;
        };
        parts += 1;
        if parts > 2 * MAX_PARTS {
            break;
        }
        tame.extend_from_slice(&line[..value]);
        let mut begun = Field {
            length: 0,
            in_type: true,
        };
        begun.go_on(&line[value..], &mut tame);
        field = Some(begun);
    }
    tame
}

/// Where the value begins of a field that describes a part and whose name stands in this line.
/// The parser passes over white space in a name, and finds one after a delimiter.
fn value_in(line: &[u8]) -> Option<usize> {
    let mut name = Vec::with_capacity(line.len());
    for (at, byte) in line.iter().enumerate() {
        if *byte == b':' && FIELDS.iter().any(|field| name.ends_with(field)) {
            return Some(at + 1);
        }
        if !byte.is_ascii_whitespace() {
            name.push(byte.to_ascii_lowercase());
        }
    }
    None
}

impl Field {
    /// Copies a line of the field, unless the field is too long already.
    fn go_on(&mut self, line: &[u8], tame: &mut Vec<u8>) {
        if self.length >= MAX_FIELD_BYTES {
            return;
        }
        let kept = &line[..line.len().min(MAX_FIELD_BYTES - self.length)];
        self.length += kept.len();
        let type_ends = kept.iter().position(|byte| *byte == b';');
        let of_type = if self.in_type {
            type_ends.unwrap_or(kept.len())
        } else {
            0
        };
        // what stands in a comment of the type could end the field for one reader and not for another
        if kept[..of_type].contains(&b'(') {
            tame.extend_from_slice(b" x-none/x-none\n");
            self.length = MAX_FIELD_BYTES;
            return;
        }
        tame.extend(renamed(&kept[..of_type]));
        tame.extend_from_slice(&kept[of_type..]);
        self.in_type &= type_ends.is_none();
        if kept.len() < line.len() {
            tame.push(b'\n');
        }
    }
}

/// The type of a part, if it is one that is read.
fn renamed(of_type: &[u8]) -> Vec<u8> {
    let mut renamed = of_type.to_vec();
    for word in INNER {
        let found = of_type.windows(word.len());
        let places = found
            .enumerate()
            .filter(|(_, at)| at.eq_ignore_ascii_case(word));
        for (at, _) in places {
            renamed[at..at + word.len()].copy_from_slice(NOBODY_S);
        }
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raw: &str) -> String {
        String::from_utf8_lossy(&copy(raw.as_bytes())).into_owned()
    }

    #[test]
    fn a_plain_letter_is_copied_as_it_is() {
        let letter = "From: a@example.com\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nglobal digest\r\n";
        assert_eq!(text(letter), letter);
    }

    #[test]
    fn inner_letters_are_renamed_however_they_are_written() {
        for field in [
            "Content-Type: message/rfc822\n",
            "Con tent-Type : MESSAGE/RFC822\n",
            "Content-Type:\n message / global\n",
            "--bContent-Type: multipart/digest; boundary=digest\n",
        ] {
            let tame = text(field);
            assert!(tame.contains("x-none"), "{tame}");
            assert_eq!(tame.len(), field.len(), "{tame}");
        }
        assert!(
            text("Content-Type: multipart/digest; boundary=digest\n")
                .ends_with("boundary=digest\n")
        );
        let hidden = "Content-Type: message(;)/rfc822\n Content-Type: message/rfc822\n";
        assert_eq!(text(hidden), "Content-Type: x-none/x-none\n");
    }

    #[test]
    fn a_field_and_a_letter_are_cut_at_their_limits() {
        let long = format!(
            "Content-Type: text/plain{}\nSubject: x\n",
            "; a=b".repeat(10_000)
        );
        let tame = text(&long);
        assert!(tame.len() < 5_000 && tame.ends_with("\nSubject: x\n"));
        assert_eq!(copy(&vec![b'x'; 3 * MAX_READ_BYTES]).len(), MAX_READ_BYTES);
        let parts = "Content-Type: text/plain\n\n".repeat(1_000);
        assert!(text(&parts).matches("text/plain").count() <= 2 * MAX_PARTS);
    }
}

//! The text of an HTML letter.

/// Elements whose content nobody sees.
const UNSEEN: [&str; 5] = ["head", "script", "style", "template", "title"];
/// Elements without content (HTML Living Standard, "Void elements").
const VOID: [&str; 13] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
];
/// Elements that a text flows through; all others begin a line.
const INLINE: [&str; 19] = [
    "a", "abbr", "b", "bdi", "cite", "code", "em", "font", "i", "img", "label", "mark", "o:p", "s",
    "small", "span", "strong", "sub", "u",
];
/// What mail programs mark the beginning of a quoted or forwarded letter with.
const QUOTE_MARKS: [&str; 8] = [
    "gmail_quote",
    "divrplyfwdmsg",
    "appendonsend",
    "yahoo_quoted",
    "moz-cite-prefix",
    "moz-forward-container",
    "olk_src_body_section",
    "mail-quote",
];
/// Named characters that letters have (HTML Living Standard, "Named character references").
const NAMED: [(&str, char); 14] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("laquo", '«'),
    ("raquo", '»'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ndash", '–'),
    ("mdash", '—'),
];

/// All that a reader sees.
pub(super) fn shown(html: &str) -> String {
    Reader::new(false).read(html)
}

/// Without what is marked as quoted.
pub(super) fn unquoted(html: &str) -> String {
    Reader::new(true).read(html)
}

struct Reader {
    /// Leaves quotations out.
    own_only: bool,
    /// The element that is passed over, and how often one of its name is open.
    skipped: Option<(String, usize)>,
    text: String,
}

struct Tag {
    name: String,
    closes: bool,
    /// All of it, in lower case and without white space.
    squeezed: String,
}

impl Tag {
    /// Of what stands between the angle brackets.
    fn new(inside: &str) -> Self {
        let closes = inside.starts_with('/');
        let name = inside.trim_start_matches('/');
        let end = name.find(|c: char| c.is_whitespace() || matches!(c, '/' | '>'));
        let squeezed = inside.chars().filter(|c| !c.is_whitespace());
        Self {
            name: name[..end.unwrap_or(name.len())].to_lowercase(),
            closes,
            squeezed: squeezed.flat_map(char::to_lowercase).collect(),
        }
    }

    fn is(&self, names: &[&str]) -> bool {
        names.contains(&self.name.as_str())
    }

    fn hides(&self) -> bool {
        let hidden = [
            "display:none",
            "visibility:hidden",
            "font-size:0;",
            "font-size:0p",
        ];
        hidden.iter().any(|style| self.squeezed.contains(style))
    }
}

impl Reader {
    fn new(own_only: bool) -> Self {
        Self {
            own_only,
            skipped: None,
            text: String::new(),
        }
    }

    fn read(mut self, html: &str) -> String {
        let mut rest = html;
        while let Some(at) = rest.find('<') {
            self.say(&rest[..at]);
            rest = &rest[at..];
            let comment = rest.starts_with("<!--");
            let end = if comment { "-->" } else { ">" };
            let Some(close) = rest.find(end) else {
                // a bracket that nothing closes is text
                self.say(rest);
                return self.text;
            };
            let tag = Tag::new(&rest[1..close]);
            rest = &rest[close + end.len()..];
            if !comment && !self.take(&tag) {
                return self.text;
            }
        }
        self.say(rest);
        self.text
    }

    fn say(&mut self, raw: &str) {
        if self.skipped.is_some() {
            return;
        }
        // outside of `pre`, white space is one space
        for c in decoded(raw).chars() {
            let c = if c.is_whitespace() { ' ' } else { c };
            if c != ' ' || !self.text.ends_with([' ', '\n']) {
                self.text.push(c);
            }
        }
    }

    /// Goes past a tag; `false` where nothing of the writer follows.
    fn take(&mut self, tag: &Tag) -> bool {
        if let Some((name, open)) = &mut self.skipped {
            if *name == tag.name {
                *open = if tag.closes { *open - 1 } else { *open + 1 };
                if *open == 0 {
                    self.skipped = None;
                    self.break_line(tag);
                }
            }
            return true;
        }
        self.break_line(tag);
        if tag.closes {
            return true;
        }
        if self.own_only && QUOTE_MARKS.iter().any(|mark| tag.squeezed.contains(mark)) {
            return false;
        }
        let quotes = self.own_only && tag.name == "blockquote";
        if (quotes || tag.is(&UNSEEN) || tag.hides()) && !tag.is(&VOID) {
            self.skipped = Some((tag.name.clone(), 1));
        }
        true
    }

    fn break_line(&mut self, tag: &Tag) {
        if tag.is(&INLINE) || self.text.ends_with("\n\n") {
            return;
        }
        self.text.push('\n');
        // a paragraph stands apart
        if tag.name == "p" && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }
}

/// Character references become their characters; unknown ones stay as they are.
fn decoded(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let end = rest.char_indices().take(10).find(|(_, c)| *c == ';');
        let known = end.and_then(|(end, _)| Some((reference(&rest[..end])?, end)));
        match known {
            Some((c, end)) => {
                text.push(c);
                rest = &rest[end + 1..];
            }
            None => text.push('&'),
        }
    }
    text.push_str(rest);
    text
}

fn reference(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    let known = NAMED.iter().find(|(known, _)| *known == name);
    known.map(|(_, c)| *c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_letter_reads_as_it_looks() {
        let html = "<html><head><title>T</title><style>p{}</style></head><body><p>One &laquo;two&#187;<br>\
            <b>th</b>ree</p><div style='display : none'>no<div>no</div></div><p>four &unknown; & five</body>";
        assert_eq!(words(&shown(html)), "One «two» three four &unknown; & five");
        assert!(shown(html).contains("«two»\nthree\n\n"));
    }

    #[test]
    fn what_is_marked_as_quoted_is_left_out() {
        let html = "<p>yes</p><blockquote type=cite>no<blockquote>no</blockquote>no</blockquote><p>also</p>\
            <div class=\"gmail_quote\">no</div>no";
        assert_eq!(words(&unquoted(html)), "yes also");
        assert_eq!(words(&shown(html)), "yes no no no also no no");
    }

    proptest! {
        #[test]
        fn nothing_breaks_it(html in "(<|>|&|/|!--|-->|blockquote|p|#x|;|=|é|[a-z ]){0,60}") {
            let _ = (shown(&html), unquoted(&html));
        }

        #[test]
        fn a_quotation_is_never_own(inside in "[a-z <>&;]{0,40}") {
            prop_assume!(!inside.contains("blockquote"));
            let html = format!("<blockquote>{inside}</blockquote>");
            // a bracket in it may reach over the end; then all that follows is gone too
            prop_assert!(!words(&unquoted(&html)).contains(|c: char| c.is_alphanumeric()));
        }
    }
}

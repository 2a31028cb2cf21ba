//! A letter before it has a form, and its two forms: text and HTML.

use std::fmt::Write;

use domain::policy::Locale;

/// A part of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Block {
    Text(String),
    /// A button, or in the text form the address on a line of its own.
    Action {
        label: String,
        url: String,
    },
    /// Names with their values.
    Facts(Vec<(String, String)>),
    /// What matters less.
    Fine(String),
}

/// A letter's content in one language. Values are plain text: each form
/// escapes them as it must.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    subject: String,
    blocks: Vec<Block>,
}

impl Draft {
    pub fn new(subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            blocks: Vec::new(),
        }
    }

    fn with(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    pub fn text(self, text: impl Into<String>) -> Self {
        self.with(Block::Text(text.into()))
    }

    pub fn action(self, label: impl Into<String>, url: impl Into<String>) -> Self {
        self.with(Block::Action {
            label: label.into(),
            url: url.into(),
        })
    }

    pub fn facts(self, facts: Vec<(String, String)>) -> Self {
        self.with(Block::Facts(facts))
    }

    pub fn fine(self, text: impl Into<String>) -> Self {
        self.with(Block::Fine(text.into()))
    }
}

/// What every letter of one sender and one reader has around its content.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The language.
    pub locale: Locale,
    /// The reader's name, where they may be greeted by it.
    pub name: Option<&'a str>,
    /// Who writes.
    pub operator: &'a str,
    /// Where questions about personal data go.
    pub privacy_address: &'a str,
    /// Where one click ends such letters.
    pub unsubscribe: Option<&'a str>,
}

impl Frame<'_> {
    fn greeting(&self) -> String {
        match (self.locale, self.name) {
            (Locale::En, Some(name)) => format!("Hello, {name}."),
            (Locale::En, None) => "Hello.".to_owned(),
            (Locale::Ru, Some(name)) => format!("Здравствуйте, {name}!"),
            (Locale::Ru, None) => "Здравствуйте!".to_owned(),
        }
    }

    fn footer(&self) -> String {
        let (operator, address) = (self.operator, self.privacy_address);
        match self.locale {
            Locale::En => format!("{operator}. Questions about your personal data: {address}"),
            Locale::Ru => format!("{operator}. Вопросы о ваших персональных данных: {address}"),
        }
    }

    fn unsubscribe_label(&self) -> &'static str {
        match self.locale {
            Locale::En => "Stop these letters",
            Locale::Ru => "Отказаться от этих писем",
        }
    }

    /// The letter as it goes.
    pub fn render(&self, draft: &Draft) -> platform::mail::Letter {
        platform::mail::Letter {
            subject: draft.subject.clone(),
            text: self.as_text(draft),
            html: self.as_html(draft),
            unsubscribe: self.unsubscribe.map(str::to_owned),
            in_reply_to: None,
        }
    }

    fn as_text(&self, draft: &Draft) -> String {
        let mut parts = vec![self.greeting()];
        parts.extend(draft.blocks.iter().map(|block| match block {
            Block::Text(text) | Block::Fine(text) => text.clone(),
            Block::Action { label, url } => format!("{label}:\n{url}"),
            Block::Facts(facts) => {
                let lines: Vec<String> = facts.iter().map(|(n, v)| format!("{n}: {v}")).collect();
                lines.join("\n")
            }
        }));
        let mut text = parts.join("\n\n");
        text.push_str("\n\n-- \n");
        text.push_str(&self.footer());
        if let Some(url) = self.unsubscribe {
            text.push_str(&format!("\n{}: {url}", self.unsubscribe_label()));
        }
        text.push('\n');
        text
    }

    fn as_html(&self, draft: &Draft) -> String {
        let lang = match self.locale {
            Locale::En => "en",
            Locale::Ru => "ru",
        };
        let mut body = paragraph(&self.greeting(), TEXT);
        for block in &draft.blocks {
            body.push_str(&match block {
                Block::Text(text) => paragraph(text, TEXT),
                Block::Fine(text) => paragraph(text, FINE),
                Block::Action { label, url } => button(label, url),
                Block::Facts(facts) => table(facts),
            });
        }
        let mut footer = escape(&self.footer());
        if let Some(url) = self.unsubscribe {
            let (url, label) = (escape(url), self.unsubscribe_label());
            // writing to a string can't fail
            let _ = write!(
                footer,
                r#"<br><a href="{url}" style="color:#5b6472">{label}</a>"#
            );
        }
        let subject = escape(&draft.subject);
        format!(
            r#"<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{subject}</title></head>
<body style="margin:0;background:#f3f4f6;font-family:-apple-system,'Segoe UI',Roboto,Arial,sans-serif;color:#1b2430">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center" style="padding:32px 16px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:560px;background:#ffffff;border-radius:12px"><tr><td style="padding:32px">
<h1 style="margin:0 0 20px;font-size:21px;line-height:1.3">{subject}</h1>
{body}</td></tr></table>
<p style="max-width:560px;margin:16px auto 0;font-size:12px;line-height:1.5;color:#5b6472">{footer}</p>
</td></tr></table>
</body></html>
"#
        )
    }
}

const TEXT: &str = "margin:0 0 16px;font-size:15px;line-height:1.55";
const FINE: &str = "margin:0 0 16px;font-size:13px;line-height:1.5;color:#5b6472";

fn paragraph(text: &str, style: &str) -> String {
    format!("<p style=\"{style}\">{}</p>\n", escape(text))
}

fn button(label: &str, url: &str) -> String {
    let (label, url) = (escape(label), escape(url));
    format!(
        "<p style=\"margin:0 0 20px\"><a href=\"{url}\" style=\"display:inline-block;padding:12px 22px;\
         border-radius:8px;background:#1f5eff;color:#ffffff;font-size:15px;text-decoration:none\">{label}</a></p>\n"
    )
}

fn table(facts: &[(String, String)]) -> String {
    let rows: String = facts
        .iter()
        .map(|(name, value)| {
            format!(
                "<tr><td style=\"padding:4px 16px 4px 0;color:#5b6472;vertical-align:top\">{}</td>\
                 <td style=\"padding:4px 0;word-break:break-word\">{}</td></tr>\n",
                escape(name),
                escape(value)
            )
        })
        .collect();
    format!(
        "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" \
         style=\"margin:0 0 20px;font-size:14px;line-height:1.45\">\n{rows}</table>\n"
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn nothing_in_a_value_becomes_markup() {
        let hostile = "<script>\"'&</script>";
        let draft = Draft::new(hostile)
            .text(hostile)
            .action(hostile, hostile)
            .facts(vec![(hostile.into(), hostile.into())])
            .fine(hostile);
        let frame = Frame {
            locale: Locale::En,
            name: Some(hostile),
            operator: hostile,
            privacy_address: hostile,
            unsubscribe: Some(hostile),
        };
        let letter = frame.render(&draft);
        assert!(!letter.html.contains("<script>") && !letter.html.contains("\"'&<"));
        // in the text form there is nothing to escape
        assert!(letter.text.contains(hostile));
    }
}

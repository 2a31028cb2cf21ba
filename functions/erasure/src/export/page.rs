//! The copy as a page for people: every value of the document, whatever it is.

use domain::policy::Locale;
use serde_json::{Map, Value};
use std::fmt::Write as _;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}h2{margin-top:2.5rem;border-bottom:1px solid #ccc}table{border-collapse:collapse;width:100%;margin:.5rem 0}th,td{border:1px solid #ccc;padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}th{background:#f4f4f4}";

/// Titles of the sections, in the order in which people read them.
const SECTIONS: [(&str, &str, &str); 17] = [
    ("about", "About this copy", "Об этой копии"),
    ("profile", "Your data", "Ваши данные"),
    ("account", "Your account", "Ваша учётная запись"),
    ("consents", "Consents", "Согласия"),
    ("requests", "Requests", "Запросы"),
    ("correspondence", "Your letters", "Ваши письма"),
    ("claims", "Your claims", "Ваши претензии"),
    (
        "disclosures",
        "To whom your data was disclosed",
        "Кому раскрывались ваши данные",
    ),
    (
        "passed_to_processors",
        "To whom we passed your data for processing",
        "Кому мы передавали ваши данные на обработку",
    ),
    ("surveys", "Surveys", "Опросы"),
    ("workspaces", "Workspaces", "Рабочие области"),
    (
        "uploaded_assets",
        "Files that you uploaded",
        "Загруженные вами файлы",
    ),
    ("uploads_under_way", "Uploads", "Загрузки"),
    (
        "what_we_hold",
        "What we hold about you, and why",
        "Что мы храним о вас и зачем",
    ),
    (
        "statement",
        "How your data is processed",
        "Как обрабатываются ваши данные",
    ),
    ("data_map", "Data map", "Карта данных"),
    (
        "actions_with_your_data",
        "Actions with your data",
        "Действия с вашими данными",
    ),
];

pub(super) fn page(document: &Value, locale: Locale) -> String {
    let (language, title) = match locale {
        Locale::En => ("en", "A copy of your personal data"),
        Locale::Ru => ("ru", "Копия ваших персональных данных"),
    };
    let mut html = format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>"
    );
    for (name, en, ru) in SECTIONS {
        let heading = match locale {
            Locale::En => en,
            Locale::Ru => ru,
        };
        let _ = write!(html, "<h2>{heading}</h2>");
        value(&mut html, document.get(name).unwrap_or(&Value::Null));
    }
    html.push_str("</body></html>");
    html
}

fn value(html: &mut String, of: &Value) {
    match of {
        Value::Null => html.push('—'),
        Value::Bool(yes) => html.push_str(if *yes { "✓" } else { "✗" }),
        Value::Number(number) => {
            let _ = write!(html, "{number}");
        }
        Value::String(text) => escape(html, text),
        Value::Array(items) if items.is_empty() => html.push('—'),
        Value::Array(items) if items.iter().all(Value::is_object) => table(html, items),
        Value::Array(items) => list(html, items),
        Value::Object(fields) if fields.is_empty() => html.push('—'),
        Value::Object(fields) => rows(html, fields),
    }
}

fn rows(html: &mut String, fields: &Map<String, Value>) {
    html.push_str("<table>");
    for (name, field) in fields {
        html.push_str("<tr><th>");
        label(html, name);
        html.push_str("</th><td>");
        value(html, field);
        html.push_str("</td></tr>");
    }
    html.push_str("</table>");
}

fn table(html: &mut String, items: &[Value]) {
    let columns: Vec<&String> = items
        .first()
        .and_then(Value::as_object)
        .map(|first| first.keys().collect())
        .unwrap_or_default();
    html.push_str("<table><tr>");
    for column in &columns {
        html.push_str("<th>");
        label(html, column);
        html.push_str("</th>");
    }
    html.push_str("</tr>");
    for item in items {
        html.push_str("<tr>");
        for column in &columns {
            html.push_str("<td>");
            value(html, item.get(*column).unwrap_or(&Value::Null));
            html.push_str("</td>");
        }
        html.push_str("</tr>");
    }
    html.push_str("</table>");
}

fn list(html: &mut String, items: &[Value]) {
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            html.push_str(", ");
        }
        value(html, item);
    }
}

fn label(html: &mut String, name: &str) {
    escape(html, &name.replace('_', " "));
}

fn escape(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\n' => html.push_str("<br>"),
            other => html.push(other),
        }
    }
}

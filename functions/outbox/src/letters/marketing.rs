//! News and offers (clause 4.8). A campaign is a text that ships with the
//! code, so that what was sent can be shown later.

use super::{Desk, Draft};

/// The text of a campaign; `None` when nobody has written it.
pub fn campaign(desk: &Desk<'_>, campaign: &str) -> Option<Draft> {
    match campaign {
        "search-by-label" => Some(search_by_label(desk)),
        _ => None,
    }
}

fn search_by_label(desk: &Desk<'_>) -> Draft {
    Draft::new(desk.say(
        "Find your pictures by what they show",
        "Находите картинки по тому, что на них",
    ))
    .text(desk.say(
        "Every picture that you upload gets labels for what is seen in it. Search for a word such as “beach” or “animal” and the pictures that show one are there, however their files are called.",
        "Каждая загруженная картинка получает метки того, что на ней видно. Введите, например, beach или animal, и найдутся картинки, на которых это есть, как бы ни назывались файлы.",
    ))
    .text(desk.say(
        "Labels of your own work the same way, and are kept apart from those of the AI.",
        "Ваши собственные метки работают так же и хранятся отдельно от меток ИИ.",
    ))
}

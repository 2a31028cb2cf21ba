//! Sign-up, password and address.

use domain::time::Timestamp;

use super::{Desk, Draft, consents};

pub fn sign_up(desk: &Desk<'_>, link: &str, expires_at: Timestamp) -> Draft {
    let operator = &desk.house.operator;
    let end = desk.time(expires_at);
    let draft = Draft::new(desk.say("Confirm your e-mail address", "Подтвердите адрес"))
        .text(desk.say(
            format!("You signed up for {operator} with this address. Confirm it to open your account."),
            format!("Вы зарегистрировались в {operator} с этим адресом. Подтвердите его, чтобы открыть учётную запись."),
        ))
        .action(desk.say("Confirm the address", "Подтвердить адрес"), link)
        .fine(desk.say(
            format!("The link works once, until {end}."),
            format!("Ссылка действует один раз, до {end}."),
        ))
        .fine(desk.say(
            "If it was not you, do nothing: what was entered is destroyed after that time.",
            "Если это были не вы, ничего не делайте: после этого срока введённые данные будут уничтожены.",
        ));
    consents::receipts(draft, desk)
}

/// To the owner of an account, when somebody signs up with their address again.
#[must_use]
pub fn already_registered(desk: &Desk<'_>) -> Draft {
    let operator = &desk.house.operator;
    Draft::new(desk.say("You already have an account", "У вас уже есть учётная запись"))
        .text(desk.say(
            format!("Somebody signed up for {operator} with this address, which has an account already. Nothing was changed: sign in as before, or ask for a new password on the sign-in page."),
            format!("Кто-то зарегистрировался в {operator} с этим адресом, но учётная запись с ним уже есть. Ничего не изменилось: войдите как обычно или запросите новый пароль на странице входа."),
        ))
        .fine(desk.say(
            "If it was not you, ignore this letter: without your password nobody gets in.",
            "Если это были не вы, не обращайте внимания на это письмо: без вашего пароля никто не войдёт.",
        ))
}

pub fn welcome(desk: &Desk<'_>, trial_ends_at: Option<Timestamp>) -> Draft {
    let operator = &desk.house.operator;
    let draft = Draft::new(desk.say(
        format!("Welcome to {operator}"),
        format!("Добро пожаловать в {operator}"),
    ));
    match trial_ends_at {
        Some(end) => {
            let end = desk.time(end);
            draft
                .text(desk.say(
                    format!("Your address is confirmed and your free trial has begun. It ends on {end}."),
                    format!("Адрес подтверждён, бесплатный пробный период начался. Он закончится {end}."),
                ))
                .text(desk.say(
                    "Until then everything is open to you. After that you can still see and download what you have stored, and nothing is charged unless you choose a plan.",
                    "До этого времени доступны все возможности. Потом вы по-прежнему сможете смотреть и скачивать сохранённое, а плата не берётся, пока вы сами не выберете тариф.",
                ))
        }
        None => draft
            .text(desk.say(
                "Your address is confirmed. Your address or company has had a free trial before, so your workspace is read-only until you choose a plan.",
                "Адрес подтверждён. С этим адресом или в этой компании уже был пробный период, поэтому рабочее пространство доступно только для чтения, пока вы не выберете тариф.",
            )),
    }
}

pub fn password_reset(desk: &Desk<'_>, link: &str, expires_at: Timestamp) -> Draft {
    let end = desk.time(expires_at);
    Draft::new(desk.say("Set a new password", "Задайте новый пароль"))
        .text(desk.say(
            "Somebody asked to set a new password for your account.",
            "Поступила просьба задать новый пароль для вашей учётной записи.",
        ))
        .action(desk.say("Set a new password", "Задать новый пароль"), link)
        .fine(desk.say(
            format!("The link works once, until {end}. If it was not you, ignore this letter: your password stays as it is."),
            format!("Ссылка действует один раз, до {end}. Если это были не вы, не обращайте внимания на это письмо: пароль останется прежним."),
        ))
}

pub fn password_changed(desk: &Desk<'_>) -> Draft {
    let address = &desk.house.privacy_address;
    Draft::new(desk.say("Your password was changed", "Ваш пароль изменён"))
        .text(desk.say(
            "The password of your account was changed, and every session was ended. Sign in with the new one.",
            "Пароль вашей учётной записи изменён, все сеансы завершены. Войдите с новым паролем.",
        ))
        .fine(desk.say(
            format!("If it was not you, ask for a new password at once and write to {address}."),
            format!("Если это были не вы, сразу запросите новый пароль и напишите на {address}."),
        ))
}

pub fn address_change_old(desk: &Desk<'_>, link: &str, expires_at: Timestamp) -> Draft {
    let (end, privacy) = (desk.time(expires_at), &desk.house.privacy_address);
    Draft::new(desk.say("Agree to a new login address", "Согласитесь на смену адреса для входа"))
        .text(desk.say(
            "Somebody who is signed in to your account asks to change its login address. It changes when it is confirmed here and at the new address.",
            "В вашей учётной записи запрошена смена адреса для входа. Он сменится, когда это подтвердят здесь и по новому адресу.",
        ))
        .action(desk.say("Agree to the change", "Согласиться на смену"), link)
        .fine(desk.say(
            format!("The link works once, until {end}. If it was not you, do not use it, change your password and write to {privacy}."),
            format!("Ссылка действует один раз, до {end}. Если это были не вы, не открывайте её, смените пароль и напишите на {privacy}."),
        ))
}

pub fn address_change_new(desk: &Desk<'_>, link: &str, expires_at: Timestamp) -> Draft {
    let (operator, end) = (&desk.house.operator, desk.time(expires_at));
    Draft::new(desk.say("Confirm your new address", "Подтвердите новый адрес"))
        .text(desk.say(
            format!("This address is to become the login of an account at {operator}. It does when it is confirmed here and at the old address."),
            format!("Этот адрес должен стать адресом для входа в {operator}. Это произойдёт, когда это подтвердят здесь и по старому адресу."),
        ))
        .action(desk.say("Confirm the new address", "Подтвердить новый адрес"), link)
        .fine(desk.say(
            format!("The link works once, until {end}. If it was not you, ignore this letter."),
            format!("Ссылка действует один раз, до {end}. Если это были не вы, не обращайте внимания на это письмо."),
        ))
}

pub fn address_changed(desk: &Desk<'_>) -> Draft {
    let privacy = &desk.house.privacy_address;
    Draft::new(desk.say("Your login address was changed", "Адрес для входа изменён"))
        .text(desk.say(
            "The login address of your account was changed, as it was confirmed at the old address and at the new one.",
            "Адрес для входа в вашу учётную запись изменён: это подтвердили по старому и по новому адресу.",
        ))
        .fine(desk.say(
            format!("If it was not you, write to {privacy} at once."),
            format!("Если это были не вы, сразу напишите на {privacy}."),
        ))
}

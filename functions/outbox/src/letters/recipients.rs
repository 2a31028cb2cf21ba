//! Letters to processors that were given a person's data (clauses 5.2b, 5.6, 6.3b).

use domain::{compliance::notice::Matter, time::Timestamp};

use super::{Desk, Draft};

/// What a notice asks for.
#[derive(Debug)]
pub struct Request<'a> {
    /// The notice's number.
    pub number: String,
    /// What is asked.
    pub matter: Matter,
    /// As what the processor knows the person.
    pub references: &'a [String],
    /// By when the answer must be there.
    pub due_at: Timestamp,
}

pub fn request(desk: &Desk<'_>, request: &Request<'_>) -> Draft {
    let number = &request.number;
    let (subject, text) = match request.matter {
        Matter::Destruction => (
            desk.say(
                format!("Destroy personal data: {number}"),
                format!("Уничтожьте персональные данные: {number}"),
            ),
            desk.say(
                "You process personal data for us. We have erased the person whom you know by the references below. Destroy what you hold of them; of a subscription that a company goes on paying for, what names this payer only. What a law obliges you to keep, keep for that alone, and tell us which data, which law and until when.",
                "Вы обрабатываете персональные данные по нашему поручению. Мы уничтожили данные лица, которое известно вам под указанными ниже номерами. Уничтожьте то, что у вас о нём хранится; если подписку продолжает оплачивать компания, — только сведения об этом плательщике. То, что вы обязаны хранить по закону, храните только для этого и сообщите нам, какие данные, по какому закону и до какого срока.",
            ),
        ),
        Matter::Correction => (
            desk.say(
                format!("Correct personal data: {number}"),
                format!("Исправьте персональные данные: {number}"),
            ),
            desk.say(
                "You process personal data for us. What we passed to you about the person whom you know by the references below was wrong and was corrected. Use the old values no more, and ask us for the right ones.",
                "Вы обрабатываете персональные данные по нашему поручению. Переданные вам сведения о лице, которое известно вам под указанными ниже номерами, были неверны и исправлены. Не используйте прежние значения и запросите у нас верные.",
            ),
        ),
    };
    let address = &desk.house.privacy_address;
    Draft::new(subject)
        .text(text)
        .facts(vec![
            (desk.say("Number", "Номер"), number.clone()),
            (
                desk.say("References", "Номера у вас"),
                request.references.join(", "),
            ),
            (
                desk.say("Answer due by", "Срок ответа"),
                desk.time(request.due_at),
            ),
        ])
        .text(desk.say(
            format!("Confirm it to {address}, and quote the number."),
            format!("Подтвердите исполнение письмом на {address} с указанием номера."),
        ))
}

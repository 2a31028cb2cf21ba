//! The course of a trial (clause 3.2b).

use domain::{time::Timestamp, trial::Notice};

use super::{Desk, Draft};

pub fn notice(
    desk: &Desk<'_>,
    notice: Notice,
    ends_at: Timestamp,
    destruction_at: Timestamp,
) -> Draft {
    let (end, destruction) = (desk.time(ends_at), desk.time(destruction_at));
    let (subject, text) = match notice {
        Notice::ThreeDaysLeft => (
            desk.say("Three days of your trial are left", "До конца пробного периода три дня"),
            before_the_end(desk, &end),
        ),
        Notice::OneDayLeft => (
            desk.say("One day of your trial is left", "До конца пробного периода один день"),
            before_the_end(desk, &end),
        ),
        Notice::Ended => (
            desk.say("Your trial has ended", "Пробный период закончился"),
            desk.say(
                format!("Your free trial ended on {end}. Your workspace is read-only now: you can see and download everything, and choose a plan to go on. Without a plan its data is destroyed on {destruction}."),
                format!("Бесплатный пробный период закончился {end}. Теперь рабочее пространство доступно только для чтения: всё можно смотреть и скачивать, а чтобы продолжить работу, выберите тариф. Без тарифа данные будут уничтожены {destruction}."),
            ),
        ),
        Notice::DestructionInSevenDays => (
            desk.say("Your data will be destroyed in seven days", "Через семь дней ваши данные будут уничтожены"),
            before_destruction(desk, &destruction),
        ),
        Notice::DestructionInOneDay => (
            desk.say("Your data will be destroyed tomorrow", "Завтра ваши данные будут уничтожены"),
            before_destruction(desk, &destruction),
        ),
        Notice::DestructionDue => (
            desk.say("Your workspace is being destroyed", "Ваше рабочее пространство уничтожается"),
            desk.say(
                format!("Your trial ended on {end} and nobody chose a plan. As announced, the files of your workspace and everything that is known of them are being destroyed now."),
                format!("Пробный период закончился {end}, и тариф не был выбран. Как мы и предупреждали, файлы рабочего пространства и все сведения о них сейчас уничтожаются."),
            ),
        ),
    };
    Draft::new(subject).text(text)
}

fn before_the_end(desk: &Desk<'_>, end: &str) -> String {
    desk.say(
        format!("Your free trial ends on {end}. Choose a plan to go on without a break. Otherwise your workspace becomes read-only then: you can still see and download everything."),
        format!("Бесплатный пробный период закончится {end}. Чтобы продолжить без перерыва, выберите тариф. Иначе рабочее пространство станет доступным только для чтения: всё по-прежнему можно будет смотреть и скачивать."),
    )
}

fn before_destruction(desk: &Desk<'_>, destruction: &str) -> String {
    desk.say(
        format!("Your trial has ended and nobody has chosen a plan. On {destruction} the files of your workspace are destroyed for good. Download what you need before, or choose a plan to keep them."),
        format!("Пробный период закончился, и тариф не выбран. {destruction} файлы рабочего пространства будут уничтожены безвозвратно. До этого скачайте нужное или выберите тариф, чтобы их сохранить."),
    )
}

//! What follows when nobody pays for a plan any more, or nobody has ever paid
//! (terms 3.5, 3.6, 4.5).

use domain::{billing::ending::Cause, time::Timestamp, trial::Notice};

use super::{Desk, Draft};

pub fn notice(
    desk: &Desk<'_>,
    cause: Cause,
    notice: Notice,
    ends_at: Timestamp,
    destruction_at: Timestamp,
) -> Draft {
    let (end, destruction) = (desk.time(ends_at), desk.time(destruction_at));
    let (subject, text) = match notice {
        Notice::ThreeDaysLeft => (
            desk.say("Three days of your plan are left", "До окончания тарифа три дня"),
            before_the_end(desk, &end),
        ),
        Notice::OneDayLeft => (
            desk.say("One day of your plan is left", "До окончания тарифа один день"),
            before_the_end(desk, &end),
        ),
        Notice::Ended => (
            desk.say("Your plan has ended", "Действие тарифа закончилось"),
            desk.say(
                format!("Your plan ended on {end}, because it was canceled or a payment is missing. Your workspace is read-only now: you can see and download everything, and pay to go on. Without a payment its data is destroyed on {destruction}."),
                format!("Действие тарифа закончилось {end}: он был отменён или платёж не поступил. Теперь рабочее пространство доступно только для чтения: всё можно смотреть и скачивать, а чтобы продолжить работу, внесите оплату. Без оплаты данные будут уничтожены {destruction}."),
            ),
        ),
        Notice::DestructionInSevenDays => (
            desk.say("Your data will be destroyed in seven days", "Через семь дней ваши данные будут уничтожены"),
            before_destruction(desk, cause, &destruction),
        ),
        Notice::DestructionInOneDay => (
            desk.say("Your data will be destroyed tomorrow", "Завтра ваши данные будут уничтожены"),
            before_destruction(desk, cause, &destruction),
        ),
        Notice::DestructionDue => (
            desk.say("Your workspace is being destroyed", "Ваше рабочее пространство уничтожается"),
            desk.say(
                format!("{} As announced, the files of your workspace and everything that is known of them are being destroyed now.", why(desk, cause)),
                format!("{} Как мы и предупреждали, файлы рабочего пространства и все сведения о них сейчас уничтожаются.", why(desk, cause)),
            ),
        ),
    };
    Draft::new(subject).text(text)
}

fn why(desk: &Desk<'_>, cause: Cause) -> String {
    match cause {
        Cause::Plan => desk.say(
            "Your plan has ended and nobody has paid since.",
            "Действие тарифа закончилось, и оплата с тех пор не поступала.",
        ),
        Cause::Opening | Cause::Trial => desk.say(
            "Nobody has chosen a plan for your workspace.",
            "Тариф для вашего рабочего пространства не выбран.",
        ),
    }
}

fn before_the_end(desk: &Desk<'_>, end: &str) -> String {
    desk.say(
        format!("Your plan ends on {end}, unless a payment arrives before. From then on your workspace is read-only: you can still see and download everything. Pay on the billing page to go on without a break."),
        format!("Действие тарифа закончится {end}, если до этого не поступит платёж. После этого рабочее пространство будет доступно только для чтения: всё по-прежнему можно будет смотреть и скачивать. Чтобы продолжить без перерыва, внесите оплату на странице оплаты."),
    )
}

fn before_destruction(desk: &Desk<'_>, cause: Cause, destruction: &str) -> String {
    desk.say(
        format!("{} On {destruction} the files of your workspace are destroyed for good. Download what you need before, or pay to keep them.", why(desk, cause)),
        format!("{} {destruction} файлы рабочего пространства будут уничтожены безвозвратно. До этого скачайте нужное или внесите оплату, чтобы их сохранить.", why(desk, cause)),
    )
}

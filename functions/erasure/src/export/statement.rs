//! What a person has the right to be told beside the data: 152-FZ art. 14(7),
//! GDPR art. 15(1) and (2).

use domain::policy::Locale;
use serde_json::{Value, json};

use platform::House;

struct Point {
    article: &'static str,
    en: &'static str,
    ru: &'static str,
}

const POINTS: [Point; 9] = [
    Point {
        article: "152-FZ art. 14(7)(1); GDPR art. 15(1)",
        en: "We process your personal data. All of it is in this copy.",
        ru: "Мы обрабатываем ваши персональные данные. Все они содержатся в этой копии.",
    },
    Point {
        article: "152-FZ art. 14(7)(2); GDPR art. 15(1)(a)",
        en: "Grounds: your consent, the contract with you, duties under law and lawful interests, purpose by purpose as in section 4 of the Privacy Policy. The purposes of every kind of data are in the data map below.",
        ru: "Основания: ваше согласие, договор с вами, обязанности по закону и законные интересы — по каждой цели, как в разделе 4 Политики конфиденциальности. Цели для каждого вида данных указаны в карте данных ниже.",
    },
    Point {
        article: "152-FZ art. 14(7)(3)",
        en: "Methods: processing with automated means, and by authorised staff where a decision is needed. No decision with legal effect for you is taken by automated means alone.",
        ru: "Способы: обработка с использованием средств автоматизации, а где нужно решение — уполномоченными сотрудниками. Решения с правовыми последствиями для вас исключительно автоматически не принимаются.",
    },
    Point {
        article: "152-FZ art. 14(7)(4), (9); GDPR art. 15(1)(c)",
        en: "Recipients: Amazon Web Services (hosting, storage, databases, keys, e-mail; analysis of previews of pictures where the workspace has switched it on), and for payments Stripe or YooKassa. Compliance staff read requests. Nobody else.",
        ru: "Получатели: Amazon Web Services (размещение, хранение, базы данных, ключи, электронная почта; анализ уменьшенных копий изображений, если рабочая область его включила), для платежей — Stripe или ЮKassa. Запросы читают сотрудники, отвечающие за персональные данные. Больше никто.",
    },
    Point {
        article: "152-FZ art. 14(7)(5); GDPR art. 15(1)(b), (g)",
        en: "The data and where each comes from: see the data map and the lists of this copy.",
        ru: "Данные и их источник: см. карту данных и перечни в этой копии.",
    },
    Point {
        article: "152-FZ art. 14(7)(6); GDPR art. 15(1)(d)",
        en: "Periods: for each kind of data in the data map. Nothing is kept without an end.",
        ru: "Сроки: для каждого вида данных — в карте данных. Бессрочно ничего не хранится.",
    },
    Point {
        article: "152-FZ art. 14(7)(7); GDPR art. 15(1)(e), (f)",
        en: "Your rights: a copy, correction, restriction, destruction, withdrawal of consent, objection; complaint to Roskomnadzor or to the supervisory authority of your member state, and to a court.",
        ru: "Ваши права: копия, уточнение, блокирование, уничтожение, отзыв согласия, возражение; жалоба в Роскомнадзор или надзорный орган вашего государства — члена ЕС и в суд.",
    },
    Point {
        article: "152-FZ art. 14(7)(8); GDPR art. 15(2)",
        en: "Transfer to other countries: the data is stored in the AWS region that the operator has chosen, outside Russia; payment data is processed where the provider works.",
        ru: "Трансграничная передача: данные хранятся в выбранном оператором регионе AWS за пределами России; платёжные данные обрабатываются там, где работает платёжная система.",
    },
    Point {
        article: "152-FZ art. 14(7)(9.1), 18.1, 19",
        en: "Measures: encryption in transit and at rest, a data key of your own, least-privilege access, separation of workspaces, and a log of all actions with personal data that shows tampering.",
        ru: "Меры: шифрование при передаче и хранении, собственный ключ данных, минимальные права доступа, разделение рабочих областей и журнал всех действий с персональными данными, защищённый от незаметных изменений.",
    },
];

pub(super) fn statement(house: &House, locale: Locale) -> Value {
    let mut points: Vec<Value> = POINTS
        .iter()
        .map(|point| {
            let text = match locale {
                Locale::En => point.en,
                Locale::Ru => point.ru,
            };
            json!({ "article": point.article, "text": text })
        })
        .collect();
    let (operator, address) = (&house.operator, &house.privacy_address);
    let who = match locale {
        Locale::En => format!("Operator: {operator}. Write to {address}."),
        Locale::Ru => format!("Оператор: {operator}. Пишите на {address}."),
    };
    points.push(json!({ "article": "152-FZ art. 14(7)(4); GDPR art. 13(1)(a)", "text": who }));
    Value::Array(points)
}

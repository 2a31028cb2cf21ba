
"use strict";
const texts = {
  en: {
    signup: ["Confirm your sign-up", "One click opens your account and starts your free trial of 14 days.", "Confirm and open my account", a => a.trial_ends_at ? `Your account is open. Your free trial runs until ${when(a.trial_ends_at)}. You can sign in now.` : "Your account is open. This address or company had a free trial before, so the workspace is read-only until you choose a plan. You can sign in now."],
    reset: ["Set a new password", "Your other sessions will end.", "Set the password", () => "Your password is set, and every session has ended. Sign in with the new password."],
    "email-old": ["Agree to a new login address", "Somebody signed in to your account asks to change its e-mail address. If it was not you, close this page and change your password.", "Agree to the change", address],
    "email-new": ["Confirm your new login address", "The address is changed when the old address has agreed, too.", "Confirm this address", address],
    request: ["Confirm your request", "With this you confirm that the request about your personal data is yours.", "Confirm the request", () => "Your request is confirmed. You will get our answer by mail."],
    cancel: ["Keep your data", "With this you take back the withdrawal that came by letter. Your data is kept; consents that were withdrawn stay so until you give them again.", "Keep my data", () => "The withdrawal is taken back, and your data is kept."],
    none: ["This link is not complete", "Open the link from our letter once more, or copy all of it."],
    password: "New password", hint: "At least 12 characters; a few unrelated words are good.", show: "Show the password",
    changed: "Your login address is changed, and every session has ended. Sign in with the new address.", waiting: "Thank you. We are waiting for the other address to confirm.",
    offline: "The service can't be reached. Check your connection and try again.", codes: {}
  },
  ru: {
    signup: ["Подтвердите регистрацию", "Одно нажатие откроет учётную запись и начнёт бесплатный период на 14 дней.", "Подтвердить и открыть учётную запись", a => a.trial_ends_at ? `Учётная запись открыта. Бесплатный период продлится до ${when(a.trial_ends_at)}. Теперь можно войти.` : "Учётная запись открыта. У этого адреса или компании уже был бесплатный период, поэтому рабочая область доступна только для чтения, пока не выбран тариф. Теперь можно войти."],
    reset: ["Новый пароль", "Остальные сеансы будут завершены.", "Установить пароль", () => "Пароль установлен, все сеансы завершены. Войдите с новым паролем."],
    "email-old": ["Согласие на новый адрес входа", "Из вашей учётной записи просят изменить её адрес электронной почты. Если это были не вы, закройте страницу и смените пароль.", "Согласиться на изменение", address],
    "email-new": ["Подтвердите новый адрес входа", "Адрес изменится, когда согласие даст и прежний адрес.", "Подтвердить адрес", address],
    request: ["Подтвердите обращение", "Этим вы подтверждаете, что обращение о ваших персональных данных исходит от вас.", "Подтвердить обращение", () => "Обращение подтверждено. Ответ придёт по почте."],
    cancel: ["Сохранить данные", "Этим вы отменяете отзыв, пришедший письмом. Данные сохранятся; отозванные согласия останутся отозванными, пока вы не дадите их снова.", "Сохранить мои данные", () => "Отзыв отменён, ваши данные сохранены."],
    none: ["Ссылка неполная", "Откройте ссылку из письма ещё раз или скопируйте её целиком."],
    password: "Новый пароль", hint: "Не менее 12 знаков; хорошо подходят несколько не связанных слов.", show: "Показать пароль",
    changed: "Адрес входа изменён, все сеансы завершены. Войдите с новым адресом.", waiting: "Спасибо. Ждём подтверждения от другого адреса.",
    offline: "Служба недоступна. Проверьте соединение и попробуйте ещё раз.",
    codes: {
      link_used_or_over: "Ссылка уже использована, или её срок истёк.",
      request_state: "По этому обращению уже принято решение.",
      address_taken: "У этого адреса уже есть учётная запись.",
      weak_password: "Этот пароль слишком короткий или легко угадывается. Возьмите несколько не связанных слов, без вашего имени, адреса и компании.",
      processing_restricted: "Обработка этих данных ограничена.",
      too_many_requests: "Слишком много попыток. Подождите и попробуйте снова.",
      busy: "Служба занята. Повторите через минуту.",
      internal: "Ошибка на нашей стороне. Она записана."
    }
  }
};
const language = (navigator.language || "en").toLowerCase().startsWith("ru") ? "ru" : "en";
const say = texts[language];
const part = id => document.getElementById(id);

function when(time) {
  return new Date(time).toLocaleString(language, { dateStyle: "long", timeStyle: "short" });
}

function address(answer) {
  return answer.status === "changed" ? say.changed : say.waiting;
}

function link() {
  const fragment = location.hash.slice(1);
  const at = fragment.indexOf("=");
  const kind = fragment.slice(0, at);
  const token = fragment.slice(at + 1);
  const paths = { signup: "signup/verify", reset: "password-resets/confirm", "email-old": "me/email-change/confirm", "email-new": "me/email-change/confirm" };
  if (at > 0 && Object.hasOwn(paths, kind) && /^abl_[\w-]+$/.test(token)) {
    return { kind, token, path: paths[kind] };
  }
  const request = /^(dsr_[0-9a-f]{32})\.(abl_[\w-]+)$/.exec(token);
  const acts = { request: "confirm", cancel: "cancel" };
  if (Object.hasOwn(acts, kind) && request) {
    return { kind, token: request[2], path: `data-subject-requests/${request[1]}/${acts[kind]}` };
  }
  return { kind: "none" };
}

function tell(text, good) {
  part("outcome").textContent = text;
  part("outcome").className = good ? "good" : "bad";
}

async function act(event) {
  event.preventDefault();
  const { kind, token, path } = link();
  const body = kind === "reset" ? { token, password: part("password").value } : { token };
  part("act").disabled = true;
  tell("", true);
  try {
    const response = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), credentials: "omit", redirect: "error" });
    const answer = await response.json().catch(() => ({}));
    if (response.ok) {
      part("form").hidden = true;
      history.replaceState(null, "", location.pathname);
      tell(say[kind][3](answer), true);
    } else {
      tell(say.codes[answer.code] || answer.detail || say.offline, false);
    }
  } catch {
    tell(say.offline, false);
  }
  part("act").disabled = false;
}

function show() {
  const { kind } = link();
  const [title, lead, button] = say[kind];
  document.documentElement.lang = language;
  document.title = `${title} · Assetbox`;
  part("title").textContent = title;
  part("lead").textContent = lead;
  part("outcome").textContent = "";
  part("form").hidden = kind === "none";
  part("act").textContent = button || "";
  part("password-row").hidden = kind !== "reset";
  part("password").required = kind === "reset";
  part("password-label").textContent = say.password;
  part("password-hint").textContent = say.hint;
  part("show-label").textContent = say.show;
}

part("form").addEventListener("submit", act);
part("show").addEventListener("change", event => { part("password").type = event.target.checked ? "text" : "password"; });
addEventListener("hashchange", show);
show();

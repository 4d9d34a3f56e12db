// First visit and sign-in.

import { api, Refusal } from "./api.js";
import { byId, h, say, t } from "./lib.js";

/** @param {Session} session @param {(session: Session) => void} opened @param {boolean} [byCode] */
export function showDoor(session, opened, byCode = false) {
  const first = !session.set_up || byCode;
  const message = h("p.err", { id: "door-error", role: "alert", hidden: true });
  const code = h("input", { id: "code", type: "text", autocomplete: "one-time-code", autocapitalize: "characters",
    spellcheck: "false", required: true, "aria-describedby": "code-hint" });
  const password = h("input", { id: "password", type: "password", required: true,
    "aria-describedby": first && "password-hint", autocomplete: first ? "new-password" : "current-password" });
  const send = h("button.btn.main", {}, t(first ? "set_password" : "sign_in"));

  async function enter(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    send.disabled = message.hidden = true;
    try {
      opened(await (first
        ? api("POST", "/api/setup", { code: code.value, password: password.value })
        : api("POST", "/api/session", { password: password.value })));
    } catch (error) {
      const refusal = Refusal.of(error);
      message.textContent = refusal.wants((name) => t(`door_${name}`)).join(" ") || refusal.message;
      message.hidden = false;
      for (const input of [code, password]) input.setAttribute("aria-invalid", String(input.id in refusal.fields));
      (refusal.fields.code ? code : password).focus();
    } finally {
      send.disabled = false;
    }
  }

  /** @param {HTMLInputElement} input @param {string} hint */
  const field = (input, hint) =>
    h("div.field", {}, h("label", { for: input.id }, t(`door_${input.id}`)), input,
      hint && h("span.hint", { id: `${input.id}-hint` }, hint));
  const title = t(byCode ? "by_code" : first ? "welcome" : "welcome_back");
  const other = h("button.btn", { type: "button", onclick: () => showDoor(session, opened, !byCode) },
    t(byCode ? "welcome_back" : "by_code"));
  byId("app").replaceChildren(
    h("main.door.come", { id: "main" }, h("img.mark", { src: "/static/icon.svg", alt: "" }), h("h1", {}, title),
      h("p.soft", {}, t(byCode ? "by_code_text" : first ? "welcome_text" : "welcome_back_text")),
      h("form.stack", { novalidate: true, onsubmit: enter }, first && field(code, t("door_code_hint")),
        field(password, first ? t("door_password_hint") : ""), message, send, session.set_up && other)),
  );
  document.title = `${title} · cammra edge`;
  (first ? code : password).focus();
  say(title);
}

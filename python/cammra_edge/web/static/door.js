// First visit and sign-in.

import { newPassword, typed } from "./account.js";
import { api, Refusal } from "./api.js";
import { byId, h, say, t } from "./lib.js";

/** @param {Session} session @param {(session: Session) => void} opened @param {boolean} [byCode] */
export function showDoor(session, opened, byCode = false) {
  const first = !session.set_up || byCode;
  const message = h("p.err", { id: "door-error", role: "alert", hidden: true });
  const code = typed("code", t("door_code"), { type: "text", autocomplete: "one-time-code",
    autocapitalize: "characters", spellcheck: "false" }, t("door_code_hint"));
  const name = typed("name", t("name"), { type: "text", autocomplete: "username", autocapitalize: "none",
    spellcheck: "false", maxlength: 64, value: session.set_up ? "" : t("first_name") },
    t(byCode ? "door_name_by_code" : first ? "door_name_first" : "door_name"));
  const fresh = newPassword("password", t("door_password"));
  const known = typed("password", t("door_password"), { type: "password", autocomplete: "current-password" });
  const password = first ? fresh.input : known.input;
  const send = h("button.btn.main.wide", {}, t(first ? "set_password" : "sign_in"));

  async function enter(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    const wrong = first && fresh.trouble();
    if (wrong) return complain(wrong);
    send.disabled = message.hidden = true;
    const who = { name: name.input.value, password: password.value };
    try {
      opened(await (first
        ? api("POST", "/api/setup", { code: code.input.value, ...who })
        : api("POST", "/api/session", who)));
    } catch (error) {
      const refusal = Refusal.of(error);
      complain(refusal.wants((field) => t(`door_field_${field}`)).join(" ") || refusal.message);
      for (const input of [code.input, name.input, password]) {
        input.setAttribute("aria-invalid", String(input.id in refusal.fields));
      }
      (refusal.fields.code ? code.input : refusal.fields.name ? name.input : password).focus();
    } finally {
      send.disabled = false;
    }
  }

  /** @param {string} text */
  function complain(text) {
    message.textContent = text;
    message.hidden = false;
  }

  const title = t(byCode ? "by_code" : first ? "welcome" : "welcome_back");
  const other = h("button.btn.wide", { type: "button", onclick: () => showDoor(session, opened, !byCode) },
    t(byCode ? "welcome_back" : "by_code"));
  const where = h("details", {}, h("summary", {}, t("where_code")),
    h("div.stack", {}, h("p", {}, t("where_code_text")),
      h("pre", { tabindex: 0 }, `page     ${location.origin}/\ncode     X7EEX-VRYAB`),
      h("p", {}, t("where_code_service")), h("pre", { tabindex: 0 }, "journalctl -u cammra-edge"),
      session.set_up && h("p", {}, t("where_code_later"))));
  byId("app").replaceChildren(
    h("main.door.come", { id: "main" }, h("img.mark", { src: "/static/icon.svg", alt: "" }), h("h1", {}, title),
      h("p.soft", {}, t(byCode ? "by_code_text" : first ? "welcome_text" : "welcome_back_text")), first && where,
      h("form.stack", { novalidate: true, onsubmit: enter }, first && code.box, name.box,
        first ? fresh.boxes : known.box, message, send, session.set_up && other)),
  );
  document.title = `${title} · cammra edge`;
  (first ? code : name).input.focus();
  say(title);
}

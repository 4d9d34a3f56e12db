// First visit and sign-in.

import { api, h, say, t } from "/static/lib.js";

export function showDoor(app, session, opened) {
  const first = !session.set_up;
  const message = h("p.err", { id: "door-error", role: "alert", hidden: true });
  const code = h("input", { id: "code", type: "text", autocomplete: "one-time-code", autocapitalize: "characters", spellcheck: "false", required: true, "aria-describedby": "code-hint" });
  const password = h("input", {
    id: "password", type: "password", required: true, "aria-describedby": first ? "password-hint" : undefined,
    autocomplete: first ? "new-password" : "current-password",
  });
  const send = h("button.btn.main", {}, t(first ? "set_password" : "sign_in"));

  const form = h("form.stack", {
    novalidate: true,
    onsubmit: async (event) => {
      event.preventDefault();
      send.disabled = true;
      message.hidden = true;
      try {
        const body = first ? { code: code.value, password: password.value } : { password: password.value };
        opened(await api("POST", first ? "/api/setup" : "/api/session", body));
      } catch (error) {
        const wants = Object.entries(error.fields || {}).map(([name, want]) => t("want_named", { name: t(`door_${name}`), want }));
        message.textContent = wants.join(" ") || error.message;
        message.hidden = false;
        for (const [name, input] of [["code", code], ["password", password]]) input.setAttribute("aria-invalid", String(Boolean(error.fields?.[name])));
        (error.fields?.code ? code : password).focus();
      } finally {
        send.disabled = false;
      }
    },
  },
  first ? h("div.field", {}, h("label", { for: "code" }, t("door_code")), code, h("span.hint", { id: "code-hint" }, t("door_code_hint"))) : null,
  h("div.field", {}, h("label", { for: "password" }, t("door_password")), password, first ? h("span.hint", { id: "password-hint" }, t("door_password_hint")) : null),
  message, send);

  app.replaceChildren(h("main.door.come", { id: "main" },
    h("img.mark", { src: "/static/icon.svg", alt: "" }),
    h("h1", {}, t(first ? "welcome" : "welcome_back")),
    h("p.soft", {}, t(first ? "welcome_text" : "welcome_back_text")), form));
  document.title = `${t(first ? "welcome" : "sign_in")} · cammra edge`;
  (first ? code : password).focus();
  say(t(first ? "welcome" : "sign_in"));
}

// Whoever is signed in: name and role, a new password, signing out; and what every form about passwords has.

import { api, me, Refusal, request, setSession } from "./api.js";
import { dialog, eye, h, t, toast } from "./lib.js";

/** What was wrong, in words. @param {unknown} error */
export function complaint(error) {
  const refusal = Refusal.of(error);
  return Object.values(refusal.fields).map((want) => t("want", { want })).join(" ") || refusal.message;
}

/**
 * An input with its label, of no setting; a secret one has an eye, which shows others too.
 * @param {string} id @param {string} label @param {Props} props @param {string} [hint]
 * @param {HTMLInputElement[]} others
 */
export function typed(id, label, props, hint = "", ...others) {
  const input = h("input", { id, required: true, "aria-describedby": hint && `${id}-hint`, ...props });
  const held = props.type === "password" ? h("div.with", {}, input, eye(input, ...others)) : input;
  const said = hint && h("span.hint", { id: `${id}-hint` }, hint);
  return { input, box: h("div.field", {}, h("label", { for: id }, label), held, said) };
}

/**
 * A new password, and the same again: what nobody sees is easily mistyped.
 * @param {string} id @param {string} label
 */
export function newPassword(id, label) {
  const again = h("input", { id: `${id}-again`, type: "password", required: true, autocomplete: "new-password" });
  const props = { type: "password", autocomplete: "new-password" };
  const { input, box } = typed(id, label, props, t("password_hint"), again);
  const boxes = [box, h("div.field", {}, h("label", { for: again.id }, t("again")), again)];
  return {
    input,
    boxes,
    /** Why it cannot be sent yet; empty when it can. */
    trouble() {
      const wrong = input.value !== again.value;
      again.setAttribute("aria-invalid", String(wrong));
      if (wrong) again.focus();
      return wrong ? t("not_the_same") : "";
    },
    clear() {
      input.value = again.value = "";
    },
  };
}

/**
 * A form that says what is wrong with it beneath its fields.
 * @param {Child[]} fields @param {string} word @param {() => Promise<string>} send
 */
export function asking(fields, word, send) {
  const trouble = h("p.err", { role: "alert", hidden: true });
  const button = h("button.btn.main", {}, word);
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    trouble.hidden = button.disabled = true;
    const wrong = await send().catch(complaint);
    button.disabled = false;
    trouble.textContent = wrong;
    trouble.hidden = !wrong;
  };
  return h("form.stack", { novalidate: true, onsubmit: submit }, fields, trouble, h("div.row", {}, button));
}

/** Opens what is about oneself. */
export function openAccount() {
  const { name, role } = me();
  const old = typed("old", t("old_password"), { type: "password", autocomplete: "current-password" });
  const fresh = newPassword("new", t("new_password"));
  const user = h("input", { type: "text", autocomplete: "username", value: name, hidden: true });
  const change = async () => {
    const wrong = fresh.trouble();
    if (wrong) return wrong;
    setSession(await api("PUT", "/api/password", { old: old.input.value, new: fresh.input.value }));
    box.close();
    toast(t("password_changed"));
    return "";
  };
  const leave = async () => {
    box.close();
    await request("DELETE", "/api/session");
    document.dispatchEvent(new Event("signed-out"));
  };
  const box = dialog(t("account"),
    h("div.row", {}, h("h2", {}, name), h("span.soft", {}, t(`role_${role}`)),
      h("button.btn.push", { type: "button", onclick: leave }, t("sign_out"))), h("p.soft", {}, t(`role_${role}_text`)),
    h("details", {}, h("summary", {}, t("change_password")),
      asking([user, old.box, ...fresh.boxes], t("change_password"), change)),
    h("div.row", {}, h("button.btn.push", { type: "button", onclick: () => {
      box.close();
    } }, t("close"))));
}

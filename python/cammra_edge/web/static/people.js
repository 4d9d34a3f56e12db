// SETTINGS, People: who may sign in, and what each of them may do.

import { asking, newPassword, typed } from "./account.js";
import { api, complain, request, ROLES } from "./api.js";
import { askingButton, card, h, t, toast } from "./lib.js";

/** The address of a person. @param {string} name @returns {`/api/people/${string}`} */
const pathOf = (name) => `/api/people/${encodeURIComponent(name)}`;

/** What each role may do, and the choice of one. @param {string} id @param {Role} role */
function roleField(id, role) {
  const said = h("span.hint", { id: `${id}-hint` });
  const tell = () => {
    said.textContent = t(`role_${input.value}_text`);
  };
  const input = h("select", { id, "aria-describedby": said.id, onchange: tell },
    ROLES.map((word) => h("option", { value: word, selected: word === role }, t(`role_${word}`))));
  tell();
  return { input, box: h("div.field", {}, h("label", { for: id }, t("role")), input, said) };
}

/** @type {Part} */
export function peoplePart(panel) {
  const list = h("ul.stack", { tabindex: -1, "aria-label": t("people") });
  const fresh = h("div");

  async function draw() {
    const people = await api("GET", "/api/people").catch(() => []);
    const inside = list.contains(document.activeElement);
    list.replaceChildren(...people.map((person, index) => row(person, `person-${index}`, draw)));
    if (inside) list.focus({ preventScroll: true });
  }

  function drawForm() {
    fresh.replaceChildren(newPerson(() => {
      draw();
      drawForm();
    }));
  }

  panel.replaceChildren(card(t("people"), t("people_text"), list), card(t("new_person"), "", fresh));
  draw();
  drawForm();
}

/** @param {() => void} done */
function newPerson(done) {
  const name = typed("person-name", t("name"), { type: "text", maxlength: 64, autocomplete: "off" });
  const role = roleField("person-role", "viewer");
  const password = newPassword("person-password", t("first_password"));
  return asking([name.box, role.box, ...password.boxes], t("let_in"), async () => {
    const wrong = password.trouble();
    if (wrong) return wrong;
    const given = { name: name.input.value, role: role.input.value, password: password.input.value };
    const person = await api("POST", "/api/people", given);
    toast(t("let_in_done", { name: person.name }));
    done();
    return "";
  });
}

/** @param {Person} person @param {string} id @param {() => void} done */
function row({ name, role, you }, id, done) {
  const head = h("div.row", {}, h("b", {}, name), h("span.soft", {}, t(`role_${role}`)),
    you && h("span.tag", {}, t("you")));
  if (you) return h("li.card", {}, head, h("p.soft.small", {}, t("you_text")));
  const chosen = roleField(`${id}-role`, role);
  const password = newPassword(`${id}-password`, t("new_password"));
  const changeRole = async () => {
    await api("PATCH", pathOf(name), { role: chosen.input.value });
    toast(t("person_changed", { name }));
    done();
    return "";
  };
  const changePassword = async () => {
    const wrong = password.trouble();
    if (wrong) return wrong;
    await api("PATCH", pathOf(name), { password: password.input.value });
    toast(t("person_changed", { name }));
    done();
    return "";
  };
  const remove = () => request("DELETE", pathOf(name)).then(done, complain);
  return h("li.card", {}, head,
    h("details", {}, h("summary", {}, t("change_named", { name })), asking([chosen.box], t("change_role"), changeRole),
      asking(password.boxes, t("set_password"), changePassword),
      askingButton(t("remove"), t("remove_sure", { name }), remove, t("remove_named", { name }))));
}

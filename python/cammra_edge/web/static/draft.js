// The settings as the server has them, what was changed here and not yet saved, and the bar that saves.
// A change is kept by the field's name (`profiles[1].server_url`), as the server names it in its answers.

import { api, debounce, h, icon, say, t, toast } from "/static/lib.js";

let held = { version: 0, settings: {}, secrets: [], locked: [], factory: {}, notice: "" };
let catalogue = { protocols: {}, schemas: {} };
const changes = new Map();
let errors = {};
let outlook = [];
const listeners = new Set();
let bar = null;

export async function loadSettings() {
  [held, catalogue] = await Promise.all([api("GET", "/api/settings"), api("GET", "/api/catalogue")]);
  changes.clear();
  errors = {};
  tell();
}

const steps = (name) => name.split(/[.[\]]+/).filter(Boolean).map((one) => (/^\d+$/.test(one) ? Number(one) - 1 : one));
const at = (tree, name) => steps(name).reduce((inner, step) => inner?.[step], tree);
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

function tell() {
  draw();
  for (const one of listeners) one();
}

const recheck = debounce(350, async () => {
  try {
    const answer = await api("POST", "/api/check", { changes: tree() });
    errors = Object.fromEntries(answer.fields.map((one) => [one.field, one.want]));
    outlook = answer.profiles;
  } catch (error) {
    errors = error.fields || {};
  }
  tell();
});

function tree() {
  const made = {};
  for (const [name, value] of changes) {
    const [, number, field] = name.match(/^profiles\[(\d+)\]\.(.+)$/) || [];
    const path = number ? ["profiles", number, ...field.split(".")] : name.split(".");
    const last = path.pop();
    path.reduce((inner, step) => (inner[step] ??= {}), made)[last] = value;
  }
  return made;
}

function draw() {
  if (!bar) return;
  const n = changes.size;
  const wrong = Object.keys(errors).length;
  bar.hidden = !n;
  bar.replaceChildren(
    h("p", { role: "status" }, wrong ? t(wrong === 1 ? "one_wrong" : "some_wrong", { n: wrong }) : t(n === 1 ? "one_change" : "some_changes", { n })),
    h("button.btn.bare", { type: "button", onclick: () => { changes.clear(); errors = {}; tell(); say(t("dropped")); } }, t("drop")),
    h("button.btn.main", { type: "button", id: "save", onclick: save }, t("save")));
}

async function save() {
  const before = held.version;
  try {
    held = await api("PATCH", "/api/settings", { changes: tree(), version: before });
    changes.clear();
    errors = {};
    tell();
    toast(t("saved"), { word: t("undo"), run: () => restore(before) });
    say(t("saved"));
  } catch (error) {
    errors = error.fields || {};
    tell();
    if (error.status === 409) toast(error.message, { word: t("load_again"), run: loadSettings });
    else toast(Object.keys(errors).length ? t("not_saved") : error.message);
    focusFirst();
  }
}

function focusFirst() {
  const wrong = document.querySelector('[aria-invalid="true"]');
  for (let box = wrong?.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
  wrong?.focus();
  wrong?.scrollIntoView({ block: "center" });
}

export async function restore(version) {
  try {
    held = await api("POST", `/api/history/${version}/restore`);
    changes.clear();
    errors = {};
    tell();
    toast(t("restored"));
  } catch (error) { toast(error.message); }
}

export const draft = {
  bar() { bar = h("div.save.come", { hidden: true }); draw(); return bar; },
  /** The value in the form: changed here, or as saved. */
  value: (name) => (changes.has(name) ? changes.get(name) : at(held.settings, name)),
  saved: (name) => at(held.settings, name),
  factory: (name) => at(held.factory, name),
  set(name, value) {
    if (same(value, at(held.settings, name)) && !name.match(/password|auth_header/)) changes.delete(name);
    else changes.set(name, value);
    delete errors[name];
    if (changes.size) recheck();
    tell();
  },
  forget(name) { changes.delete(name); delete errors[name]; recheck(); tell(); },
  changed: (name) => changes.has(name),
  count: () => changes.size,
  error: (name) => errors[name] || "",
  errors: () => errors,
  locked: (name) => held.locked.includes(name),
  secret: (name) => held.secrets.includes(name),
  schema: (section, name) => catalogue.schemas[section]?.properties?.[name] || {},
  schemas: () => catalogue.schemas,
  protocols: () => catalogue.protocols,
  profiles: () => held.settings.profiles.length,
  outlook: (number) => outlook.find((one) => one.profile === number),
  changes: tree,
  notice: () => held.notice,
  version: () => held.version,
  take(state) { held = state; changes.clear(); errors = {}; tell(); },
  check: recheck,
  listen(run) { listeners.add(run); return () => listeners.delete(run); },
};

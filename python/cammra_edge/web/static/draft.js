// The settings as the server has them, what was changed here and not yet saved, and the bar that saves.
// A change is kept by the field's name (`profiles[1].server_url`), as the server names it in its answers.

import { api, debounce, h, say, t, toast } from "/static/lib.js";

let held = { version: 0, settings: {}, secrets: [], locked: [], notice: "" };
let catalogue = { protocols: {}, schemas: {} };
const changes = new Map();
let errors = {};
let outlook = [];
const listeners = new Set();
let bar = null;
let parts = {};

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

function makeBar() {
  const drop = () => { changes.clear(); errors = {}; leaveBar(); tell(); say(t("dropped")); };
  parts = { text: h("p", { role: "status" }), look: h("button.btn.bare", { type: "button", id: "look", onclick: showFirst }, t("show_it")) };
  bar = h("div.save.come", { hidden: true }, parts.text, parts.look,
    h("button.btn.bare", { type: "button", onclick: drop }, t("drop")), h("button.btn.main", { type: "button", id: "save", onclick: save }, t("save")));
  draw();
  return bar;
}

function draw() {
  if (!bar) return;
  const n = changes.size;
  const wrong = Object.keys(errors).length;
  const text = wrong ? t(wrong === 1 ? "one_wrong" : "some_wrong", { n: wrong }) : t(n === 1 ? "one_change" : "some_changes", { n });
  bar.hidden = !n;
  if (parts.text.textContent !== text) parts.text.textContent = text;
  parts.look.hidden = !wrong;
}

/** The bar goes; whoever stood on it with the keyboard stands at the content, not nowhere. */
function leaveBar() { if (bar.contains(document.activeElement)) document.getElementById("main").focus({ preventScroll: true }); }

async function save() {
  const before = held.version;
  try {
    held = await api("PATCH", "/api/settings", { changes: tree(), version: before });
    changes.clear();
    errors = {};
    leaveBar();
    tell();
    toast(t("saved"), { word: t("undo"), run: () => restore(before) });
    say(t("saved"));
  } catch (error) {
    errors = error.fields || {};
    tell();
    if (error.status === 409) toast(error.message, { word: t("load_again"), run: loadSettings });
    else if (Object.keys(errors).length) { say(t("not_saved")); showFirst(); } else toast(error.message);
  }
}

const PLACES = [
  [/^profiles\[(\d+)\].*/, "integration/push/$1"], [/^keepalive.*/, "integration/keepalive"], [/^tracking\.regions.*/, "settings/regions"],
  [/^tracking.*/, "settings/recognition"], [/^plate_lists.*/, "settings/lists"], [/^(device|network_mode).*/, "settings/camera"],
];

/** Leads to the first field that is wrong, on whatever tab it is; an error that has no field here is said. */
function showFirst() {
  const names = Object.keys(errors);
  const about = (field) => names.some((name) => name === field || (name.startsWith(field) && ".[".includes(name[field.length])));
  const look = () => {
    const box = [...document.querySelectorAll("[data-field]")].find((one) => about(one.dataset.field));
    for (let inner = box?.closest("details"); inner; inner = inner.parentElement.closest("details")) inner.open = true;
    const input = box?.querySelector("input, select, textarea, button");
    input?.focus({ preventScroll: true });
    box?.scrollIntoView({ block: "center" });
    return Boolean(box);
  };
  if (!names.length || look()) return;
  const [pattern, place] = PLACES.find(([one]) => one.test(names[0])) || [];
  const there = pattern && `#${names[0].replace(pattern, place)}`;
  const said = () => { if (!look()) toast(t("want_named", { name: names[0], want: errors[names[0]] })); };
  if (!there || there === location.hash) { said(); return; }
  addEventListener("hashchange", () => setTimeout(said), { once: true });
  location.hash = there;
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
  bar: makeBar,
  /** The value in the form: changed here, or as saved. */
  value: (name) => (changes.has(name) ? changes.get(name) : at(held.settings, name)),
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

// The settings as the server has them, what was changed here and not yet saved, and the bar that saves.
// Everything goes by a field's flat name (`profiles[gate].server_url`), as in the API and in its errors.

import { api, complain, Refusal, wantsOf } from "./api.js";
import { byId, debounce, h, label, listen, say, t, toast } from "./lib.js";

/** @type {SettingsState} */
let saved = { version: 0, profiles: [], settings: {}, secrets: [], locked: [], factory: {}, notice: "" };
/** @type {Catalogue} */
let catalogue = { schemas: {} };
/** @type {Flat} */
let changes = {};
/** @type {Record<string, string>} */
let errors = {};
/** @type {Outlook[]} */
let outlook = [];
/** @type {Set<() => void>} */
const listeners = new Set();

const bar = {
  box: h("div.save.come", { hidden: true }),
  text: h("p", { role: "status" }),
  look: h("button.btn.bare", { type: "button", id: "look", onclick: showFirst }),
};

export async function loadSettings() {
  const loaded = await Promise.all([api("GET", "/api/settings"), api("GET", "/api/catalogue")]);
  catalogue = loaded[1];
  take(loaded[0]);
}

/** @param {SettingsState} state */
function take(state) {
  saved = state;
  drop();
}

function drop() {
  changes = {};
  errors = {};
  tell();
}

function tell() {
  drawBar();
  for (const listener of listeners) listener();
}

const recheck = debounce(350, async () => {
  try {
    const answer = await api("POST", "/api/check", { changes });
    errors = wantsOf(answer.fields);
    outlook = answer.profiles;
  } catch (error) {
    errors = Refusal.of(error).fields;
  }
  tell();
});

function makeBar() {
  const discard = () => {
    leaveBar();
    drop();
    say(t("dropped"));
  };
  bar.look.textContent = t("show_it");
  bar.box.replaceChildren(bar.text, bar.look, h("button.btn.bare", { type: "button", onclick: discard }, t("drop")),
    h("button.btn.main", { type: "button", id: "save", onclick: save }, t("save")));
  drawBar();
  return bar.box;
}

function drawBar() {
  const n = draft.count();
  const wrong = Object.keys(errors).length;
  const text = wrong
    ? t("wrong_n", { n: wrong })
    : t("changes_n", { n });
  bar.box.hidden = !n;
  if (bar.text.textContent !== text) bar.text.textContent = text;
  bar.look.hidden = !wrong;
}

/** The bar goes: if the keyboard is on it, the keyboard goes to the content, not nowhere. */
function leaveBar() {
  if (bar.box.contains(document.activeElement)) byId("main").focus({ preventScroll: true });
}

async function save() {
  const before = saved.version;
  try {
    const state = await api("PATCH", "/api/settings", { changes, version: before });
    leaveBar();
    take(state);
    toast(t("saved"), { word: t("undo"), run: () => restore(before) });
    say(t("saved"));
  } catch (error) {
    const refusal = Refusal.of(error);
    errors = refusal.fields;
    tell();
    if (refusal.status === 409) toast(refusal.message, { word: t("load_again"), run: loadSettings });
    else if (Object.keys(errors).length) {
      say(t("not_saved"));
      showFirst();
    } else complain(refusal);
  }
}

/** The tabs by what the names of their settings begin with. */
const PLACES = {
  keepalive: "integration/keepalive",
  "tracking.regions": "settings/regions",
  tracking: "settings/recognition",
  plate_lists: "lists",
  device: "settings/camera",
  network_mode: "settings/camera",
  open_metrics: "settings/access",
  libjpeg_turbo: "settings/recognition",
};

/** The tab that has a field. @param {string} name */
function placeOf(name) {
  const profile = saved.profiles.findIndex((key) => name.startsWith(`profiles[${key}].`));
  if (profile >= 0) return `integration/push/${profile + 1}`;
  return Object.entries(PLACES).find(([start]) => name.startsWith(start))?.[1];
}

/** Leads to the first field that is wrong, on whatever tab it is; an error that has no field here is said. */
function showFirst() {
  const names = Object.keys(errors);
  const [first] = names;
  if (first === undefined || look(names)) return;
  const place = placeOf(first);
  const arrived = () => {
    if (!look(names)) toast(t("want_named", { name: called(first), want: errors[first] }));
  };
  if (!place || location.hash === `#${place}`) return arrived();
  addEventListener("hashchange", () => setTimeout(arrived), { once: true });
  location.hash = place;
}

/** Leads to the first of these that this tab has. @param {string[]} names */
function look(names) {
  const about = (/** @type {string} */ field) =>
    names.some((name) => name === field || (name.startsWith(field) && /^[.[]/.test(name.slice(field.length))));
  const boxes = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-field]"));
  const box = [...boxes].find((field) => about(field.dataset.field ?? ""));
  for (let outer = box?.closest("details"); outer; outer = outer.parentElement?.closest("details")) outer.open = true;
  const input = /** @type {HTMLElement | null | undefined} */ (box?.querySelector("input, select, textarea, button"));
  if (box) byId("toast").replaceChildren(); // it would lie over the field
  input?.focus({ preventScroll: true });
  box?.scrollIntoView({ block: "center" });
  return Boolean(box);
}

/** @param {number} version */
export async function restore(version) {
  try {
    take(await api("POST", `/api/history/${version}/restore`));
    toast(t("restored"));
  } catch (error) {
    complain(error);
  }
}

/** The name that words and schemas know a setting by: the same for every profile. @param {string} name */
export const kindOf = (name) => name.replace(/^profiles\[.+\]\./, "profiles[].");

/** What people call a setting: "Profile 2, Framing". @param {string} name */
export function called(name) {
  const [, key] = /^profiles\[(.+)\]\./.exec(name) ?? [];
  const of = key !== undefined ? draft.title(key) : name.startsWith("keepalive.") ? t("sub_keepalive") : "";
  return [of, label(kindOf(name))].filter(Boolean).join(", ");
}

export const draft = {
  bar: makeBar,
  take,
  check: recheck,
  /** The value in the form: changed here, or as saved. @param {string} name */
  value: (name) => (name in changes ? changes[name] : saved.settings[name]) ?? null,
  /** The same where a text is expected. @param {string} name */
  text: (name) => String(draft.value(name) ?? ""),
  /** The same where a list of words is expected. @param {string} name @returns {(string | number)[]} */
  list(name) {
    const value = draft.value(name);
    return Array.isArray(value) ? /** @type {(string | number)[]} */ (value) : [];
  },
  /** @param {string} name @param {Value} value */
  set(name, value) {
    const back = JSON.stringify(value) === JSON.stringify(saved.settings[name] ?? null);
    if (back && !draft.schema(name).writeOnly) delete changes[name];
    else changes[name] = value;
    delete errors[name];
    if (draft.count()) recheck();
    tell();
  },
  /** @param {string} name */
  forget(name) {
    delete changes[name];
    delete errors[name];
    recheck();
    tell();
  },
  changes: () => changes,
  count: () => Object.keys(changes).length,
  /** @param {string} name */
  error: (name) => errors[name] ?? "",
  /** The first error about a setting or a part of it. @param {string} name */
  errorIn: (name) => Object.entries(errors).find(([field]) => field.startsWith(name)),
  /** @param {string} name */
  locked: (name) => saved.locked.includes(name),
  /** Whether a secret is stored. @param {string} name */
  secret: (name) => saved.secrets.includes(name),
  /** What a setting takes, when it is not empty. @param {string} name @returns {Schema} */
  schema(name) {
    const schema = catalogue.schemas[kindOf(name)] ?? {};
    return { ...schema.anyOf?.find(({ type }) => type !== "null"), ...schema };
  },
  /** The names of a section's settings that the page may change. @param {string} section */
  fields(section) {
    const start = kindOf(`${section}.`);
    return Object.entries(catalogue.schemas).filter(([name, { readOnly }]) => name.startsWith(start) && !readOnly)
      .map(([name]) => `${section}.${name.slice(start.length)}`);
  },
  /** The keys of the profiles, in their order. */
  profiles: () => saved.profiles,
  /** How the page shows a profile: by its place; one that is no longer configured, by its key. @param {string} key */
  place: (key) => saved.profiles.includes(key) ? String(saved.profiles.indexOf(key) + 1) : key,
  /** @param {string} key */
  title: (key) => saved.profiles.includes(key) ? t("profile_n", { n: draft.place(key) }) : key,
  /** @param {string} key */
  outlook: (key) => outlook.find(({ profile }) => profile === key),
  notice: () => saved.notice,
  version: () => saved.version,
  /** @param {() => void} run */
  listen: (run) => listen(listeners, run),
};

// What every tab uses: texts, elements, formats. No value from outside ever becomes markup:
// `h` sets text and attributes only.

/** @type {Record<string, string>} */
let texts = {};
/** @type {Record<string, string[]>} */
let settingWords = {};
/** @type {Record<string, string>} */
let phrases = {};
let plural = new Intl.PluralRules("en");

export async function loadTexts() {
  const wanted = localStorage.getItem("language") ?? "";
  const language = /^[a-z]{2}$/.test(wanted) ? wanted : "en";
  const answer = await fetch(`/static/${language}.json`);
  const words = await (answer.ok ? answer : await fetch("/static/en.json")).json();
  texts = { ...words.page, ...words.people, ...words.alarms };
  settingWords = words.settings ?? {};
  phrases = { ...words.phrases, ...words.whys }; // English comes from the camera itself
  document.documentElement.lang = texts.language_code ?? "en";
  plural = new Intl.PluralRules(document.documentElement.lang);
}

/**
 * A text by its key, `{names}` filled in; a missing key shows itself, so that nobody overlooks it. Where it has a form
 * of its own for as many as `n` (`plates_n.one`), that form.
 * @param {string} key
 * @param {Record<string, unknown>} [values]
 */
export const t = (key, values = {}) => fill(formOf(texts, key, values) ?? key, values);

/** @param {Record<string, string>} words @param {string} key @param {Record<string, unknown>} values */
function formOf(words, key, { n }) {
  return (typeof n === "number" && words[`${key}.${plural.select(n)}`]) || words[key];
}

/** @param {string} text @param {Record<string, unknown>} values */
export const fill = (text, values) =>
  text.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name] ?? "";
    return name === "n" && Number.isInteger(value) ? count(Number(value)) : String(value);
  });

/**
 * What the camera says, in the page's words: by its code, with its values; as it came where the code is not known.
 * @param {string} text
 * @param {Said} said
 * @returns {string}
 */
export function worded(text, { code = "", values = {} }) {
  const phrase = formOf(phrases, code, values);
  if (!phrase) return text;
  const parts = Object.entries(values).map((
    [name, value],
  ) => [name, typeof value === "object" ? worded(value.text, value) : value]);
  return fill(phrase, Object.fromEntries(parts));
}

/**
 * Label, hint and unit of a setting (`tracking.lost_after_s`) or of one of its choices (`profiles[].auth=basic`).
 * Profile and keepalive share the words that stand without their section; what has none shows its own name.
 * @param {string} name
 */
export function words(name) {
  const short = name.replace(/^[\w[\]]+\./, "");
  const [label = short.replace(/^.*=/, ""), hint = "", unit = ""] = settingWords[name] ?? settingWords[short] ?? [];
  return { label, hint, unit };
}
/** @param {string} name */
export const label = (name) => words(name).label;

/**
 * An element: `h("button.btn", {onclick}, "Save")`.
 * @template {string} W
 * @param {W} what
 * @param {Props} [props]
 * @param {Child[]} children
 */
export function h(what, props = {}, ...children) {
  const [tag = "div", ...classes] = what.split(".");
  const element = /** @type {ElementOf<W>} */ (document.createElement(tag));
  element.classList.add(...classes);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (name === "class") element.classList.add(...String(value).split(" ").filter(Boolean));
    else if (name in element && /^(value|checked|disabled|selected)$/.test(name)) {
      Object.assign(element, { [name]: value });
    } else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...nodes(children));
  return element;
}

/**
 * Children as `append` takes them.
 * @param {Child[]} children
 * @returns {(Node | string)[]}
 */
const nodes = (children) =>
  children.flatMap((child) =>
    Array.isArray(child)
      ? nodes(child)
      : child === null || child === undefined || child === false
      ? []
      : [child instanceof Node ? child : String(child)]
  );

/**
 * An element of a drawing.
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string | number>} [props]
 * @param {Node[]} children
 */
export function s(tag, props = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

const STROKE = { fill: "none", stroke: "currentColor", "stroke-width": 2.2, "stroke-linecap": "round",
  "stroke-linejoin": "round" };
const CLOCK = "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18";
const RING = "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16";
const PUPIL = "M12 9.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5";
const AGAIN = "M20 11a8 8 0 1 0-2.300 6.300M20 5v6h-6";
const CROSS = "m6 6 12 12M18 6 6 18";
const TICK = "m5 12.500 4.500 4.500L19 7.500";
/** @type {Record<string, string>} */
const ICONS = {
  events: "M3 7h18v10H3zM7 12h6M17 12h.01",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14m5 12 5 5",
  lists: "M9 6h12M9 12h12M9 18h12M4 6h.01M4 12h.01M4 18h.01",
  integration: "M4 12h11m-4-4 4 4-4 4M15 5h5v14h-5",
  settings: "M4 7h10m4 0h2M4 17h2m4 0h10M14 4.500v5M10 14.500v5",
  delivered: TICK,
  ok: TICK,
  waiting: `M12 7v5l3 2${CLOCK}`,
  retry: AGAIN,
  retrying: AGAIN,
  parked: "M6 21V4m0 1h11l-2.500 3.500L17 12H6",
  paused: "M8 5v14M16 5v14",
  off: `${RING}M6.500 6.500l11 11`,
  idle: `${RING}M12 11.500v1`,
  sending: "M4 12h15m-6-6 6 6-6 6",
  failed: CROSS,
  expired: CROSS,
  dropped: CROSS,
  unwanted: `${RING}M6.500 6.500l11 11`,
  unknown: "M9 9a3 3 0 1 1 4.500 2.600c-1 .600-1.500 1.200-1.500 2.400M12 18h.01",
  note: `M12 8h.01M12 11.500V17${CLOCK}`,
  warn: "M12 4 2.500 20h19zM12 10v4M12 17h.01",
  eye: `M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12${PUPIL}`,
  running: "M12 3a9 9 0 1 0 9 9",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4.500 20a7.500 7.500 0 0 1 15 0",
  undo: "M4 9h10a6 6 0 0 1 0 12H9M4 9l5-5M4 9l5 5",
  down: "M12 4v11m-5-5 5 5 5-5M5 20h14",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  plus: "M12 5v14M5 12h14",
  play: "M7 4.500v15l12-7.500z",
  skipped: "M6 12h12",
};

/** @param {string} name @param {Record<string, string | number>} [props] */
export function icon(name, props = {}) {
  const path = s("path", { d: ICONS[name] ?? ICONS.note ?? "", ...STROKE });
  const drawing = s("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", ...props }, path);
  if (name === "running") drawing.classList.add("spin");
  return drawing;
}

/** A button that shows what is typed into these, and hides it again. @param {HTMLInputElement[]} inputs */
export function eye(...inputs) {
  const button = h("button.btn", { type: "button", "aria-pressed": "false", "aria-label": t("show_text"),
    onclick: () => {
      const shown = button.getAttribute("aria-pressed") === "false";
      for (const input of inputs) input.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
    } }, icon("eye"));
  return button;
}

/**
 * A button that asks by changing its own word: a glove needs no small dialog.
 * @param {string} word @param {string} sure @param {() => void} run @param {string} [label]
 */
export function askingButton(word, sure, run, label) {
  let asked = false;
  const button = h("button.btn.bare.bad", { type: "button", "aria-label": label, onclick: () => {
    if (asked) return run();
    asked = true;
    button.removeAttribute("aria-label");
    button.textContent = sure;
    setTimeout(() => {
      asked = false;
      if (label) button.setAttribute("aria-label", label);
      button.textContent = word;
    }, 4000);
  } }, word);
  return button;
}

/** A state: shape, word, and only then colour. @param {string} name @param {Child} [word] */
export const state = (name, word = t(`state_${name}`)) => h(`span.state.${name}`, {}, icon(name), word);

/** @param {string} text @param {string} country */
export const plate = (text, country) =>
  h("span.plate", {}, country && h("i", {}, country), h("span", {}, text || t("no_plate")));

/** @param {string} id */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** Tell a screen reader. @param {string} text */
export const say = (text) => {
  byId("say").textContent = text;
};

/** @param {string} text @param {{ word: string, run: () => void }} [action] */
export function toast(text, action) {
  const box = h("div.toast.come", { role: "status" }, h("p", {}, text));
  const close = () => box.remove();
  if (action) {
    box.append(h("button.btn", { onclick: () => {
      close();
      action.run();
    } }, action.word));
  }
  box.append(h("button.btn", { "aria-label": t("close"), onclick: close }, "✕"));
  const all = byId("toast");
  while (all.children.length > 1) all.firstChild?.remove();
  all.append(box);
  setTimeout(() => {
    if (!box.matches(":hover, :focus-within")) close();
  }, action ? 12000 : 6000);
}

/** @type {Intl.DateTimeFormatOptions} */
const MINUTE = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const clock = new Intl.DateTimeFormat(undefined, { ...MINUTE, second: "2-digit" });
/** @type {Intl.DateTimeFormatOptions} */
const DAY = { year: "numeric", month: "short", day: "numeric" };
const date = new Intl.DateTimeFormat(undefined, DAY);
const day = new Intl.DateTimeFormat(undefined, { ...MINUTE, ...DAY });
/** @param {number} ms */
export const time = (ms) => clock.format(ms);
/** @param {number} ms */
export const when = (ms) => day.format(ms);
export const today = () => date.format(Date.now());
/** A time, with its date where that is not today's. @param {number} ms */
export const moment = (ms) => date.format(ms) === today() ? time(ms) : `${date.format(ms)} ${time(ms)}`;
/** @param {number} [n] */
export const count = (n) => (n ?? 0).toLocaleString();

/** What filters kept back; nothing where they kept nothing. @param {Record<string, number>} by */
export function keptBack(by) {
  const why = Object.entries(by).map(([filter, n]) => t(`kept_${filter}`, { n: count(n) }));
  return why.length ? t("kept_back", { why: why.join(", ") }) : "";
}

/** @param {number} n */
export function bytes(n) {
  if (n < 1000) return `${n} B`;
  return n < 1e6 ? `${(n / 1e3).toFixed(0)} kB` : `${(n / 1e6).toFixed(1)} MB`;
}

/** @param {number} seconds */
export function age(seconds) {
  if (seconds < 90) return t("age_s", { n: Math.round(seconds) });
  if (seconds < 5400) return t("age_min", { n: Math.round(seconds / 60) });
  return t("age_h", { n: Math.round(seconds / 3600) });
}

/** @param {"plain" | "warn" | "bad"} kind @param {Child[]} children */
export const note = (kind, ...children) =>
  h(`div.note.${kind}`, {}, icon(kind === "plain" ? "note" : "warn"), h("div", {}, ...children));

/** @param {string} drawing @param {string} title @param {string} text */
export const empty = (drawing, title, text) =>
  h("div.empty", {}, icon(drawing, { "stroke-width": 1 }), h("h2", {}, title), h("p", {}, text));

/** A card with its heading and a line about it. @param {string} title @param {string} text @param {Child[]} children */
export const card = (title, text, ...children) =>
  h("section.card", {}, h("header", {}, h("h2", {}, title), text && h("p", {}, text)), ...children);

/** A dialog over the page; it goes when it is closed. @param {string} title @param {Child[]} children */
export function dialog(title, ...children) {
  const box = h("dialog", { "aria-label": title, onclose: () => {
    box.remove();
  }, onclick: (click) => {
    if (click.target === box) box.close();
  } }, h("div.in.stack", {}, ...children));
  document.body.append(box);
  box.showModal();
  return box;
}

/** Saves a file made here. @param {Blob} content @param {string} name */
export function download(content, name) {
  const link = h("a", { href: URL.createObjectURL(content), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 4000);
}

/** @param {number} ms @param {() => void} run */
export function debounce(ms, run) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, ms);
  };
}

/**
 * The arrow keys lead from one of a row of buttons to the next, as the pattern for tabs asks.
 * @param {number} index
 * @param {number} length
 * @param {(index: number) => void} go
 * @returns {(event: KeyboardEvent) => void}
 */
export const arrows = (index, length, go) => (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  go((index + step + length) % length);
};

/**
 * A tab's own tabs: the address has the chosen one, its part fills the panel.
 * @param {HTMLElement} main
 * @param {string} tab
 * @param {Record<string, Part>} parts
 * @param {string | undefined} wanted
 * @param {Live} live
 * @param {Child} [notice]
 */
export function subTabs(main, tab, parts, wanted, live, notice) {
  const keys = Object.keys(parts);
  const chosen = keys.find((key) => key === wanted) ?? keys[0] ?? "";
  const open = (/** @type {string} */ key) => {
    location.hash = `${tab}/${key}`;
  };
  const bar = h("div.sub", { role: "tablist", "aria-label": t(`tab_${tab}`) },
    ...keys.map((key, index) =>
      h("button", { type: "button", role: "tab", id: `tab-${key}`, "aria-selected": String(key === chosen),
        "aria-controls": "panel", tabindex: key === chosen ? 0 : -1, onclick: () => open(key),
        onkeydown: arrows(index, keys.length, (to) => {
          open(keys[to] ?? key);
          setTimeout(() => byId(`tab-${keys[to]}`)?.focus());
        }) }, t(`sub_${key}`))
    ));
  const panel = h("div", { id: "panel", role: "tabpanel", "aria-labelledby": `tab-${chosen}`, tabindex: -1 });
  main.replaceChildren(h("div.title", {}, h("h1", {}, t(`tab_${tab}`))), bar, ...nodes([notice]), panel);
  requestAnimationFrame(() => byId(`tab-${chosen}`)?.scrollIntoView({ block: "nearest", inline: "center" }));
  return parts[chosen]?.(panel, live);
}

/**
 * Adds a listener; the answer removes it.
 * @template {unknown[]} A
 * @param {Set<(...args: A) => void>} listeners
 * @param {(...args: A) => void} listener
 */
export function listen(listeners, listener) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

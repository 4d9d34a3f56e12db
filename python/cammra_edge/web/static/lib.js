// What every tab uses: texts, elements, the API, formats. No value from outside ever becomes markup:
// `h` sets text and attributes only.

let texts = {};

export async function loadTexts() {
  const wanted = localStorage.getItem("language") || "en";
  const answer = await fetch(`/static/${/^[a-z]{2}$/.test(wanted) ? wanted : "en"}.json`);
  texts = answer.ok ? await answer.json() : await (await fetch("/static/en.json")).json();
  document.documentElement.lang = texts.language_code || "en";
}

/** A text by its key, `{names}` filled in; a missing key shows itself, so that nobody overlooks it. */
export function t(key, values = {}) {
  const found = texts[key];
  if (found === undefined) return key;
  return found.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export const hasText = (key) => key in texts;

/** An element: `h("button.btn", {onclick}, "Save")`. */
export function h(what, props = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const made = document.createElement(tag || "div");
  if (classes.length) made.className = classes.join(" ");
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.classList.add(...String(value).split(" ").filter(Boolean));
    else if (["value", "checked", "disabled", "selected", "indeterminate"].includes(name)) made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(3).filter((one) => one !== null && one !== undefined && one !== false));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";
export function s(tag, props = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const STROKE = { fill: "none", stroke: "currentColor", "stroke-width": "2.2", "stroke-linecap": "round", "stroke-linejoin": "round" };
const ICONS = {
  events: "M3 7h18v10H3zM7 12h6M17 12h.01", integration: "M4 12h11m-4-4 4 4-4 4M15 5h5v14h-5", settings: "M4 7h10m4 0h2M4 17h2m4 0h10M14 4.500v5M10 14.500v5",
  delivered: "m5 12.500 4.500 4.500L19 7.500", waiting: "M12 7v5l3 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18", retry: "M20 11a8 8 0 1 0-2.300 6.300M20 5v6h-6",
  parked: "M6 21V4m0 1h11l-2.500 3.500L17 12H6", paused: "M8 5v14M16 5v14", off: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M6.500 6.500l11 11",
  idle: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 11.500v1", sending: "M4 12h15m-6-6 6 6-6 6", failed: "m6 6 12 12M18 6 6 18", in: "M12 4v16m-6-6 6 6 6-6", out: "M12 20V4m-6 6 6-6 6 6",
  unknown: "M9 9a3 3 0 1 1 4.500 2.600c-1 .600-1.500 1.200-1.500 2.400M12 18h.01", note: "M12 8h.01M12 11.500V17M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18", warn: "M12 4 2.500 20h19zM12 10v4M12 17h.01",
  eye: "M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12M12 9.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5", running: "M12 3a9 9 0 1 0 9 9",
  undo: "M4 9h10a6 6 0 0 1 0 12H9M4 9l5-5M4 9l5 5", down: "M12 4v11m-5-5 5 5 5-5M5 20h14", trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13", plus: "M12 5v14M5 12h14", play: "M7 4.500v15l12-7.500z", skipped: "M6 12h12",
};
Object.assign(ICONS, { retrying: ICONS.retry, ok: ICONS.delivered });

export function icon(name, props = {}) {
  const made = s("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", ...props });
  made.append(s("path", { d: ICONS[name] || ICONS.note, ...STROKE }));
  if (name === "running") made.classList.add("spin");
  return made;
}

/** A state: shape, word, and only then colour. */
export const state = (name, word = t(`state_${name}`)) => h(`span.state.${name}`, {}, icon(name), word);

export const plate = (text, country) =>
  h("span.plate", {}, country ? h("i", {}, country) : null, h("span", {}, text || t("no_plate")));

let csrf = null;
export const setCsrf = (value) => { csrf = value; };

/** What the server refused: `fields` maps a field's name to what was wanted. */
export class Refusal extends Error {
  constructor(status, body) {
    super(body.error || t("no_answer"));
    this.status = status;
    this.version = body.version;
    this.fields = Object.fromEntries((body.fields || []).map((one) => [one.field, one.want]));
  }
}

export async function request(method, path, body, type = "application/json") {
  const headers = {};
  if (csrf && method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = type;
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined || typeof body === "string" ? body : JSON.stringify(body) });
  } catch {
    throw new Refusal(0, { error: t("no_connection") });
  }
  if (answer.status === 401) document.dispatchEvent(new Event("signed-out"));
  if (!answer.ok) throw new Refusal(answer.status, await answer.json().catch(() => ({})));
  return answer;
}

export async function api(method, path, body) {
  const answer = await request(method, path, body);
  return answer.status === 204 ? null : answer.json();
}

/** Lines of JSON, each handed over as it comes. */
export async function lines(path, body, take) {
  const reader = (await request("POST", path, body)).body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    rest += value || "";
    const whole = rest.split("\n");
    rest = whole.pop();
    whole.filter(Boolean).forEach((line) => take(JSON.parse(line)));
    if (done) return;
  }
}

/** Tell a screen reader. */
export function say(text) { document.getElementById("say").textContent = text; }

export function toast(text, action) {
  const made = h("div.toast.come", { role: "status" }, h("p", {}, text));
  if (action) made.append(h("button.btn", { onclick: () => { made.remove(); action.run(); } }, action.word));
  made.append(h("button.btn", { "aria-label": t("close"), onclick: () => made.remove() }, "✕"));
  const box = document.getElementById("toast");
  while (box.children.length > 1) box.firstChild.remove();
  box.append(made);
  setTimeout(() => { if (!made.matches(":hover, :focus-within")) made.remove(); }, action ? 12000 : 6000);
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
export const time = (ms) => clock.format(ms);
export const when = (ms) => day.format(ms);
export const count = (n) => Number(n || 0).toLocaleString();

export function bytes(n) {
  if (n < 1000) return `${n} B`;
  return n < 1e6 ? `${(n / 1e3).toFixed(0)} kB` : `${(n / 1e6).toFixed(1)} MB`;
}

export function age(seconds) {
  if (seconds < 90) return t("age_s", { n: Math.round(seconds) });
  if (seconds < 5400) return t("age_min", { n: Math.round(seconds / 60) });
  return t("age_h", { n: Math.round(seconds / 3600) });
}

export const note = (kind, ...children) =>
  h(`div.note.${kind || "plain"}`, {}, icon(kind === "bad" || kind === "warn" ? "warn" : "note"), h("div", {}, ...children));

export const empty = (drawing, title, text) =>
  h("div.empty", {}, icon(drawing, { "stroke-width": 1 }), h("h2", {}, title), h("p", {}, text));

export function debounce(ms, run) {
  let timer;
  return (...args) => { clearTimeout(timer); timer = setTimeout(() => run(...args), ms); };
}

/** Tabs inside a tab: arrow keys move, as the pattern asks. */
export function subTabs(label, entries, chosen, choose) {
  const bar = h("div.sub", { role: "tablist", "aria-label": label });
  entries.forEach(([key, word], index) => {
    bar.append(h("button", {
      type: "button", role: "tab", id: `tab-${key}`, "aria-selected": String(key === chosen), "aria-controls": "panel", tabindex: key === chosen ? 0 : -1,
      onclick: () => choose(key),
      onkeydown: (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        choose(entries[(index + step + entries.length) % entries.length][0], true);
      },
    }, word));
  });
  requestAnimationFrame(() => bar.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest", inline: "center" }));
  return bar;
}

// SEARCH: what the camera remembers, newest first, page by page, found while one types; exported, and erased.

import { api, complain, may, Refusal } from "./api.js";
import { draft } from "./draft.js";
import { dated, enlarge, image, openEvent } from "./event.js";
import { PLATE } from "./events.js";
import { count, debounce, dialog, empty, h, icon, label, note, plate, state, t, toast } from "./lib.js";

const TYPING_MS = 150;
const MOST = 1000;
const PAGE = 25;
const SEPARATORS = ["comma", "semicolon", "tab"];
const STATES = ["waiting", "parked", "delivered", "expired", "dropped", "unwanted"];

/** What is looked for; it stays while other tabs are open. @type {Record<string, string>} */
const wanted = {};
let serial = 0;

/** @param {Record<string, string>} words */
const query = (words) => new URLSearchParams(Object.entries(words).filter(([, value]) => value)).toString();

/** @type {Tab} */
export function searchTab(main) {
  let asking = new AbortController();
  /** Where each page begins that was seen, and the next; the first at the newest event. */
  let cursors = [""];
  let at = 0;
  const list = h("ol.vehicles.found");
  const said = h("p.soft.num", { role: "status", tabindex: -1 });
  const wrong = h("div");
  const memory = h("p.soft.num");
  const turner = (/** @type {string} */ word, /** @type {number} */ by) =>
    h("button.btn", { type: "button", onclick: () => turn(at + by) }, t(word));
  const [newer, older] = [turner("newer", -1), turner("older", 1)];
  const pages = h("nav.row", { "aria-label": t("pages"), hidden: true }, newer, older);
  const cut = h("select", { "aria-label": t("separator"), onchange: () => {
    localStorage.setItem("separator", cut.value);
    link();
  } }, SEPARATORS.map((word) => h("option", { value: word }, t(`separator_${word}`))));
  cut.value = separator();
  const zip = h("a.btn", { download: "" }, icon("down"), t("export_found"));
  const csv = h("a.btn.bare", { download: "" }, t("as_csv"));

  /** What is asked anew is not waited for any longer, nor looked for by the camera. */
  async function load(to = 0) {
    asking.abort();
    const mine = asking = new AbortController();
    const words = { ...wanted, cursor: to ? cursors[to] ?? "" : "", limit: String(PAGE) };
    list.setAttribute("aria-busy", "true");
    const page = await api("GET", `/api/events?${query(words)}`, undefined, mine.signal).catch(Refusal.of);
    if (mine !== asking) return;
    list.removeAttribute("aria-busy");
    const refused = page instanceof Refusal;
    const named = (/** @type {string} */ name) => t(`find_${name}`);
    wrong.replaceChildren(refused ? note("warn", page.wants(named).join(" ") || page.message) : "");
    if (refused) return;
    const { events, cursor } = page;
    at = to;
    cursors = [...cursors.slice(0, to + 1), ...cursor ? [cursor] : []];
    newer.disabled = !to;
    older.disabled = !cursor;
    pages.hidden = !to && !cursor;
    const n = { n: count(events.length), from: count(to * PAGE + 1), to: count(to * PAGE + events.length) };
    said.textContent = events.length ? t(to ? "found_span" : cursor ? "found_more" : "found_n", n) : "";
    list.replaceChildren(...events.length
      ? events.map(found)
      : [h("li", {}, empty("search", t("nothing_found"), t("nothing_found_text")))]);
    link();
  }

  /** Leafs: whoever reads on begins at the top of the page. @param {number} to */
  async function turn(to) {
    await load(to);
    said.scrollIntoView({ block: "start" });
    said.focus({ preventScroll: true });
  }

  function link() {
    const words = query({ ...wanted, separator: cut.value });
    zip.href = `/api/events.zip?${words}`;
    csv.href = `/api/events.csv?${words}`;
  }

  const erased = () => {
    load();
    tellMemory(memory).catch(() => {});
  };
  const look = debounce(TYPING_MS, () => load());
  /**
   * @param {string} name
   * @param {HTMLInputElement | HTMLSelectElement} input
   * @param {string} [span]
   * @param {string} [hint]
   */
  const field = (name, input, span = "s3", hint = "") => {
    const id = input.id = `w${++serial}`;
    input.value = wanted[name] ?? "";
    wanted[name] = input.value; // a list or region that has gone meanwhile is looked for no longer
    input.addEventListener("input", () => {
      wanted[name] = input.value;
      look();
    });
    return h("div.field", { class: span }, h("label", { for: id }, t(`find_${name}`)), input,
      hint && h("span.hint", {}, hint));
  };
  const choose = (/** @type {string} */ name, /** @type {[string | number, string][]} */ choices) =>
    field(name, h("select", {}, [["", t("any")], ...choices].map(([value, word]) => h("option", { value }, word))));
  const typed = (/** @type {string} */ type) => h("input", { type, autocomplete: "off", spellcheck: "false" });
  const off = h("input", { type: "checkbox", checked: Boolean(wanted.one_off), onchange: () => {
    wanted.one_off = off.checked ? "true" : "";
    load();
  } });
  const lists = /** @type {PlateList[]} */ (draft.value("plate_lists") ?? []);
  const profiles = draft.profiles();
  if (profiles.length < 2) wanted.profile = "";
  const regions = /** @type {Region[]} */ (draft.value("tracking.regions") ?? []);

  main.replaceChildren(
    h("div.title", {}, h("h1", {}, t("tab_search"))),
    h("div.stack", {}, h("form.card", { role: "search", onsubmit: (event) => {
      event.preventDefault();
      load();
    } },
      h("div.grid", {}, field("plate", typed("search"), "s4", t("find_plate_hint")),
        field("from", typed("datetime-local"), "s4"), field("to", typed("datetime-local"), "s4", t("find_times"))),
      h("details", { open: Object.keys(wanted).some((name) => wanted[name] && !/plate|from|to/.test(name)) },
        h("summary", {}, t("more_filters")),
        h("div.grid", {}, h("div", {}, h("label.pill", {}, off, t("one_off"))),
          choose("kind", ["new", "reliable", "update", "lost"].map((kind) => [kind, label(`events=${kind}`)])),
          choose("state", STATES.map((word) => [word, t(`state_${word}`)])),
          profiles.length > 1 && choose("profile", profiles.map((key) => [key, named(key)])),
          choose("direction", ["in", "out", "unknown"].map((way) => [way, label(`directions=${way}`)])),
          choose("min_confidence", [0.5, 0.7, 0.8, 0.9, 0.95].map((least) => [least, `${least * 100} %`])),
          choose("region", regions.map(({ roi_id: id }) => [id, t("region_n", { n: id })])),
          choose("list", lists.map(({ name }) => [name, name]))))), wrong,
      h("div.row", {}, said, h("span.push"), zip, h("div.row", {}, csv, cut), may("admin") &&
        h("button.btn.bare.bad", { type: "button", onclick: () => askErase(erased) }, icon("trash"), t("erase"))), list,
      pages, memory),
  );
  load();
  tellMemory(memory).catch(() => {});
  return () => asking.abort();
}

/** @param {string} key */
const named = (key) => `${draft.place(key)} ${draft.text(`profiles[${key}].name`)}`;

/** What a table's cells are parted by: what was chosen last, or what fits where the comma is the decimal sign. */
const separator = () =>
  SEPARATORS.find((word) => word === localStorage.getItem("separator"))
    ?? ((1.5).toLocaleString().includes(",") ? "semicolon" : "comma");

/** How far back the camera remembers. @param {HTMLElement} line */
async function tellMemory(line) {
  const { texts_since: texts, pictures_since: pictures, bound } = await api("GET", "/api/memory");
  line.textContent = texts &&
    [t("memory", { texts: dated(texts), pictures: dated(pictures) || "–" }),
      bound && t(bound === "days" ? "memory_days" : "memory_bytes")].join(" ");
}

/** @param {FoundEvent} event */
function found(event) {
  const picture = event.images.find(({ kind }) => kind === PLATE) ?? event.images[0];
  const what = t("picture_of", { kind: t("pictures"), plate: event.text || t("no_plate") });
  const facts = [dated(event.time), label(`directions=${event.direction}`), t("region_n", { n: event.roi }),
    t("confident", { n: Math.round(event.confidence * 100) }), event.vehicle.toLowerCase()];
  const states = event.states.map((word) => state(word));
  return h("li.vehicle", {}, picture
    ? h("button.shots", { type: "button", "aria-label": what, onclick: () => enlarge(event, dated(event.time)) },
      image("second", picture, event))
    : h("div.shots", {}, h("p", {}, t("picture_gone"))),
    h("div.said", {},
      h("div.row", {}, plate(event.text, event.country), !event.exact && h("span.tag.near", {}, t("one_off_mark")),
        event.list && h("span.tag", { class: event.list_mode }, event.list)),
      h("p.facts", {}, h("b", {}, label(`events=${event.kind}`)),
        facts.filter(Boolean).map((fact) => h("span.num", {}, fact)), may("operator")
        ? h("button.plain", { type: "button", "aria-haspopup": "dialog", onclick: () => openEvent(event.id) },
          h("span.unseen", {}, `${t("its_deliveries")}: `), states)
        : states)));
}

/** Erases a plate, what is older than a time, or everything; says first what still waits. @param {() => void} done */
function askErase(done) {
  const also = h("input", { type: "checkbox", role: "switch" });
  const waits = h("p");
  const wrong = h("div");
  const warning = note("warn", waits, h("label.switch", {}, also, h("span", {}, h("b", {}, t("erase_also")))));
  const go = h("button.btn.main", { type: "button", onclick: erase }, t("erase_now"));
  const inputs = {
    plate: h("input", { type: "text", value: wanted.plate ?? "", autocomplete: "off" }),
    before: h("input", { type: "datetime-local", value: wanted.to ?? "" }),
  };
  let what = wanted.plate ? "plate" : "before";
  const value = () => what === "plate" ? inputs.plate.value : what === "before" ? inputs.before.value : "";

  const look = debounce(TYPING_MS, async () => {
    const [kind, given] = [what, value()];
    if (kind !== "all" && !given) return;
    const words = { plate: kind === "plate" ? given : "", to: kind === "before" ? given : "", limit: String(MOST) };
    const pages = await Promise.all(
      ["waiting", "parked"].map((word) => api("GET", `/api/events?${query({ ...words, state: word })}`)),
    ).catch(Refusal.of);
    if (kind !== what || given !== value()) return;
    const refused = pages instanceof Refusal;
    wrong.replaceChildren(
      refused ? note("warn", pages.wants((name) => t(`find_${name}`)).join(" ") || pages.message) : "",
    );
    if (refused) return;
    const n = new Set(pages.flatMap((page) => page.events.map(({ seq }) => seq))).size;
    waits.textContent = t("erase_waiting", { n: n < MOST ? count(n) : `${count(MOST)}+` });
    warning.hidden = !n;
    go.disabled = false;
  });

  async function erase() {
    const words = what === "all" ? { all: true } : { [what]: value() };
    go.disabled = true;
    const erased = await api("POST", "/api/erase", { ...words, undelivered: also.checked }).catch(complain);
    go.disabled = false;
    if (!erased) return;
    const kept = Object.entries(erased.waiting).map(([key, n]) =>
      t("erased_kept", { n: count(n), profile: draft.title(key) })
    );
    toast([t("erased", { events: count(erased.events), pictures: count(erased.pictures) }), ...kept].join(" "));
    box.close();
    done();
  }

  const choices = ["plate", "before", "all"].map((word) => {
    const radio = h("input", { type: "radio", name: "erase", checked: word === what, onchange: () => {
      what = word;
      draw();
    } });
    return h("label.pill", {}, radio, t(`erase_${word}`));
  });
  /** Nothing is erased before it is known what waits, and what waits only when that was said of these very events. */
  const draw = () => {
    for (const [word, input] of Object.entries(inputs)) input.hidden = word !== what;
    warning.hidden = go.disabled = true;
    also.checked = false;
    wrong.replaceChildren();
    look();
  };
  for (const [word, input] of Object.entries(inputs)) {
    input.setAttribute("aria-label", t(`erase_${word}`));
    input.addEventListener("input", draw);
  }
  const box = dialog(t("erase"), h("h2", {}, t("erase")), h("p", {}, t("erase_text")),
    h("fieldset", {}, h("legend.unseen", {}, t("erase")), h("div.pills", {}, choices)), inputs.plate, inputs.before,
    wrong, warning, h("div.row", {}, go, h("button.btn", { type: "button", onclick: () => {
      box.close();
    } }, t("close"))));
  draw();
}

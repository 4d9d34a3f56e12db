// Deliveries: each profile's queue, rate and latency as small plots; the latest tries; what is parked.

import { api, complain, may, ofProfile } from "./api.js";
import { draft } from "./draft.js";
import { heard, toEvent } from "./event.js";
import { age, askingButton, bytes, card, count, empty, h, icon, keptBack, label, listen, moment, note, s, state, t,
  toast, when, worded } from "./lib.js";

const RELOAD_MS = 5000;

/** @type {Part} */
export function deliveries(panel, live) {
  const profiles = h("div.stack");
  const journal = h("div.scroll");
  const parked = h("div.scroll");
  const choose = h("select", { "aria-label": t("which_profile"), onchange: () => {
    loadJournal();
  } }, h("option", { value: "" }, t("all_profiles")),
    draft.profiles().map((key) =>
      h("option", { value: key }, `${draft.place(key)} ${draft.text(`profiles[${key}].name`)}`)
    ));
  /** @type {Sample[]} */
  let samples = [];

  const drawProfiles = () =>
    profiles.replaceChildren(
      ...(live.status?.profiles ?? []).map((profile, _, all) => profileCard(profile, all, samples)),
    );

  async function loadSamples() {
    samples = await api("GET", "/api/samples").catch(() => samples);
    drawProfiles();
  }

  async function loadJournal() {
    const query = new URLSearchParams({ profile: choose.value, limit: "100" });
    const tries = await api("GET", `/api/journal?${query}`).catch(() => []);
    const heads = ["time", "profile", "plate", "event", "outcome", "took", "size"];
    journal.replaceChildren(tries.length
      ? table(heads, tries.map(tryCells))
      : empty("sending", t("no_tries"), t("no_tries_text")));
  }

  async function loadParked() {
    const events = await api("GET", "/api/parked").catch(() => []);
    /** @param {"POST" | "DELETE"} method @param {string} key @param {string} rest */
    const act = async (method, key, rest) => {
      const done = () => toast(t(method === "POST" ? "retried" : "discarded"));
      await api(method, ofProfile(key, rest ? `parked/${rest}` : "parked")).then(done, complain);
      loadParked();
    };
    const all = (/** @type {string} */ key) => [
      h("button.btn", { type: "button", onclick: () => act("POST", key, "retry") }, icon("retry"),
        t("retry_all", { profile: draft.title(key) })),
      discardButton(() => act("DELETE", key, ""), t("discard_all", { profile: draft.title(key) })),
    ];
    /** @param {ParkedEvent} event */
    const cells = (
      event,
    ) => [h("span.num", {}, when(event.at)), draft.place(event.profile), toEvent(event), packet(event), [
      worded(event.why, event),
      event.attempts > 1 && h("span.soft.num", {}, ` · ${t("tries_n", { n: event.attempts })}`),
      heard(event),
    ],
      h("div.row", {},
        h("button.btn", { type: "button", onclick: () => act("POST", event.profile, `${event.seq}/retry`) },
          t("retry")),
        h("a.btn.bare", { href: ofProfile(event.profile, `parked/${event.seq}`), download: "" }, t("download")),
        discardButton(() => act("DELETE", event.profile, String(event.seq))))];
    const keys = [...new Set(events.map(({ profile }) => profile))];
    const there = (live.status?.profiles ?? []).reduce((sum, { parked_now: n }) => sum + n, 0);
    parked.replaceChildren(events.length
      ? h("div.stack", {}, h("div.row", {}, keys.map(all)),
        there > events.length ? h("p", {}, t("parked_shown", { n: count(events.length), all: count(there) })) : "",
        table(["since", "profile", "plate", "event", "why", "actions"], events.map(cells)))
      : empty("delivered", t("none_parked"), t("none_parked_text")));
  }

  panel.replaceChildren(profiles, card(t("parked_events"), t("parked_events_text"), parked),
    card(t("journal"), t("journal_text"),
      h("div.row", {}, h("div", {}, choose),
        h("a.btn.bare", { href: "/api/journal.csv", download: "" }, icon("down"), t("as_csv"))), journal));
  const reload = () => {
    if (document.hidden || document.querySelector("dialog[open]")) return; // whose line is to be there afterwards
    loadSamples();
    for (const [box, load] of /** @type {const} */ ([[journal, loadJournal], [parked, loadParked]])) {
      if (!box.contains(document.activeElement)) load();
    }
  };
  const stop = listen(live.listeners, (what) => {
    if (what === "status" && !profiles.contains(document.activeElement)) drawProfiles();
  });
  const timer = setInterval(reload, RELOAD_MS);
  drawProfiles();
  reload();
  return () => {
    stop();
    clearInterval(timer);
  };
}

/** @param {Try} entry */
const tryCells = (
  entry,
) => [h("span.num", {}, moment(entry.at)), draft.place(entry.profile), toEvent(entry), packet(entry), [
  state(entry.outcome),
  entry.number > 1 && h("span.soft.num", {}, ` ${t("try_n", { n: entry.number })}`),
  entry.why && h("div.soft.small", {}, worded(entry.why, entry)),
  heard(entry),
], h("span.num", {}, `${entry.took_ms} ms`), h("span.num", {}, bytes(entry.size_bytes))];

/** @param {Try | ParkedEvent} entry */
const packet = ({ kind, packet: number }) => [label(`events=${kind}`), h("span.soft.num", {}, ` #${number}`)];

/** @param {() => void} run @param {string} [word] */
const discardButton = (run, word = t("discard")) => askingButton(word, t("discard_sure"), run);

/**
 * A profile's state and why it is so: what the engine says, and what it keeps for a person.
 * @param {Said & { state: string, why?: string, parked_now?: number }} now @returns {[string, string]}
 */
export function standing(now) {
  const { state: word, why = "", parked_now: parked = 0 } = now;
  if (word === "off") return ["off", t("why_off")];
  return word === "idle" && parked ? ["parked", t("why_parked")] : [word, worded(why, now)];
}

/** What a paused or failing profile says of itself, and the way on. @param {ProfileStatus} profile */
export const plight = (profile) =>
  profile.alarm
    ? note("bad", h("p", {}, t("paused_text", { why: worded(profile.why, profile) })), nextTry(profile),
      h("button.btn", { type: "button", onclick: () => api("POST", ofProfile(profile.key, "resume")).catch(complain) },
        icon("play"), t("resume")))
    : profile.why && note("warn", worded(profile.why, profile), nextTry(profile));

/** @param {ProfileStatus} profile */
const nextTry = ({ next_try_s: seconds }) =>
  seconds > 0 && h("p.small.num", {}, t("next_try", { age: age(Math.ceil(seconds)) }));

/** Who is to get what a removed profile left, while its card is drawn anew. @type {Map<string, string>} */
const chosen = new Map();

/** Hands over what a removed profile left. @param {string} key @param {ProfileStatus[]} all */
function leftBehind(key, all) {
  const takers = all.filter(({ state: word }) => word !== "removed");
  const choose = h("select", { "aria-label": t("give_to"), onchange: () => {
    chosen.set(key, choose.value);
  } },
    takers.map((taker) =>
      h("option", { value: taker.key, selected: taker.key === chosen.get(key) },
        `${draft.place(taker.key)} ${taker.name}`)
    ));
  const give = () =>
    api("POST", ofProfile(key, "give"), { to: choose.value })
      .then(({ events }) => toast(t("given", { n: events })), complain);
  return note("warn", h("p", {}, t("removed_text")), takers.length > 0 && may("admin") &&
    h("div.row", {}, choose, h("button.btn", { type: "button", onclick: give }, t("give"))));
}

/** @param {ProfileStatus} now @param {ProfileStatus[]} all @param {Sample[]} samples */
function profileCard(now, all, samples) {
  // A profile that is new, or has come back, has no points of before: a nought there would be an outburst afterwards.
  const points = samples.flatMap(({ at, profiles: { [now.key]: point } }) => point ? [{ at, ...point }] : []);
  const series = (/** @type {"queue_events" | "delivered" | "latency_p50_ms"} */ name) =>
    points.map((point) => point[name] ?? 0);
  const delivered = series("delivered");
  const rates = points.slice(1).map(({ at }, index) => {
    const minutes = Math.max(1, at - (points[index]?.at ?? at)) / 60_000;
    return Math.max(0, (delivered[index + 1] ?? 0) - (delivered[index] ?? 0)) / minutes;
  });
  const rate = rates.at(-1) ?? 0;
  const dropped = Object.entries(now.dropped).map(([why, n]) => t(`dropped_${why}`, { n: count(n) }));
  const queue = now.oldest_age_s
    ? t("oldest", { age: age(now.oldest_age_s), size: bytes(now.queue_bytes) })
    : t("queue_empty");
  const removed = now.state === "removed";
  const title = removed ? now.name : `${draft.place(now.key)} · ${now.name}`;
  return h("section.card", {}, h("header", {}, h("h2", {}, title), h("span.push", {}, state(standing(now)[0]))),
    removed ? leftBehind(now.key, all) : plight(now),
    h("div.plots", {}, plot(t("in_queue"), count(now.queue_events), series("queue_events"), queue),
      plot(t("rate"), [rate.toFixed(rate >= 10 ? 0 : 1), h("small", {}, t("per_minute"))], rates,
        t("delivered_n", { n: count(now.delivered) })),
      plot(t("latency"), now.latency_p50_ms ? [ms(now.latency_p50_ms), h("small", {}, " ms")] : "–",
        series("latency_p50_ms"), now.latency_p50_ms
        ? t("latency_95", { p95: ms(now.latency_p95_ms), p99: ms(now.latency_p99_ms) })
        : t("latency_none"))),
    h("p.hint.num", {},
      [t("retried_n", { n: count(now.retried) }), t("parked_n", { n: count(now.parked) }),
        t("expired_n", { n: count(now.expired) }), ...dropped].join(" · ")),
    h("p.hint.num", {}, keptBack(now.kept_back)));
}

/** @param {number} took_ms */
const ms = (took_ms) => took_ms.toFixed(took_ms < 10 ? 1 : 0);

/** @param {string} title @param {Child} value @param {number[]} points @param {string} line */
function plot(title, value, points, line) {
  const most = Math.max(1, ...points);
  const across = Math.max(1, points.length - 1);
  const at = (/** @type {number} */ point, /** @type {number} */ index) =>
    `${(index / across * 100).toFixed(2)} ${(30 - point / most * 27).toFixed(2)}`;
  const path = `M${points.map(at).join("L")}`;
  const drawing = s("svg", { viewBox: "0 0 100 32", preserveAspectRatio: "none", role: "img",
    "aria-label": t("plot_of", { title, most: most.toFixed(0) }) });
  const stroke = { fill: "none", "vector-effect": "non-scaling-stroke" };
  drawing.append(s("path", { ...stroke, d: "M0 30.500H100", stroke: "var(--line)", "stroke-width": 1 }));
  if (points.length > 1) {
    drawing.append(s("path", { d: `${path}L100 30.500L0 30.500Z`, fill: "currentColor", opacity: 0.12 }),
      s("path", { ...stroke, d: path, stroke: "currentColor", "stroke-width": 2, "stroke-linejoin": "round" }));
  }
  return h("figure.plot", {}, h("figcaption.soft.small", {}, title), h("b.num", {}, value), drawing,
    h("span.hint.num", {}, line));
}

/** A table that folds into cards on a phone. @param {string[]} heads @param {Child[][]} rows */
export function table(heads, rows) {
  const head = (/** @type {string} */ key) =>
    h("th", { scope: "col" }, key === "actions" ? h("span.unseen", {}, t(key)) : t(key));
  const cell = (/** @type {Child} */ content, /** @type {number} */ index) =>
    h("td", { "data-name": heads[index] === "actions" ? null : t(heads[index] ?? "") }, content);
  return h("table.fold", {}, h("thead", {}, h("tr", {}, heads.map(head))),
    h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map(cell)))));
}

// What calls for a person: the badge in every tab's header, the list behind it, and how the camera itself stands.

import { mayOpen, Refusal, request } from "./api.js";
import { draft } from "./draft.js";
import { age, card, count, dialog, h, icon, listen, say, state, t, time, worded } from "./lib.js";

/** @typedef {{ key: string, box: HTMLElement, text: HTMLElement, cure: HTMLElement }} Row */

/** What is wrong, and what to do about it. @param {Alarm} alarm @returns {{ text: string, cure: string }} */
export function wordsOf({ code, values, said }) {
  const { profile, name, formats, kind } = values;
  const known = {
    ...values,
    why: worded(values.why ?? "", said.why ?? {}),
    remedy: worded(values.remedy ?? "", said.remedy ?? {}),
    profile: profile && `${draft.title(profile)} (${name})`,
    formats: formats?.map((format) => format.toUpperCase()).join(` ${t("or")} `),
    age: age(values.s ?? 0),
  };
  const misfits = code === "frames_refused" && !known.formats;
  const key = code === "wrong_input" ? `input_${kind}` : misfits ? "misfits" : code;
  return { text: t(`alarm_${key}`, known), cure: t(`cure_${key}`, known) };
}

/** Names an alarm, however its values change. @param {Alarm} alarm */
const keyOf = ({ code, values, where }) => [code, values.profile, values.kind, where].join(" ");

/** The alarms that were there last, by their names. @type {Set<string>} */
let known = new Set();

/**
 * The header's last word: how the camera is reached, or what is wrong with it; never that all is well beside an alarm.
 * @param {HTMLElement} box @param {Live} live
 */
export function badge(box, live) {
  const alarms = live.status?.alarms ?? [];
  const fresh = alarms.filter((alarm) => !known.has(keyOf(alarm)));
  known = new Set(alarms.map(keyOf));
  if (fresh.length) say(fresh.map((alarm) => wordsOf(alarm).text).join(" "));
  const shown = live.connected ? alarms.length : -1;
  if (box.dataset.shown === String(shown)) return;
  box.dataset.shown = String(shown);
  if (shown < 0) box.replaceChildren(state("retrying", t("reconnecting")));
  else if (!shown) box.replaceChildren(state("ok", t("live")));
  else {
    const button = h("button.badge", { type: "button", "aria-haspopup": "dialog", onclick: () => open(live) },
      icon("warn"), t("alarms_n", { n: shown }));
    if (box.contains(document.activeElement)) setTimeout(() => button.focus());
    box.replaceChildren(button);
  }
}

/** The list of alarms; it follows what happens. @param {Live} live */
function open(live) {
  /** @type {Row[]} */
  let rows = [];
  const list = h("ul.alarms");
  const none = h("p.soft", {}, t("no_alarms"));

  function draw() {
    const alarms = live.status?.alarms ?? [];
    if (alarms.map(keyOf).join("\n") !== rows.map(({ key }) => key).join("\n")) {
      rows = alarms.map((alarm) => row(alarm, () => box.close()));
      list.replaceChildren(...rows.map((one) => one.box));
    }
    none.hidden = alarms.length > 0;
    alarms.forEach((alarm, index) => {
      const { text, cure } = wordsOf(alarm);
      const at = rows[index];
      if (at && at.text.textContent !== text) at.text.textContent = text;
      if (at && at.cure.textContent !== cure) at.cure.textContent = cure;
    });
  }

  const box = dialog(t("alarms"),
    h("div.row", {}, h("h2", {}, t("alarms")),
      h("button.btn.bare.push", { type: "button", onclick: () => box.close() }, t("close"))), none, list);
  const stop = listen(live.listeners, (what) => what === "status" && draw());
  box.addEventListener("close", stop);
  draw();
}

/** @param {Alarm} alarm @param {() => void} leave @returns {Row} */
function row(alarm, leave) {
  const [text, cure] = [h("b"), h("p.soft")];
  const there = mayOpen(alarm.where)
    ? h("a.btn", { href: `${location.origin}/#${alarm.where}`, onclick: leave }, t("alarm_there"))
    : h("p.soft", {}, t("alarm_for_others"));
  return { key: keyOf(alarm), text, cure, box: h("li", {}, icon("warn"), h("div", {}, text, cure, there)) };
}

/** How a camera's stream or a film stands. @param {SourceStatus} source @returns {[string, string][]} */
function streamFacts(source) {
  const { trouble, camera_clock_offset_ms: offset } = source;
  const why = trouble && (trouble.detail ? `${trouble.what} (${trouble.detail})` : trouble.what);
  const shows = source.width ? `${source.width} × ${source.height}` : "";
  const rate = source.rate_fps ? t("stream_rate", { n: source.rate_fps }) : "";
  const state = [t(`stream_${source.state}`), shows, source.codec, rate].filter(Boolean).join(" · ");
  const counts = [["pictures", source.pictures], ["skipped", source.skipped_frames], ["damaged", source.damaged_frames],
    ["reconnects", source.reconnects]];
  const counted = counts.filter(([, n]) => n).map(([name, n]) => t(`stream_${name}`, { n: count(Number(n)) }));
  /** @type {[string, string][]} */
  const facts = [[t("stream"), source.address], [t("stream_state"), state]];
  if (trouble) facts.push([t("stream_trouble"), `${why}. ${t("mend", { remedy: trouble.remedy })}`]);
  if (counted.length) facts.push([t("stream_counts"), counted.join(" · ")]);
  if (offset !== null) {
    facts.push([t("stream_clock"), t(offset > 0 ? "stream_ahead" : "stream_behind", { n: Math.abs(offset) / 1000 })]);
  }
  return facts;
}

/** What the camera sees, fetched anew by a button. @returns {HTMLElement} */
function sight() {
  const image = h("img.sight", { alt: t("camera_view"), hidden: true });
  const missing = h("p.hint", { hidden: true });
  image.onload = () => {
    [image.hidden, missing.hidden] = [false, true];
  };
  image.onerror = async () => {
    // An image element does not say why there is none.
    const why = await request("GET", "/api/view").then(() => "", (error) => Refusal.of(error).message);
    [image.hidden, missing.hidden, missing.textContent] = [true, !why, why];
  };
  const look = () => {
    image.src = `/api/view?at=${Date.now()}`;
  };
  look();
  return h("div.stack", {}, image, missing, h("button.btn", { type: "button", onclick: look }, t("look_again")));
}

/** How frames, clock and disk stand; their alarms lead here. @param {Live} live @returns {[HTMLElement, () => void]} */
export function condition(live) {
  const facts = h("dl.facts");
  function draw() {
    const { now = 0, frames = 0, stream = null, outbox = null, source = null, input_troubles: wrong = [] } =
      live.status ?? {};
    const last = frames ? t("last_frame", { age: age(stream?.silent_s ?? 0) }) : t("no_frame");
    const disk = outbox && (outbox.trouble || t(outbox.durable ? "disk_well" : "disk_memory"));
    const facing = [
      [t("source"), stream ? last : t("no_source")],
      [t("clock"), `${t(`clock_${stream?.clock_synced ?? "unknown"}`)} · ${time(now)}`],
      [t("disk"), disk ?? t("not_running")],
    ];
    if (source) facing.push(...streamFacts(source));
    for (const { what, count: n, why, remedy } of wrong) {
      const said = why ? `${what}: ${why}` : what;
      facing.push([t("wrong_input"), `${said} (${count(n)}). ${t("mend", { remedy })}`]);
    }
    facts.replaceChildren(...facing.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
  }
  const stop = listen(live.listeners, (what) => what === "status" && draw());
  draw();
  return [card(t("condition"), t("condition_text"), facts, sight()), stop];
}

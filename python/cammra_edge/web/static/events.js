// EVENTS: vehicles as they pass, newest first; each with its pictures, what was said of it, and where that went.

import { draft } from "./draft.js";
import { enlarge, image } from "./event.js";
import { empty, h, icon, label, listen, moment, plate, say, state, t, today, worded } from "./lib.js";

const SHOWN_VEHICLES = 40;
const VEHICLE = "vehicle crop";
export const PLATE = "license plate crop";

/** A plate as it is searched for. @param {string} text */
const bare = (text) => text.toUpperCase().replace(/[\s-]/g, "");

/** @type {Tab} */
export function eventsTab(main, _, live) {
  let paused = false;
  let query = "";
  let drawnOn = today();
  /** What is shown of each vehicle, and what it shows. @type {Map<number, { card: HTMLElement, drawn: string }>} */
  const cards = new Map();
  const list = h("div.vehicles", { "aria-label": t("tab_events") });
  const counts = h("p.soft.num");
  const numbers = h("p.soft");
  const search = h("input", { type: "search", placeholder: t("search_plate"), "aria-label": t("search_plate"),
    oninput: () => {
      query = bare(search.value);
      draw(true);
    } });
  const hold = h("button.btn", { type: "button", "aria-pressed": "false", onclick: () => {
    paused = !paused;
    hold.setAttribute("aria-pressed", String(paused));
    hold.replaceChildren(icon(paused ? "play" : "paused"), t(paused ? "go_on" : "hold"));
    draw();
  } }, icon("paused"), t("hold"));

  function vehicles() {
    /** @type {Map<number, VehicleEvent[]>} */
    const byCar = new Map();
    for (const event of live.events.values()) byCar.set(event.car, [...byCar.get(event.car) ?? [], event]);
    return [...byCar].map(([car, events]) => ({ car, events: events.sort((a, b) => a.at - b.at) }))
      .filter(({ events }) => events.some(({ text }) => bare(text).includes(query)))
      .sort((a, b) => (b.events[0]?.at ?? 0) - (a.events[0]?.at ?? 0) || b.car - a.car).slice(0, SHOWN_VEHICLES);
  }

  function draw(force = false) {
    if (paused && !force) return;
    if (drawnOn !== today()) {
      drawnOn = today(); // what passed before midnight now has a date
      for (const card of cards.values()) card.drawn = "";
    }
    const latest = vehicles();
    list.setAttribute("role", latest.length ? "feed" : "group"); // a feed has articles and nothing else
    if (!latest.length) {
      cards.clear();
      list.replaceChildren(query
        ? empty("unknown", t("none_found"), t("none_found_text"))
        : empty("events", t("no_events"), t("no_events_text")));
      return;
    }
    list.querySelector(".empty")?.remove();
    for (const [car, { card }] of cards) {
      if (latest.some((vehicle) => vehicle.car === car)) continue;
      card.remove();
      cards.delete(car);
    }
    latest.forEach(({ car, events }, index) => {
      const drawn = JSON.stringify(events);
      const old = cards.get(car);
      const card = old?.drawn === drawn ? old.card : vehicleCard(car, events);
      cards.set(car, { card, drawn });
      if (old && old.card !== card) old.card.replaceWith(card);
      if (list.children[index] !== card) list.insertBefore(card, list.children[index] ?? null);
      if (old) return;
      card.classList.add("come");
      if (cards.size > 1 && !document.hidden) say(t("new_vehicle", { plate: events.at(-1)?.text || t("no_plate") }));
    });
  }

  const onLive = (/** @type {string} */ what) => {
    if (what === "events" || drawnOn !== today()) draw();
    if (what === "events") return;
    const { status } = live;
    const configured = status?.profiles.filter(({ key }) => draft.profiles().includes(key)) ?? [];
    const names = configured.map(({ key, name }) => `${draft.place(key)} ${name}`).join(" · ");
    if (numbers.textContent !== names) numbers.textContent = names;
    if (status) counts.textContent = t("counts", { new: 0, reliable: 0, update: 0, lost: 0, ...status.events });
  };
  main.replaceChildren(
    h("div.title", {}, h("div", {}, h("h1", {}, t("tab_events")), counts, numbers), h("div.row", {}, search, hold)),
    list,
  );
  draw();
  onLive("status");
  return listen(live.listeners, onLive);
}

/** @param {number} car @param {VehicleEvent[]} events */
function vehicleCard(car, events) {
  const last = /** @type {VehicleEvent} */ (events.at(-1));
  const facts = [t("confident", { n: Math.round(last.confidence * 100) }), last.vehicle.toLowerCase(),
    t("region_n", { n: last.roi }), last.list_note, last.list_meant && t("one_off_from", { plate: last.list_meant }),
    last.last !== null && t("seen", { from: moment(last.first), to: moment(last.last) }),
    last.candidates.length > 1 && t("may_be", { texts: last.candidates.slice(1).map(candidate).join(", ") }),
    last.clock_synced === false && t("clock_unset")];
  return h("article.vehicle", { "aria-label": t("vehicle_n", { n: car }), tabindex: 0 }, pictures(events, last),
    h("div.said", {},
      h("div.row", {}, plate(last.text, last.country),
        last.list && h("span.tag", { class: last.list_mode }, last.list)),
      h("p.facts", {}, h("span", {}, h("b", {}, label(`directions=${last.direction}`))),
        facts.filter(Boolean).map((fact) => h("span.num", {}, fact))), h("ol.steps", {}, events.map(step))));
}

/** Another text that a plate may have. @param {{ text: string, confidence: number }} other */
const candidate = ({ text, confidence }) => `${text} ${Math.round(confidence * 100)} %`;

/** An event, what it changed, and where it went. @param {VehicleEvent} event */
function step(event) {
  const changed = new Set(
    event.changed.map((what) => {
      if (what === "plate" && event.previous) return t("changed_from", { plate: event.previous });
      return t(/^(plate|direction|region)$/.test(what) ? `changed_${what}` : "changed_vehicle");
    }),
  );
  const repeats = Math.max(0, ...event.repeats.map(({ count }) => count));
  const said = [event.kind === "reliable" && event.reliable_by && t(`by_${event.reliable_by}`), ...changed,
    repeats > 0 && t("repeats_n", { n: repeats })].filter(Boolean);
  const went = event.went.map(({ profile, outcome, why, ...said }) =>
    h("span", { title: worded(why, said) || null }, state(outcome, [
      h("span.unseen", {}, `${draft.title(profile)}: ${t(`state_${outcome}`)}`),
      h("span", { "aria-hidden": "true" }, draft.place(profile)),
    ]))
  );
  return h("li", {},
    h("span.what", {}, h("b", {}, label(`events=${event.kind}`)), " ", h("span.soft.num", {}, moment(event.at)),
      said.length > 0 && h("span.soft", {}, ` · ${said.join(", ")}`)), h("span.went", {}, went));
}

/**
 * The vehicle itself says more than the whole scene: the latest event that has both crops, else one of them, else any
 * picture.
 * @param {VehicleEvent[]} events
 * @param {VehicleEvent} last
 */
function pictures(events, last) {
  const of = (/** @type {VehicleEvent} */ event, /** @type {string} */ kind) =>
    event.images.find((image) => image.kind === kind);
  const shown = events.findLast((event) => of(event, VEHICLE) && of(event, PLATE))
    ?? events.findLast((event) => of(event, VEHICLE)) ?? events.findLast((event) => of(event, PLATE))
    ?? events.findLast(({ images }) => images.length) ?? last;
  const first = of(shown, VEHICLE) ?? shown.images.find(({ kind }) => kind !== PLATE) ?? shown.images[0];
  if (!first) {
    const why = last.missing[0]?.why;
    return h("div.shots", {}, h("p", {}, why ? t("no_picture_why", { why }) : t("no_picture")));
  }
  const second = of(shown, PLATE);
  const alt = t("picture_of", { kind: label(`image=${first.kind}`), plate: shown.text || t("no_plate") });
  return h("button.shots", { type: "button", "aria-label": alt, onclick: () => enlarge(shown) },
    image("first", first, shown), second && second !== first && image("second", second, shown));
}

// One event in a dialog: its pictures, how each delivery of it stands, and its tries with what receivers said of them.

import { api, ofProfile, Refusal } from "./api.js";
import { draft } from "./draft.js";
import { bytes, dialog, h, label, moment, note, plate, state, t, worded } from "./lib.js";

/** @param {string} look @param {Picture} picture @param {VehicleEvent | FoundEvent} event */
export function image(look, picture, event) {
  return unlessGone(h("img", { class: look, src: addressOf(picture, event), alt: "", loading: "lazy" }));
}

/** @param {HTMLImageElement} element */
function unlessGone(element) {
  element.addEventListener("error", () => element.replaceWith(h("p", {}, t("picture_gone"))));
  return element;
}

/** @param {Picture} picture @param {VehicleEvent | FoundEvent} event */
const addressOf = ({ key }, event) =>
  `/api/${"seq" in event ? `events/${event.seq}/images` : "pictures"}/${encodeURIComponent(key)}`;

/** @param {VehicleEvent | FoundEvent} event @param {string} [when] @param {Child[]} more */
export function enlarge(event, when = moment(event.at), ...more) {
  const { text, image_text: read } = event;
  const box = dialog(t("pictures"),
    h("div.row", {}, plate(text, event.country), h("span.soft.num", {}, when),
      h("button.btn.push", { type: "button", onclick: () => {
        box.close();
      } }, t("close"))), event.images.map((picture) => {
      const kind = label(`image=${picture.kind}`);
      return h("figure", {}, unlessGone(h("img", { src: addressOf(picture, event), alt: kind })),
        h("figcaption", {},
          [kind, `${picture.width} × ${picture.height}`, event.image_at && moment(event.image_at)].filter(Boolean)
            .join(" · ")));
    }), read && read !== text && h("p.soft", {}, t("image_says", { text: read })), more);
  return box;
}

/** Opens the event that a line of the journal is about; closing leads back to that line. @param {string} id */
export async function openEvent(id) {
  const known = await api("GET", `/api/event/${id}`).catch(Refusal.of);
  if (known instanceof Refusal) {
    const box = dialog(t("event"), note("warn", known.message), h("button.btn", { type: "button", onclick: () =>
      box.close() }, t("close")));
    return;
  }
  const { event, stands, tries } = known;
  enlarge(event, dated(event.time),
    h("div.row", {}, h("b", {}, label(`events=${event.kind}`)), stands.map(({ profile, state: word }) => [
      state(word, `${draft.title(profile)}: ${t(`state_${word}`)}`),
      word === "parked" &&
      h("a.btn.bare", { href: ofProfile(profile, `parked/${event.seq}`), download: "" }, t("download")),
    ])), h("h2", {}, t("journal")),
    tries.length ? h("ol.trial", {}, tries.map(line)) : h("p.soft", {}, t("no_tries_now")));
}

/** A time with its date and zone. @param {string} iso */
export const dated = (iso) => iso.replace("T", " ").replace(/\.\d+/, " ");

/** What the receiver itself said. @param {Try | ParkedEvent} entry */
export const heard = ({ words }) => words && h("div.soft.small", {}, t("receiver_says", { words }));

/** A plate that leads to its event. @param {Try | ParkedEvent} entry */
export const toEvent = ({ event, plate: text }) =>
  h("button.plain", { type: "button", "aria-haspopup": "dialog", "aria-label": t("open_event", { plate: text || "?" }),
    onclick: () => openEvent(event) }, text ? plate(text, "") : t("event"));

/** @param {Try} entry */
const line = (entry) =>
  h("li", {}, state(entry.outcome, ""), h("b", {}, `${draft.title(entry.profile)}: ${t(`state_${entry.outcome}`)}`),
    h("span.num.soft", {}, `${entry.took_ms} ms`),
    h("p", {}, [moment(entry.at), t("try_n", { n: entry.number }), `#${entry.packet}`, bytes(entry.size_bytes)]
      .join(" · ")), entry.why && h("p", {}, worded(entry.why, entry)), h("p", {}, heard(entry)),
    entry.kept && bytesOf(entry));

/** What was sent and what came back, asked for once somebody looks. @param {Try} entry */
function bytesOf({ event, serial }) {
  const shown = h("div");
  const box = h("details", { ontoggle: async () => {
    if (!box.open || shown.firstChild) return;
    const told = await api("GET", `/api/journal/${event}/${serial}`).catch(Refusal.of);
    shown.replaceChildren(
      ...(told instanceof Refusal ? [note("warn", told.message)] : [
        h("b", {}, t("try_request")),
        h("pre", { tabindex: 0 }, told.request),
        h("b", {}, t("try_answer")),
        told.answer ? h("pre", { tabindex: 0 }, told.answer) : h("p.soft", {}, t("try_answer_none")),
      ]),
    );
  } }, h("summary", {}, t("try_bytes")), shown);
  return box;
}

// EVENTS: vehicles as they pass, newest first; each with its pictures, what was said of it, and where that went.

import { empty, h, icon, plate, say, state, t, time } from "/static/lib.js";

const SHOWN = 40;

export function eventsTab(main, _, live) {
  let paused = false;
  let wanted = "";
  const list = h("div.vehicles", { role: "feed", "aria-label": t("tab_events") });
  const counts = h("p.soft.num");
  const numbers = h("p.soft");
  const cards = new Map();
  const search = h("input", { type: "search", placeholder: t("search_plate"), "aria-label": t("search_plate"), oninput: () => { wanted = search.value.toUpperCase().replace(/[\s-]/g, ""); draw(true); } });
  const hold = h("button.btn", {
    type: "button", "aria-pressed": "false",
    onclick: () => { paused = !paused; hold.setAttribute("aria-pressed", String(paused)); hold.replaceChildren(icon(paused ? "play" : "paused"), t(paused ? "go_on" : "hold")); if (!paused) draw(); },
  }, icon("paused"), t("hold"));

  function vehicles() {
    const byCar = new Map();
    for (const one of live.events.values()) {
      const held = byCar.get(one.car) || [];
      held.push(one);
      byCar.set(one.car, held);
    }
    return [...byCar.entries()].map(([car, events]) => ({ car, events: events.sort((a, b) => a.at - b.at) }))
      .filter((one) => !wanted || one.events.some((e) => e.text.toUpperCase().replace(/[\s-]/g, "").includes(wanted)))
      .sort((a, b) => b.events[0].at - a.events[0].at || b.car - a.car).slice(0, SHOWN);
  }

  function draw(force) {
    if (paused && !force) return;
    const now = vehicles();
    if (!now.length) {
      cards.clear();
      list.replaceChildren(wanted ? empty("unknown", t("none_found"), t("none_found_text")) : empty("events", t("no_events"), t("no_events_text")));
      return;
    }
    const keep = new Set(now.map((one) => one.car));
    for (const [car, held] of cards) if (!keep.has(car)) { held.card.remove(); cards.delete(car); }
    list.querySelector(".empty")?.remove();
    now.forEach(({ car, events }, index) => {
      const print = JSON.stringify(events);
      const held = cards.get(car);
      if (held && held.print === print) { if (list.children[index] !== held.card) list.insertBefore(held.card, list.children[index] || null); return; }
      const card = vehicle(car, events);
      if (held) held.card.replaceWith(card);
      else {
        card.classList.add("come");
        list.insertBefore(card, list.children[index] || null);
        if (cards.size && !document.hidden) say(t("new_vehicle", { plate: events.at(-1).text || t("no_plate") }));
      }
      cards.set(car, { card, print });
    });
  }

  function onLive(what) {
    if (what === "events") draw();
    const status = live.status;
    const names = (status?.profiles || []).map((one) => `${one.profile_id} ${one.name}`).join(" · ");
    if (numbers.textContent !== names) numbers.textContent = names;
    if (status) counts.textContent = t("counts", { new: status.events?.new ?? 0, reliable: status.events?.reliable ?? 0, update: status.events?.update ?? 0, lost: status.events?.lost ?? 0 });
  }

  live.listeners.add(onLive);
  main.replaceChildren(h("div.title", {}, h("div", {}, h("h1", {}, t("tab_events")), counts, numbers), h("div.row", {}, search, hold)), list);
  draw();
  onLive("status");
  return () => live.listeners.delete(onLive);
}

function vehicle(car, events) {
  const last = events.at(-1);
  // The vehicle itself says more than the whole scene: the latest event that has its crop, else any picture.
  const has = (kind) => events.findLast((one) => one.images.some((image) => image.kind === kind));
  const both = (one) => ["vehicle crop", "license plate crop"].every((kind) => one.images.some((image) => image.kind === kind));
  const pictured = events.findLast(both) || has("vehicle crop") || has("license plate crop") || events.findLast((one) => one.images.length) || last;
  const first = pictured.images.find((one) => one.kind === "vehicle crop") || pictured.images.find((one) => one.kind !== "license plate crop") || pictured.images[0];
  const second = pictured.images.find((one) => one.kind === "license plate crop" && one !== first);
  const alt = t("picture_of", { kind: t(`image_${first?.kind || ""}`), plate: pictured.text || t("no_plate") });
  const shots = first
    ? h("button.shots", { type: "button", "aria-label": alt, onclick: () => enlarge(pictured) }, h("img.first", { src: pic(first), alt: "", loading: "lazy", onerror: gone }), second ? h("img.second", { src: pic(second), alt: "", loading: "lazy", onerror: gone }) : null)
    : h("div.shots", {}, h("p", {}, pictured.missing[0]?.why ? t("no_picture_why", { why: pictured.missing[0].why }) : t("no_picture")));
  return h("article.vehicle", { "aria-label": t("vehicle_n", { n: car }), tabindex: 0 }, shots, h("div.said", {},
    h("div.row", {}, plate(last.text, last.country), last.list ? h("span.tag", { class: last.list_mode }, last.list) : null),
    h("p.facts", {}, h("span", {}, h("b", {}, t(`direction_${last.direction}`))), h("span.num", {}, t("confident", { n: Math.round(last.confidence * 100) })), last.vehicle ? h("span", {}, last.vehicle.toLowerCase()) : null, h("span", {}, t("region_n", { n: last.roi })), last.list_note ? h("span", {}, last.list_note) : null),
    h("ol.steps", {}, events.map((one) => h("li", {}, h("span.what", {}, h("b", {}, t(`kind_${one.kind}`)), " ", h("span.soft.num", {}, time(one.at)), one.changed.length ? h("span.soft", {}, ` · ${[...new Set(one.changed.map((what) => t(["plate", "direction", "region"].includes(what) ? `changed_${what}` : "changed_vehicle")))].join(", ")}`) : null),
      h("span.went", {}, one.went.map((w) => h("span", { title: w.why || undefined }, state(w.outcome, h("span", {}, h("span.unseen", {}, `${t("profile_n", { n: w.profile })}: ${t(`state_${w.outcome}`)}`), h("span", { "aria-hidden": "true" }, `${w.profile}`))))))))),
  ));
}

const pic = (image) => `/api/pictures/${encodeURIComponent(image.key)}`;
function gone(event) { event.target.replaceWith(h("p", {}, t("picture_gone"))); }

function enlarge(event) {
  const box = h("dialog", { "aria-label": t("pictures"), onclose: () => box.remove(), onclick: (click) => { if (click.target === box) box.close(); } },
    h("div.in.stack", {}, h("div.row", {}, plate(event.text, event.country), h("span.soft.num", {}, time(event.at)), h("button.btn.push", { type: "button", onclick: () => box.close() }, t("close"))),
      event.images.map((one) => h("figure", {}, h("img", { src: pic(one), alt: t(`image_${one.kind}`) }), h("figcaption", {}, `${t(`image_${one.kind}`)} · ${one.width} × ${one.height}`))),
      event.image_text && event.image_text !== event.text ? h("p.soft", {}, t("image_says", { text: event.image_text })) : null));
  document.body.append(box);
  box.showModal();
}

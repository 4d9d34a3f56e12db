// Start, the door, the three tabs, the live feed, and the bar that saves.

import { api, h, icon, loadTexts, note, say, setCsrf, t, toast } from "/static/lib.js";
import { draft, loadSettings } from "/static/draft.js";
import { showDoor } from "/static/door.js";
import { eventsTab } from "/static/events.js";
import { integrationTab } from "/static/integration.js";
import { settingsTab } from "/static/settings.js";

const live = { status: null, events: new Map(), listeners: new Set(), connected: false };
const TABS = { events: eventsTab, integration: integrationTab, settings: settingsTab };
let source = null;
let leave = null;

async function start() {
  await loadTexts();
  document.querySelector(".skip").textContent = t("skip");
  document.addEventListener("signed-out", () => door());
  addEventListener("hashchange", route);
  addEventListener("beforeunload", (event) => { if (draft.count()) event.preventDefault(); });
  await door();
}

async function door() {
  source?.close();
  source = null;
  leave?.();
  leave = null;
  const session = await api("GET", "/api/session");
  setCsrf(session.csrf);
  if (session.signed_in) return enter();
  showDoor(document.getElementById("app"), session, (opened) => { setCsrf(opened.csrf); enter(); });
}

async function enter() {
  await loadSettings();
  const app = document.getElementById("app");
  app.replaceChildren(header(), h("div.trouble", { id: "trouble", role: "alert" }), h("main", { id: "main", tabindex: -1 }), draft.bar());
  watch();
  route();
}

function header() {
  return h("header.head", {}, h("div", {},
    h("a.brand", { href: "#events", "aria-label": "cammra edge" }, h("img", { src: "/static/icon.svg", alt: "" }),
      h("span", {}, "cammra edge", h("small", {}, draft.value("device.model") || draft.value("device.serial") || ""))),
    h("nav.tabs", { "aria-label": t("tabs") }, Object.keys(TABS).map((key) => h("a", { href: `#${key}`, "data-tab": key }, icon(key), t(`tab_${key}`)))),
    h("span.live", { id: "live" })));
}

function route() {
  const [key, ...rest] = location.hash.slice(1).split("/");
  const tab = TABS[key] ? key : "events";
  const main = document.getElementById("main");
  if (!main || !document.querySelector(".tabs")) return;
  leave?.();
  for (const link of document.querySelectorAll(".tabs a")) {
    if (link.dataset.tab === tab) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${t(`tab_${tab}`)} · cammra edge`;
  scrollTo(0, 0);
  leave = TABS[tab](main, rest, live) || null;
  main.querySelector("h1")?.setAttribute("tabindex", "-1");
}

function watch() {
  source = new EventSource("/api/events/stream");
  source.addEventListener("events", (message) => {
    for (const one of JSON.parse(message.data)) {
      live.events.delete(one.id);
      live.events.set(one.id, one);
    }
    for (const id of live.events.keys()) { if (live.events.size <= 400) break; live.events.delete(id); }
    tell("events");
  });
  source.addEventListener("status", (message) => { live.status = JSON.parse(message.data); trouble(live.status.outbox); tell("status"); });
  source.onopen = () => connected(true);
  source.onerror = async () => {
    connected(false);
    if (source?.readyState === EventSource.CLOSED) {
      const session = await api("GET", "/api/session").catch(() => null);
      if (session && !session.signed_in) document.dispatchEvent(new Event("signed-out"));
      else setTimeout(() => { if (source?.readyState === EventSource.CLOSED) watch(); }, 3000);
    }
  };
}

/** What the disk says: the one thing that must not wait until somebody looks for it. */
function trouble(outbox) {
  const text = outbox?.trouble || (outbox?.durable === false ? t("not_durable", { n: outbox.not_yet_durable || 0 }) : "");
  const place = document.getElementById("trouble");
  if (place && place.dataset.text !== text) {
    place.dataset.text = text;
    place.replaceChildren(text ? note("bad", t("disk_trouble", { text })) : "");
  }
}

function connected(yes) {
  if (live.connected !== yes) say(t(yes ? "connected" : "disconnected"));
  live.connected = yes;
  const place = document.getElementById("live");
  place?.replaceChildren(h(`span.state.${yes ? "ok" : "retrying"}`, {}, icon(yes ? "ok" : "retrying"), t(yes ? "live" : "reconnecting")));
}

function tell(what) { for (const listener of live.listeners) listener(what); }

start().catch((error) => {
  document.getElementById("app").replaceChildren(h("main.boot", { id: "main" }, note("bad", String(error.message || error))));
  toast(String(error.message || error));
});

// Start, the door, the tabs, the live feed, and the bar that saves.

import { openAccount } from "./account.js";
import { badge } from "./alarms.js";
import { api, mayOpen, me, Refusal, setSession } from "./api.js";
import { showDoor } from "./door.js";
import { draft, loadSettings } from "./draft.js";
import { eventsTab } from "./events.js";
import { integrationTab } from "./integration.js";
import { byId, h, icon, loadTexts, note, say, t, toast } from "./lib.js";
import { listsTab } from "./lists.js";
import { searchTab } from "./search.js";
import { settingsTab } from "./settings.js";

const SHOWN_EVENTS = 400;

/** @type {Live} */
const live = { status: null, events: new Map(), listeners: new Set(), connected: false };
/** @type {Record<string, Tab>} */
const TABS = {
  events: eventsTab,
  search: searchTab,
  lists: listsTab,
  integration: integrationTab,
  settings: settingsTab,
};
const tabs = () => Object.keys(TABS).filter(mayOpen);
/** Where an address leads whose part has moved. @type {Record<string, string>} */
const MOVED = { "settings/lists": "lists" };
/** @type {EventSource | null} */
let source = null;
/** Ends the open tab. @type {(() => void) | void} */
let leave;

async function start() {
  await loadTexts();
  document.getElementsByClassName("skip")[0]?.replaceChildren(t("skip"));
  document.addEventListener("signed-out", door);
  addEventListener("hashchange", route);
  addEventListener("beforeunload", (event) => {
    if (draft.count()) event.preventDefault();
  });
  await door();
}

async function door() {
  source?.close();
  source = null;
  leave = leave?.();
  const session = await api("GET", "/api/session");
  await (session.signed_in ? enter(session) : showDoor(session, enter));
}

/** @param {Session} session */
async function enter(session) {
  setSession(session);
  await loadSettings();
  byId("app").replaceChildren(header(), h("main", { id: "main", tabindex: -1 }), draft.bar());
  watch();
  route();
}

const header = () =>
  h("header.head", {},
    h("div", {},
      h("a.brand", { href: "#events", "aria-label": "cammra edge" }, h("img", { src: "/static/icon.svg", alt: "" }),
        h("span", {}, "cammra edge", h("small", {}, draft.text("device.model") || draft.text("device.serial")))),
      h("nav.tabs", { "aria-label": t("tabs") }, tabs().map((tab) =>
        h("a", { href: `#${tab}`, "data-tab": tab }, icon(tab), t(`tab_${tab}`))
      )), h("span.live", { id: "live" }),
      h("button.btn.bare", { type: "button", id: "me", "aria-label": t("account_of", { name: me().name }),
        onclick: openAccount }, icon("person"))));

function route() {
  const moved = MOVED[location.hash.slice(1)];
  if (moved) history.replaceState(null, "", `#${moved}`);
  const [wanted = "", ...path] = location.hash.slice(1).split("/");
  const tab = tabs().includes(wanted) ? wanted : "events";
  if (!document.querySelector(".tabs")) return;
  leave?.();
  for (const link of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".tabs a"))) {
    if (link.dataset.tab === tab) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${t(`tab_${tab}`)} · cammra edge`;
  scrollTo(0, 0);
  const main = byId("main");
  leave = TABS[tab]?.(main, path, live);
  main.querySelector("h1")?.setAttribute("tabindex", "-1");
}

function watch() {
  const feed = source = new EventSource("/api/events/stream");
  feed.addEventListener("events", (message) => {
    for (const event of /** @type {VehicleEvent[]} */ (JSON.parse(message.data))) {
      live.events.delete(event.id);
      live.events.set(event.id, event);
    }
    for (const id of [...live.events.keys()].slice(0, -SHOWN_EVENTS)) live.events.delete(id);
    tell("events");
  });
  feed.addEventListener("gone", (message) => {
    for (const id of /** @type {string[]} */ (JSON.parse(message.data))) live.events.delete(id);
    tell("events");
  });
  feed.addEventListener("anew", () => live.events.clear());
  feed.addEventListener("status", (message) => {
    live.status = JSON.parse(message.data);
    drawBadge();
    tell("status");
  });
  feed.onopen = () => connected(true);
  feed.onerror = async () => {
    connected(false);
    if (feed.readyState !== EventSource.CLOSED || feed !== source) return;
    const session = await api("GET", "/api/session").catch(() => null);
    const again = () => {
      if (feed === source) watch();
    };
    if (!session || session.signed_in) setTimeout(again, 3000);
    else document.dispatchEvent(new Event("signed-out"));
  };
}

/** @param {boolean} yes */
function connected(yes) {
  if (live.connected !== yes) say(t(yes ? "connected" : "disconnected"));
  live.connected = yes;
  drawBadge();
}

function drawBadge() {
  const box = document.getElementById("live");
  if (box) badge(box, live);
}

/** @param {"events" | "status"} what */
function tell(what) {
  for (const listener of live.listeners) listener(what);
}

start().catch((error) => {
  const { message } = Refusal.of(error);
  byId("app").replaceChildren(h("main.boot", { id: "main" }, note("bad", message)));
  toast(message);
});

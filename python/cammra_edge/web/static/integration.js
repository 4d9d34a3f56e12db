// INTEGRATION: the profiles in the words and order of the product page, and what becomes of their events.

import { may, ofProfile } from "./api.js";
import { deliveries, plight, standing } from "./deliveries.js";
import { draft } from "./draft.js";
import { choiceCards, choiceWords, fold, form, isWide, rest, setting, switchRow, unused, urlHint } from "./fields.js";
import { arrows, byId, card, count, empty, h, icon, keptBack, listen, note, s, state, subTabs, t,
  words } from "./lib.js";
import { backup, keepalive } from "./sections.js";
import { trial } from "./trial.js";

/** The place of the profile that is open, from 0. */
let open = 0;

/** @type {Tab} */
export function integrationTab(main, [part, place], live) {
  if (part === "push" && Number(place) <= draft.profiles().length) open = Number(place) - 1;
  const notice = draft.notice() && note("warn", draft.notice());
  /** @type {Record<string, Part>} */
  const parts = may("admin") ? { push: pushEvents, deliveries, keepalive, backup } : { deliveries, trials };
  return subTabs(main, "integration", parts, part, live, notice);
}

/** Test, for those who may not change what is tested. @type {Part} */
function trials(panel) {
  const box = h("div");
  /** @type {Form | undefined} */
  let f;
  const choose = h("select", { id: "profile", onchange: show },
    draft.profiles().filter((key) => draft.text(`profiles[${key}].server_url`)).map((key) =>
      h("option", { value: key }, `${draft.place(key)} ${draft.text(`profiles[${key}].name`)}`)
    ));

  function show() {
    f?.stop();
    f = form();
    box.replaceChildren(trial(f, ofProfile(choose.value, "test"), (field) => `profiles[${choose.value}].${field}`));
  }

  if (!choose.options.length) {
    panel.replaceChildren(empty("off", t("no_server_yet"), t("why_off")));
    return;
  }
  panel.replaceChildren(
    h("div.stack", {},
      card(t("which_profile"), t("trials_text"),
        h("div.field", {}, h("label", { for: "profile" }, t("which_profile")), choose)), box),
  );
  show();
  return () => f?.stop();
}

/** @type {Part} */
function pushEvents(panel, live) {
  /** @type {(() => void) | void} */
  let leave;
  const cards = h("div.profiles", { role: "tablist", "aria-label": t("select_profile") });
  const sheet = h("div", { id: "profile", role: "tabpanel", "aria-labelledby": "profile-tab" });

  function drawCards() {
    const focused = cards.contains(document.activeElement);
    cards.replaceChildren(...draft.profiles().map(profileCard));
    if (focused) byId("profile-tab").focus();
  }

  /** @param {string} key @param {number} index @param {string[]} keys */
  function profileCard(key, index, keys) {
    const at = (/** @type {string} */ field) => draft.text(`profiles[${key}].${field}`);
    const url = at("server_url");
    const now = statusOf(live, key) ??
      { state: draft.value(`profiles[${key}].enabled`) ? "idle" : "off", queue_events: 0, parked_now: 0 };
    const [word, why] = url ? standing(now) : ["unset", ""];
    const parked = now.parked_now > 0 &&
      (word === "parked" ? count(now.parked_now) : t("parked_n", { n: count(now.parked_now) }));
    const waiting = now.queue_events > 0 && t("waiting_n", { n: count(now.queue_events) });
    const chosen = index === open;
    return h("button", { type: "button", role: "tab", id: chosen && "profile-tab", "aria-selected": String(chosen),
      tabindex: chosen ? 0 : -1, "aria-controls": "profile", onclick: () => choose(index),
      onkeydown: arrows(index, keys.length, (to) => {
        choose(to);
        byId("profile-tab").focus();
      }) }, h("span.no", {}, draft.title(key)), h("span.name", {}, at("name")),
      h("span.to", {}, url ? `${at("protocol")} · ${url.replace(/^\w[\w-]*:\/\//, "")}` : t("no_server_yet")),
      state(word === "unset" ? "off" : word, [t(`state_${word}`), waiting, parked].filter(Boolean).join(" · ")),
      why && h("span.why", {}, why));
  }

  function choose(/** @type {number} */ index) {
    open = index;
    window.history.replaceState(null, "", `#integration/push/${index + 1}`);
    drawCards();
    leave?.();
    leave = profileForm(sheet, draft.profiles()[index] ?? "", live);
  }

  const stops = [draft.listen(drawCards), listen(live.listeners, (what) => what === "status" && drawCards())];
  panel.replaceChildren(cards, sheet);
  choose(open);
  return () => {
    for (const stop of stops) stop();
    leave?.();
  };
}

/** @param {Live} live @param {string} key */
const statusOf = (live, key) => live.status?.profiles.find((profile) => profile.key === key);

const CAR = "M36 50v-9l5-11q2-4 6-4h26q4 0 6 4l5 11v9zM42 50v5M78 50v5";
const THIN = { fill: "none", stroke: "currentColor", "stroke-width": 2.5 };
const THICK = { ...THIN, "stroke-width": 4 };
const FRAME = { x: 1, y: 1, width: 118, height: 68, rx: 6 };
/** What is cut out of the picture. @type {Record<string, () => SVGElement>} */
const CUTS = {
  "full frame": () => s("rect", { ...THICK, ...FRAME }),
  "vehicle crop": () => s("rect", { ...THICK, x: 29, y: 20, width: 62, height: 40, rx: 4 }),
  "license plate crop": () => s("rect", { ...THICK, x: 45, y: 35, width: 30, height: 16, rx: 3 }),
  "downsized frame": () => s("path", { ...THICK, d: "M118 69 88 52m0 9v-9h11" }),
};

/** @param {Choice} kind */
const drawing = (kind) =>
  s("svg", { viewBox: "0 0 120 70", "aria-hidden": "true" },
    s("rect", { ...THIN, ...FRAME, "stroke-width": 2, "stroke-dasharray": "4 4" }), s("path", { ...THIN, d: CAR }),
    s("rect", { x: 51, y: 40, width: 18, height: 6, rx: 1, fill: "currentColor" }),
    ...CUTS[kind] ? [CUTS[kind]()] : []);

/**
 * Everything about one profile; returns what ends it.
 * @param {HTMLElement} sheet @param {string} key @param {Live} live
 */
function profileForm(sheet, key, live) {
  const f = form();
  const at = (/** @type {string} */ field) => `profiles[${key}].${field}`;
  const text = (/** @type {string} */ field) => draft.text(at(field));
  const noImage = () => draft.value(at("image")) === null ? t("images_off") : "";
  const image = (/** @type {string} */ kind) => text("image") === kind;
  const signs = () =>
    /^(none|bearer)$/.test(text("auth")) && draft.schema(at("auth")).protocols?.includes(text("protocol"))
      ? t("not_with_auth", { auth: choiceWords(at("auth"), text("auth")).label })
      : "";
  /** What a field has beside its schema. @type {Record<string, Options>} */
  const beside = {
    server_url: { inputmode: "url", hint: () => urlHint(text("protocol")) },
    user: { off: signs },
    password: { off: signs },
    latitude: { placeholder: draft.text("device.latitude") },
    longitude: { placeholder: draft.text("device.longitude") },
    quality: { off: noImage },
    max_image_bytes: { off: noImage },
    subsampling: { off: noImage },
    downsized_into: { off: () => noImage() || (image("downsized frame") ? "" : t("only_downsized")) },
    two_images: { off: () => noImage() || (image("license plate crop") ? t("two_images_same") : "") },
    rois: { choices: [1, 2], word: (n) => t("region_n", { n }) },
    lists: listChoices(),
    expires_s: { part: "reliable" },
    enabled: { class: "big", hint: () => t(draft.value(at("enabled")) ? "send_data_on" : "send_data_off"),
      off: () => text("server_url") || draft.value(at("enabled")) ? "" : t("send_data_no_url") },
  };
  const row = (/** @type {string} */ span, /** @type {string[]} */ ...fields) =>
    fields.map((field) => setting(f, at(field), { span, ...beside[field] }));

  const server = h("form", { autocomplete: "off", onsubmit: (event) => event.preventDefault() },
    h("div.grid", {}, row("s3 half", "name", "protocol"), row("s3", "server_url", "device_id")),
    fold(f, t("signing_in"), h("div.grid", {}, row("s3", "auth", "user", "password", "auth_header")), isWide()),
    naming(f, key, row),
    fold(f, t("template"),
      h("div.stack", {}, note("plain", t("template_text")),
        h("div.grid", {}, row("s6", "preset", "tag_bits", "access_point", "template")))));
  const events = draft.schema(at("events")).items?.enum ?? [];
  const kinds = events.map((kind) => {
    const chosen = () => draft.list(at("events"));
    return switchRow(f, at("events"), { ...choiceWords(at("events"), kind), quiet: true,
      get: () => chosen().includes(kind),
      put: (on) => events.filter((other) => other === kind ? on : chosen().includes(other)) });
  });
  const images = choiceCards(f, at("image"), { ...words("profiles[].image"), off: noImage, drawing });
  let last = text("image") || String(draft.schema(at("image")).default);
  const none = switchRow(f, at("image"), { label: t("no_images"), hint: t("no_images_text"),
    get: (kind) => kind === null, put: (on) => {
      if (on) last = text("image") || last;
      return on ? null : last;
    } });
  const details = h("div.stack", {},
    h("div.grid", {}, row("s4", "quality", "max_image_bytes", "downsized_into", "subsampling")), row("", "multipart"));
  const filters = h("div.stack", {}, h("p.soft", {}, t("filters_text")),
    h("div.grid", {}, row("s6", "directions", "rois", "lists", "min_confidence"),
      row("s6", "repeat_window_s", "repeat_distance")), row("", "repeat_holds_new"), outlookLine(f, key));
  const away = h("div.stack", {}, h("p.soft", {}, t("when_away_text")),
    choiceCards(f, at("order"), words("profiles[].order")),
    h("div.grid", {}, row("s4", "max_age_s", "expires_s", "max_queue_events", "max_queue_bytes", "window"),
      row("s4", "spread_s", "drain_per_s")), row("", "coalesce_updates"));
  const sections = [card(t("event_types"), t("event_types_text"), h("div.brief", {}, kinds)),
    card(t("images"), "", images, h("div.brief", {}, row("", "two_images"), none),
      fold(f, t("image_details"), details)),
    h("section.card", {}, fold(f, t("filters"), filters), fold(f, t("when_away"), away))];
  const first = h("section.card", {}, row("", "enabled"));
  const place = row("s3", "latitude", "longitude");
  server.append(fold(f, t("more_server"), h("div.grid", {}, place, rest(f, `profiles[${key}]`))));

  const trouble = h("div", { "aria-live": "polite" });
  const showTrouble = () => drawTrouble(trouble, statusOf(live, key));
  const stop = listen(live.listeners, showTrouble);
  showTrouble();
  sheet.replaceChildren(trouble, first, trial(f, ofProfile(key, "test"), at), card(t("server"), "", server),
    ...sections);
  return () => {
    stop();
    f.stop();
  };
}

/** The lists by which a profile can filter: the two kinds, and each by its name. @returns {Options} */
function listChoices() {
  const modes = draft.schema("plate_lists").items?.properties?.mode?.enum?.filter(Boolean) ?? [];
  const names = /** @type {PlateList[]} */ (draft.value("plate_lists") ?? []).map(({ name }) => name);
  return { choices: [...modes, ...names], word: (list) => modes.includes(list) ? t(`mode_${list}`) : String(list) };
}

/**
 * What keeps a profile from sending, and what it could not deliver.
 * @param {HTMLElement} box @param {ProfileStatus} [now]
 */
function drawTrouble(box, now) {
  const parked = now?.parked_now ?? 0;
  const shown = JSON.stringify([now?.why, now?.alarm, parked]);
  if (box.dataset.shown === shown) return;
  box.dataset.shown = shown;
  box.replaceChildren(...[now ? plight(now) : "", parked
    ? note("bad",
      h("p", {}, t("some_parked", { n: parked }), " ",
        h("a", { href: "#integration/deliveries" }, t("look_at_parked"))))
    : ""].filter(Boolean));
  box.hidden = !box.children.length;
}

const VARIABLES = ["#DEVICE_ID", "#PLATE", "#COUNTRY", "#DIR", "#ROI", "#PLATE_ID", "#M", "%Y", "%m", "%d", "%H", "%M",
  "%S", "%v"];

/**
 * Path and naming, and the names that come of them.
 * @param {Form} f @param {string} key @param {(span: string, ...fields: string[]) => Child} row
 */
function naming(f, key, row) {
  const name = `profiles[${key}].naming`;
  const preview = h("p.preview", { "aria-live": "polite" });
  const add = (/** @type {string} */ word) => draft.set(name, `${draft.text(name)}_${word}`.replace(/^_/, ""));
  const variables = VARIABLES.map((word) => h("button.btn", { type: "button", onclick: () => add(word) }, word));
  f.add(() => {
    const off = unused(name) && unused(`profiles[${key}].topic`);
    preview.textContent = off || draft.outlook(key)?.names.join("\n") || t("naming_wait");
    for (const button of variables) button.disabled = Boolean(unused(name)) || draft.locked(name);
  });
  return fold(f, t("path_and_naming"),
    h("div.stack", {}, h("div.grid", {}, row("s6", "path", "naming"), row("s4", "prefix", "site", "topic")),
      h("p.hint", {}, t("naming_hint")), h("div.pills", {}, variables),
      h("div.field", {}, h("span.label", {}, t("naming_result")), preview), row("", "sidecar", "passive", "rename")));
}

/** How many of the latest events a profile would have sent. @param {Form} f @param {string} key */
function outlookLine(f, key) {
  const line = h("p.note", { role: "status" });
  f.add(() => {
    const { of = 0, would_send: n, kept_back = {} } = draft.outlook(key) ?? {};
    const told = of ? [t("would_send", { n: n ?? 0, of }), keptBack(kept_back)] : [t("would_send_none")];
    const text = n === undefined ? t("would_send_later") : told.filter(Boolean).join(" ");
    line.replaceChildren(icon("note"), h("span", {}, text));
  });
  draft.check();
  return line;
}

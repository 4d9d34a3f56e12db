// INTEGRATION: three profiles in the words and order of the product page, and what becomes of their events.

import { api, count, h, icon, note, s, state, subTabs, t, toast } from "/static/lib.js";
import { draft } from "/static/draft.js";
import { areaField, choiceCards, form, numberField, pills, secretField, selectField, switchRow, textField, trustFields } from "/static/fields.js";
import { deliveries, standing } from "/static/deliveries.js";
import { backup, keepalive } from "/static/sections.js";
import { trial } from "/static/trial.js";

const KINDS = ["new", "reliable", "update", "lost"];
let chosen = 1;

export function integrationTab(main, path, live) {
  const parts = [["push", t("sub_push")], ["deliveries", t("sub_deliveries")], draft.schemas().keepalive && ["keepalive", t("sub_keepalive")], ["backup", t("sub_backup")]].filter(Boolean);
  const part = parts.some(([key]) => key === path[0]) ? path[0] : "push";
  if (part === "push" && /^[1-9]$/.test(path[1] || "") && Number(path[1]) <= draft.profiles()) chosen = Number(path[1]);
  const panel = h("div", { id: "panel", role: "tabpanel", "aria-labelledby": `tab-${part}`, tabindex: -1 });
  main.replaceChildren(
    h("div.title", {}, h("h1", {}, t("tab_integration"))),
    subTabs(t("tab_integration"), parts, part, (key, focus) => { location.hash = `integration/${key}`; if (focus) setTimeout(() => document.getElementById(`tab-${key}`)?.focus()); }),
    draft.notice() ? note("warn", draft.notice()) : "", panel);
  const show = { push: pushEvents, deliveries, keepalive, backup }[part];
  return show(panel, live);
}

function pushEvents(panel, live) {
  let inner = null;
  const cards = h("div.profiles", { role: "tablist", "aria-label": t("select_profile") });
  const sheet = h("div", { id: "profile", role: "tabpanel", "aria-labelledby": "profile-tab" });

  function drawCards() {
    const focused = cards.contains(document.activeElement);
    cards.replaceChildren(...Array.from({ length: draft.profiles() }, (_, index) => {
      const number = index + 1;
      const at = (field) => draft.value(`profiles[${number}].${field}`);
      const now = live.status?.profiles?.find((one) => one.profile_id === number);
      const [word, why] = !at("server_url") ? ["unset", ""] : standing(now || { state: at("enabled") ? "idle" : "off" });
      const parked = now?.parked_now && (word === "parked" ? count(now.parked_now) : t("parked_n", { n: count(now.parked_now) }));
      const counts = [now?.queue_events && t("waiting_n", { n: count(now.queue_events) }), parked].filter(Boolean);
      const card = h("button", {
        type: "button", role: "tab", id: number === chosen ? "profile-tab" : undefined, "aria-selected": String(number === chosen), tabindex: number === chosen ? 0 : -1, "aria-controls": "profile",
        onclick: () => choose(number),
        onkeydown: (event) => {
          const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
          if (step) { event.preventDefault(); choose(((number - 1 + step + draft.profiles()) % draft.profiles()) + 1, true); }
        },
      },
      h("span.no", {}, t("profile_n", { n: number })), h("span.name", {}, at("name")),
      h("span.to", {}, at("server_url") ? `${at("protocol")} · ${at("server_url").replace(/^\w[\w-]*:\/\//, "")}` : t("no_server_yet")),
      state(word === "unset" ? "off" : word, [t(`state_${word}`), ...counts].join(" · ")), why ? h("span.why", {}, why) : null);
      return card;
    }));
    if (focused) cards.querySelector('[aria-selected="true"]')?.focus();
  }

  function choose(number, focus) {
    chosen = number;
    window.history.replaceState(null, "", `#integration/push/${number}`);
    drawCards();
    inner?.();
    inner = profileForm(sheet, number, live);
    if (focus) cards.querySelector('[aria-selected="true"]').focus();
  }

  const onStatus = (what) => { if (what === "status") drawCards(); };
  live.listeners.add(onStatus);
  const stop = draft.listen(drawCards);
  panel.replaceChildren(cards, sheet);
  choose(chosen);
  return () => { live.listeners.delete(onStatus); stop(); inner?.(); };
}

const picture = (kind) => {
  const frame = { x: 1, y: 1, width: 118, height: 68, rx: 6, fill: "none", stroke: "currentColor", "stroke-width": 2 };
  const car = "M36 50v-9l5-11q2-4 6-4h26q4 0 6 4l5 11v9zM42 50v5M78 50v5";
  const parts = [s("rect", { ...frame, ...(kind === "full frame" ? { "stroke-width": 4 } : { "stroke-dasharray": "4 4" }) }), s("path", { d: car, fill: "none", stroke: "currentColor", "stroke-width": 2.5 }), s("rect", { x: 51, y: 40, width: 18, height: 6, rx: 1, fill: "currentColor" })];
  if (kind === "vehicle crop") parts.push(s("rect", { x: 29, y: 20, width: 62, height: 40, rx: 4, fill: "none", stroke: "currentColor", "stroke-width": 4 }));
  if (kind === "license plate crop") parts.push(s("rect", { x: 45, y: 35, width: 30, height: 16, rx: 3, fill: "none", stroke: "currentColor", "stroke-width": 4 }));
  if (kind === "downsized frame") parts.push(s("path", { d: "M118 69 88 52m0 9v-9h11", fill: "none", stroke: "currentColor", "stroke-width": 4 }));
  return s("svg", { viewBox: "0 0 120 70", "aria-hidden": "true" }, ...parts);
};

function section(title, text, ...children) {
  return h("section.card", {}, h("header", {}, h("h2", {}, title), text ? h("p", {}, text) : null), ...children);
}

function profileForm(sheet, number, live) {
  const f = form();
  const at = (field) => `profiles[${number}].${field}`;
  const value = (field) => draft.value(at(field));
  const protocol = () => value("protocol");
  const has = (field) => (draft.protocols()[protocol()] || []).includes(field);
  const notUsed = (field, more) => () => (has(field) ? more?.() || "" : t("not_used_by", { protocol: protocol() }));
  const signs = () => (["auto", "basic", "digest"].includes(value("auth")) || !has("auth") ? "" : t("not_with_auth", { auth: t(`auth_${value("auth")}`) }));
  const noImage = () => (value("image") === null ? t("images_off") : "");

  const server = section(t("server"), null, h("form", { autocomplete: "off", onsubmit: (event) => event.preventDefault() }, h("div.grid", {},
    textField(f, at("name"), { label: t("name"), hint: t("name_hint"), span: "s4" }),
    selectField(f, at("protocol"), { label: t("protocol"), span: "s4", choices: Object.keys(draft.protocols()).map((word) => [word, word]), hint: () => t(`protocol_${protocol()}`) }),
    textField(f, at("server_url"), { label: t("server_url"), span: "s4", inputmode: "url", hint: () => t(`url_${protocol()}`, { mode: draft.value("network_mode")?.toUpperCase() }) }),
    selectField(f, at("auth"), { label: t("auth_type"), span: "s3", off: notUsed("auth"), choices: ["auto", "none", "basic", "digest", "bearer"].map((word) => [word, t(`auth_${word}`)]) }),
    textField(f, at("user"), { label: t("user"), span: "s3", off: notUsed("user", signs) }),
    secretField(f, at("password"), { label: t("password"), span: "s3", off: notUsed("password", signs) }),
    secretField(f, at("auth_header"), { label: t("auth_header"), span: "s3", off: notUsed("auth_header"), hint: t("auth_header_hint") })),
  naming(f, at, has), templates(f, at, has), more(f, at, has)));

  const who = section(t("camera_there"), null, h("div.grid", {},
    numberField(f, at("latitude"), { label: t("latitude"), span: "s4", placeholder: String(draft.value("device.latitude") ?? ""), hint: t("place_hint") }),
    numberField(f, at("longitude"), { label: t("longitude"), span: "s4", placeholder: String(draft.value("device.longitude") ?? "") }),
    textField(f, at("device_id"), { label: t("device_id"), span: "s4", hint: t("device_id_hint") })));

  const events = section(t("event_types"), t("event_types_text"), ...KINDS.map((kind) => switchRow(f, at("events"), {
    label: t(`kind_${kind}`), hint: t(`kind_${kind}_text`), quiet: true,
    get: (held) => (held || []).includes(kind),
    put: (on, held) => KINDS.filter((one) => (one === kind ? on : (held || []).includes(one))),
  })));

  let last = "vehicle crop";
  const images = section(t("images"), null,
    h("div.stack", {},
      choiceCards(f, at("image"), {
        label: t("which_image"), off: noImage,
        choices: ["vehicle crop", "full frame", "downsized frame", "license plate crop"].map((kind) => [kind, t(`image_${kind}`), t(`image_${kind}_text`), picture(kind)]),
      }),
      h("div.grid", {},
        numberField(f, at("quality"), { label: t("quality"), span: "s4", placeholder: "85", hint: t("quality_hint"), off: noImage }),
        numberField(f, at("max_image_bytes"), { label: t("max_image"), span: "s4", unit: "kB", scale: 0.001, hint: t("max_image_hint"), off: noImage }),
        textField(f, at("downsized_into"), {
          label: t("downsized_into"), span: "s4", off: () => noImage() || (value("image") === "downsized frame" ? "" : t("only_downsized")), hint: t("downsized_hint"),
          show: (pair) => (Array.isArray(pair) ? pair.join(" × ") : pair ?? ""),
          parse: (text) => { const pair = text.match(/^\s*(\d+)\s*[x×* ,]\s*(\d+)\s*$/i); return pair ? [Number(pair[1]), Number(pair[2])] : text; },
        }),
        selectField(f, at("subsampling"), { label: t("subsampling"), span: "s4", hint: t("subsampling_hint"), off: noImage, choices: draft.schema("profile", "subsampling").enum.map((word) => [word, word]) })),
      switchRow(f, at("two_images"), { label: t("two_images"), hint: t("two_images_text"), off: () => noImage() || (value("image") === "license plate crop" ? t("two_images_same") : "") }),
      switchRow(f, at("image"), { label: t("no_images"), hint: t("no_images_text"), get: (held) => held === null, put: (on, held) => { if (on) last = held || last; return on ? null : last; } }),
      switchRow(f, at("multipart"), { label: t("multipart"), hint: t("multipart_text"), off: notUsed("multipart") })));

  const filters = section(t("filters"), t("filters_text"), h("div.grid", {},
    pills(f, at("directions"), { label: t("directions"), choices: ["in", "out", "unknown"].map((one) => [one, t(`direction_${one}`)]) }),
    pills(f, at("rois"), { label: t("regions"), choices: [[1, t("region_n", { n: 1 })], [2, t("region_n", { n: 2 })]] }),
    pills(f, at("lists"), { label: t("plate_lists"), choices: [["allow", t("mode_allow")], ["block", t("mode_block")], ...(draft.value("plate_lists") || []).map((one) => [one.name, one.name])] }),
    numberField(f, at("min_confidence"), { label: t("min_confidence"), span: "s6", unit: "%", scale: 100, hint: t("min_confidence_hint") })),
  outlookLine(f, number));

  const away = section(t("when_away"), t("when_away_text"),
    choiceCards(f, at("order"), { label: t("order"), choices: [["in_order", t("order_in_order"), t("order_in_order_text")], ["live_first", t("order_live_first"), t("order_live_first_text")]] }),
    h("div.grid", {},
      numberField(f, at("max_age_s"), { label: t("max_age"), span: "s4", unit: "s", hint: t("max_age_hint") }),
      numberField(f, at("expires_s"), { part: "reliable", label: t("expires_reliable"), span: "s4", unit: "s", hint: t("expires_reliable_hint") }),
      numberField(f, at("max_queue_events"), { label: t("max_queue_events"), span: "s4", unit: t("unit_events"), hint: t("max_queue_hint") }),
      numberField(f, at("max_queue_bytes"), { label: t("max_queue_bytes"), span: "s4", unit: "MB", scale: 1e-6, hint: t("max_queue_hint") }),
      numberField(f, at("window"), { label: t("window"), span: "s4", hint: t("window_hint") })),
    switchRow(f, at("coalesce_updates"), { label: t("coalesce"), hint: t("coalesce_text") }));

  const master = h("section.card", {}, switchRow(f, at("enabled"), {
    class: "big", label: t("send_data"), hint: () => (value("enabled") ? t("send_data_on") : t("send_data_off")), off: () => (!value("server_url") && !value("enabled") ? t("send_data_no_url") : ""),
  }));

  const plight = h("div", { "aria-live": "polite" });
  const onStatus = (what) => {
    if (what !== "status") return;
    const now = live.status?.profiles?.find((one) => one.profile_id === number);
    const parked = now?.parked_now || 0;
    const text = JSON.stringify([now?.state, now?.why, now?.alarm, parked]);
    if (plight.dataset.text === text) return;
    plight.dataset.text = text;
    plight.hidden = !(now?.why || parked);
    plight.replaceChildren(...[
      now?.why ? note(now.alarm ? "bad" : "warn", h("p", {}, now.alarm ? t("paused_text", { why: now.why }) : now.why),
        now.alarm ? h("p", {}, h("button.btn", { type: "button", onclick: () => api("POST", `/api/profiles/${number}/resume`).catch((error) => toast(error.message)) }, icon("play"), t("resume"))) : null) : "",
      parked ? note("bad", h("p", {}, t("some_parked", { n: parked }), " ", h("a", { href: "#integration/deliveries" }, t("look_at_parked")))) : "",
    ].filter(Boolean));
  };
  live.listeners.add(onStatus);
  onStatus("status");

  sheet.replaceChildren(plight, server, who, events, images, filters, away, master, trial(f, number, live));
  return () => { live.listeners.delete(onStatus); f.stop(); };
}

function naming(f, at, has) {
  const preview = h("p.preview", { "aria-live": "polite" });
  const off = () => (has("naming") ? "" : t("not_used_by", { protocol: draft.value(at("protocol")) }));
  const add = (word) => draft.set(at("naming"), `${draft.value(at("naming")) || ""}_${word}`.replace(/^_/, ""));
  const variables = ["#DEVICE_ID", "#PLATE", "#COUNTRY", "#DIR", "#ROI", "#PLATE_ID", "#M", "%Y", "%m", "%d", "%H", "%M", "%S", "%v"].map((word) => h("button.btn", { type: "button", onclick: () => add(word) }, word));
  const box = h("details", {}, h("summary", {}, t("path_and_naming")), h("div.stack", {},
    h("div.grid", {}, textField(f, at("path"), { label: t("path"), span: "s6", off }), textField(f, at("naming"), { label: t("naming"), span: "s6", off })),
    h("p.hint", {}, t("naming_hint")), h("div.pills", {}, variables),
    h("div.field", {}, h("span.label", {}, t("naming_result")), preview),
    switchRow(f, at("sidecar"), { label: t("sidecar"), hint: t("sidecar_text"), off: () => (has("sidecar") ? "" : off()) }),
    switchRow(f, at("passive"), { label: t("passive"), hint: t("passive_text"), off: () => (has("passive") ? "" : off()) })));
  f.add(() => {
    const names = draft.outlook(Number(at("").match(/\d+/)[0]))?.names || [];
    preview.textContent = has("naming") ? names.join("\n") || t("naming_wait") : off();
    for (const one of variables) one.disabled = Boolean(off()) || draft.locked(at("naming"));
  });
  return box;
}

function templates(f, at, has) {
  const off = (field) => () => (has(field) ? "" : t("not_used_by", { protocol: draft.value(at("protocol")) }));
  return h("details", {}, h("summary", {}, t("template")), h("div.stack", {}, note("", t("template_text")), h("div.grid", {},
    selectField(f, at("preset"), { label: t("preset"), span: "s6", off: off("preset"), choices: draft.schema("profile", "preset").enum.map((one) => [one, one]) }),
    selectField(f, at("tag_bits"), { label: t("tag_bits"), span: "s6", off: off("tag_bits"), parse: Number, choices: [[24, "24"], [18, "18"]] }),
    areaField(f, at("template"), { label: t("template_own"), span: "s12", off: off("template"), hint: t("template_own_hint") }))));
}

function more(f, at, has) {
  const off = (field) => () => (has(field) ? "" : t("not_used_by", { protocol: draft.value(at("protocol")) }));
  return h("details", {}, h("summary", {}, t("more_server")), h("div.grid", {},
    trustFields(f, at, { tls: off("tls"), timeouts: off("timeouts") }),
    textField(f, at("success_body"), { label: t("success_body"), span: "s6", off: off("success_body"), hint: t("success_body_hint") }),
    textField(f, at("host_key"), { label: t("host_key"), span: "s6", off: off("host_key"), hint: t("host_key_hint") }),
    textField(f, at("part_names"), { label: t("part_names"), span: "s6", off: off("part_names"), hint: t("part_names_hint"), show: (names) => (Array.isArray(names) ? names.join(", ") : names ?? ""), parse: (text) => text.split(/\s*,\s*/) }),
    switchRow(f, at("event_as_file"), { label: t("event_as_file"), hint: t("event_as_file_text"), off: off("event_as_file") }),
    switchRow(f, at("follow_redirects"), { label: t("follow_redirects"), hint: t("follow_redirects_text"), off: off("follow_redirects") }),
    switchRow(f, at("persistent"), { label: t("persistent"), hint: t("persistent_text"), off: off("persistent") }),
    selectField(f, at("framing"), { label: t("framing"), span: "s6", off: off("framing"), choices: ["", "none", "newline", "nul", "length"].map((word) => [word, t(`framing_${word}`)]) }),
    textField(f, at("ack"), { label: t("ack"), span: "s6", off: off("ack"), hint: t("ack_hint") }),
    textField(f, at("proxy"), { label: t("proxy"), span: "s4", off: off("proxy") }),
    textField(f, at("proxy_user"), { label: t("proxy_user"), span: "s4", off: off("proxy_user") }),
    secretField(f, at("proxy_password"), { label: t("proxy_password"), span: "s4", off: off("proxy_password") })));
}

function outlookLine(f, number) {
  const line = h("p", { role: "status" });
  f.add(() => {
    const found = draft.outlook(number);
    line.replaceChildren(icon("note"), h("span", {}, found ? (found.of ? t("would_send", { n: found.would_send, of: found.of }) : t("would_send_none")) : t("would_send_later")));
  });
  draft.check();
  line.className = "note";
  return line;
}

// SETTINGS: when a vehicle says what, regions, plate lists, the camera itself, and who may come in.

import { api, h, icon, note, request, setCsrf, state, subTabs, t, toast, when } from "/static/lib.js";
import { draft, restore } from "/static/draft.js";
import { form, numberField, selectField, switchRow } from "/static/fields.js";
import { deviceForm } from "/static/sections.js";
import { regionsPart } from "/static/regions.js";
import { listsPart } from "/static/lists.js";

export function settingsTab(main, path, live) {
  const parts = ["recognition", "regions", "lists", "camera", "access", "history"];
  const part = parts.includes(path[0]) ? path[0] : "recognition";
  const panel = h("div", { id: "panel", role: "tabpanel", "aria-labelledby": `tab-${part}`, tabindex: -1 });
  main.replaceChildren(h("div.title", {}, h("h1", {}, t("tab_settings"))),
    subTabs(t("tab_settings"), parts.map((key) => [key, t(`sub_${key}`)]), part, (key, focus) => { location.hash = `settings/${key}`; if (focus) setTimeout(() => document.getElementById(`tab-${key}`)?.focus()); }), panel);
  return { recognition, regions: regionsPart, lists: listsPart, camera, access, history }[part](panel, live);
}

const card = (title, text, ...inner) => h("section.card", {}, h("header", {}, h("h2", {}, t(title)), text ? h("p", {}, t(text)) : null), ...inner);

function recognition(panel) {
  const f = form();
  const number = (name, options = {}) => numberField(f, `tracking.${name}`, { label: t(`tracking_${name}`), hint: t(`tracking_${name}_text`), span: "s4", schema: draft.schema("tracking", name), ...options });
  const ms = { unit: "ms", scale: 1000 };
  const percent = { unit: "%", scale: 100 };
  panel.replaceChildren(
    card("recognition_times", "recognition_times_text", h("div.grid", {}, number("result_delay_s", ms), number("reliable_after_s", ms), number("lost_after_s", ms))),
    card("recognition_reliable", "recognition_reliable_text", h("div.grid", {}, number("reliable_reads"), number("reliable_confidence", percent), number("min_confidence", percent))),
    card("recognition_change", "recognition_change_text", h("div.grid", {}, number("change_reads"), number("change_after_s", ms), number("direction_travel", percent))),
    h("section.card", {}, switchRow(f, "tracking.vehicles_without_plate", { label: t("tracking_vehicles_without_plate"), hint: t("tracking_vehicles_without_plate_text") }),
      h("details", {}, h("summary", {}, t("limits")), h("div.grid", {}, number("max_tracks"), number("shots_per_track"), number("shot_budget_bytes", { unit: "MB", scale: 1 / (1 << 20) })))));
  return f.stop;
}

function camera(panel) {
  const f = form();
  const languages = h("select", { id: "language", onchange: () => { localStorage.setItem("language", languages.value); location.reload(); } }, h("option", { value: "en" }, "English"));
  languages.value = localStorage.getItem("language") || "en";
  panel.replaceChildren(
    card("camera_itself", "camera_itself_text", deviceForm(f)),
    card("network", null, h("div.grid", {}, selectField(f, "network_mode", { label: t("network_mode"), span: "s6", hint: t("network_mode_text"), choices: ["https", "http"].map((word) => [word, word.toUpperCase()]) }))),
    card("language", "language_text", h("div.grid", {}, h("div.field.s4", {}, h("label", { for: "language" }, t("language")), languages))));
  return f.stop;
}

function field(key, label, props, hint) {
  const input = h("input", { id: key, ...props });
  return { input, box: h("div.field.s4", {}, h("label", { for: key }, label), input, hint ? h("span.hint", {}, hint) : null) };
}

function access(panel) {
  const old = field("old", t("old_password"), { type: "password", autocomplete: "current-password", required: true });
  const fresh = field("new", t("new_password"), { type: "password", autocomplete: "new-password", required: true }, t("door_password_hint"));
  const trouble = h("p.err", { role: "alert", hidden: true });
  const changePassword = async (event) => {
    event.preventDefault();
    trouble.hidden = true;
    try {
      const session = await api("PUT", "/api/password", { old: old.input.value, new: fresh.input.value });
      setCsrf(session.csrf);
      old.input.value = fresh.input.value = "";
      toast(t("password_changed"));
    } catch (error) {
      trouble.textContent = Object.values(error.fields || {}).map((want) => t("want", { want })).join(" ") || error.message;
      trouble.hidden = false;
    }
  };
  const tokens = h("div.stack");
  const audit = h("div.scroll");
  const certificate = h("div.stack");
  panel.replaceChildren(
    card("password", null, h("form", { onsubmit: changePassword }, h("div.grid", {}, old.box, fresh.box), trouble, h("div.row", {}, h("button.btn.main", {}, t("change_password")), h("button.btn.bare", { type: "button", onclick: signOut }, t("sign_out"))))),
    card("certificate", "certificate_text", certificate), card("tokens", "tokens_text", tokens), card("audit", "audit_text", audit));
  drawTokens(tokens);
  drawAudit(audit);
  drawCertificate(certificate);
}

async function signOut() {
  await request("DELETE", "/api/session");
  document.dispatchEvent(new Event("signed-out"));
}

async function drawCertificate(box) {
  const held = await api("GET", "/api/certificate").catch(() => null);
  if (!held) return;
  const file = h("input", { hidden: true, type: "file", id: "pem", accept: ".pem,.crt,.key", multiple: true, onchange: async () => {
    try {
      const texts = await Promise.all([...file.files].map((one) => one.text()));
      await request("PUT", "/api/certificate", texts.join("\n"), "application/octet-stream");
      toast(t("certificate_taken"));
      drawCertificate(box);
    } catch (error) { toast(error.message); }
  } });
  box.replaceChildren(h("p", {}, t(held.set ? "certificate_set" : "certificate_none")),
    held.set ? h("p.code.small", {}, `SHA-256 ${held.sha256}`) : "", held.set !== held.in_use ? note("", t("certificate_restart")) : "", file,
    h("div.row", {}, h("button.btn", { type: "button", onclick: () => file.click() }, t("certificate_choose")),
      held.set ? h("button.btn.bare.bad", { type: "button", onclick: async () => { await request("DELETE", "/api/certificate"); drawCertificate(box); } }, t("remove")) : null));
}

async function drawTokens(box) {
  const held = await api("GET", "/api/tokens").catch(() => []);
  const name = field("token-name", t("token_name"), { type: "text", maxlength: 64, required: true });
  const scopes = ["read", "settings", "deliveries"].map((scope) => [scope, h("input", { type: "checkbox", checked: scope === "read" })]);
  const make = async (event) => {
    event.preventDefault();
    try {
      const made = await api("POST", "/api/tokens", { name: name.input.value, scopes: scopes.filter(([, mark]) => mark.checked).map(([scope]) => scope) });
      await drawTokens(box);
      box.prepend(note("", h("p", {}, t("token_once")), h("p.code", { tabindex: 0 }, made.secret)));
    } catch (error) { toast(Object.values(error.fields || {}).map((want) => t("want", { want })).join(" ") || error.message); }
  };
  box.replaceChildren(
    held.length ? h("ul.stack", {}, held.map((one) => h("li.row", {}, h("b", {}, one.name), h("span.soft", {}, one.scopes.map((scope) => t(`scope_${scope}`)).join(", ")), h("span.soft.num", {}, when(one.made * 1000)),
      h("button.btn.bare.bad.push", { type: "button", "aria-label": t("remove_named", { name: one.name }), onclick: async () => { await request("DELETE", `/api/tokens/${one.id}`); drawTokens(box); } }, t("remove"))))) : h("p.soft", {}, t("no_tokens")),
    h("form", { onsubmit: make }, h("div.grid", {}, name.box, h("fieldset.field.s8", {}, h("legend.label", {}, t("token_scopes")), h("div.pills", {}, scopes.map(([scope, mark]) => h("label.pill", {}, mark, t(`scope_${scope}`)))))), h("button.btn", {}, icon("plus"), t("new_token"))));
}

async function drawAudit(box) {
  const held = await api("GET", "/api/audit?limit=50").catch(() => []);
  box.replaceChildren(held.length ? h("table.fold", {}, h("thead", {}, h("tr", {}, [t("time"), t("who"), t("what")].map((word) => h("th", { scope: "col" }, word)))),
    h("tbody", {}, held.map((one) => h("tr", {}, h("td.num", {}, when(one.at)), h("td", {}, one.who), h("td", {}, one.what, one.fields.length ? h("div.soft.small", {}, one.fields.join(", ")) : null))))) : h("p.soft", {}, t("no_audit")));
}

function history(panel) {
  const box = h("div");
  async function draw() {
    const held = await api("GET", "/api/history").catch(() => []);
    box.replaceChildren(held.length ? h("ul", {}, held.map((one) => h("li.card", {}, h("div.row", {},
      h("div", {}, h("b", {}, t("version_n", { n: one.version })), " ", h("span.soft.num", {}, `${when(one.at)} · ${one.who}`), h("p.soft.small", {}, one.changed.join(", ") || t("no_field_changed"))),
      one.version === draft.version() ? h("span.push", {}, state("ok", t("in_force"))) : h("button.btn.push", { type: "button", onclick: () => restore(one.version).then(draw) }, icon("undo"), t("restore")))))) : h("p.soft", {}, t("no_history")),
    h("p"), h("button.btn", { type: "button", onclick: () => restore(0).then(draw) }, icon("undo"), t("restore_script")));
  }
  panel.replaceChildren(card("sub_history", "history_text"), box);
  box.className = "stack";
  draw();
  return draft.listen(() => {});
}

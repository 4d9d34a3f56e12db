// Keepalive, import and export.

import { complain, ofProfile, Refusal, request } from "./api.js";
import { called, draft } from "./draft.js";
import { choiceWords, fold, form, numberField, rest, selectField, setting, urlHint } from "./fields.js";
import { age, card, download, h, icon, listen, note, t, toast, when, words } from "./lib.js";
import { trial } from "./trial.js";

/** @type {Part} */
export function keepalive(panel, live) {
  const f = form();
  const at = (/** @type {string} */ field) => `keepalive.${field}`;
  const row = (/** @type {string} */ span, /** @type {string[]} */ ...fields) =>
    fields.map((field) => setting(f, at(field), { span }));
  const period = at("period_minutes");
  const usual = /** @type {Choice[]} */ (draft.schema(period).examples ?? []);
  const now = Number(draft.value(period));
  const place = h("div.grid", {},
    setting(f, at("server_url"), { span: "s6", inputmode: "url", hint: () => urlHint("HTTP POST") }),
    selectField(f, period, { ...words(period), span: "s3", choices: [...new Set([...usual, now])],
      word: (minutes) => usual.includes(minutes) ? choiceWords(period, minutes).label : `${minutes} min` }),
    numberField(f, period, { label: t("frequency_free"), span: "s3", unit: "min" }),
    row("s3", "auth", "user", "password", "auth_header"));
  const isSwitch = (/** @type {string} */ name) =>
    /^\w+\.\w+$/.test(name) && name !== at("enabled") && draft.schema(name).type === "boolean";
  const contents = card(t("keepalive_fields"), "",
    draft.fields("keepalive").filter(isSwitch).map((name) => setting(f, name)),
    h("div.grid", {}, row("s4", "shape", "device_id", "section")));
  f.names.add(at("enabled"));
  const more = fold(f, t("more_keepalive"), h("div.grid", {}, rest(f, "keepalive")));
  const server = h("form", { autocomplete: "off", onsubmit: (event) => event.preventDefault() }, place, more);
  const stands = h("dl.facts");
  const draw = () => stands.replaceChildren(...signs(live.status?.keepalive ?? null));
  const stop = listen(live.listeners, (what) => what === "status" && draw());
  draw();
  panel.replaceChildren(h("section.card", {}, setting(f, at("enabled"), { class: "big" })),
    card(t("signs"), t("keepalive_text"), stands), trial(f, "/api/keepalive/test", at, t("keepalive_test_text")),
    card(t("sub_keepalive"), "", server), contents);
  return () => {
    stop();
    f.stop();
  };
}

/** How the signs of life go. @param {KeepaliveStatus | null} now */
function signs(now) {
  if (!now) return [h("dt", {}, t("next_one")), h("dd", {}, t("signs_off"))];
  const { sent, last_utc_ns: last, took_ms: took, failed, why, next_s: next } = now;
  const facts = [[t("last_sent"), sent ? when(last / 1e6) : t("none_sent")], [t("outcome"),
    !sent ? "" : failed ? why : t("arrived", { ms: took.toFixed(0) })], [t("next_one"),
    next ? t("in_time", { age: age(next) }) : t("now")]];
  return facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
}

/** @type {Part} */
export function backup(panel) {
  const secrets = h("input", { type: "checkbox", role: "switch" });
  const file = h("input", { hidden: true, type: "file", id: "file", accept: ".json,.xml,application/json,text/xml",
    onchange: () => {
      take(file.files?.[0]);
    } });
  const result = h("div", { role: "status" });
  const into = h("select", { id: "into" },
    draft.profiles().map((key) => h("option", { value: key }, draft.title(key))));

  /** @param {File} [chosen] */
  async function take(chosen) {
    if (!chosen) return;
    try {
      const text = await chosen.text();
      const answer = await (/^\s*</.test(text)
        ? request("PUT", ofProfile(into.value, "cloud"), text, "text/xml")
        : request("POST", "/api/import", text));
      /** @type {SettingsState} */
      const state = await answer.json();
      draft.take(state);
      const imported = t("imported", { n: state.version });
      result.replaceChildren(note("plain", imported));
      toast(imported);
    } catch (error) {
      const refusal = Refusal.of(error);
      const wants = refusal.wants(called).map((want) => h("li", {}, want));
      result.replaceChildren(note("bad", h("p", {}, refusal.message), wants.length > 0 && h("ul", {}, wants)));
    }
    file.value = "";
  }

  async function save() {
    try {
      const answer = await request("GET", `/api/export?secrets=${secrets.checked}`);
      download(await answer.blob(), "cammra-settings.json");
    } catch (error) {
      complain(error);
    }
  }

  const exported = card(t("export"), t("export_text"),
    h("label.switch", {}, secrets,
      h("span", {}, h("b", {}, t("export_secrets")), h("span", {}, t("export_secrets_text")))),
    h("div.row", {}, h("button.btn.main", { type: "button", onclick: save }, icon("down"), t("export")),
      draft.profiles().map((key) =>
        h("a.btn.bare", { href: ofProfile(key, "cloud"), download: "" }, t("as_cloud", { profile: draft.title(key) }))
      )));
  const imported = card(t("import"), t("import_text"),
    h("div.grid", {},
      h("div.field.s4", {}, h("label", { for: "into" }, t("cloud_profile")), into,
        h("span.hint", {}, t("cloud_profile_text")))), file, h("button.btn", { type: "button", onclick: () => {
        file.click();
      } }, t("choose_file")), result);
  for (const box of [exported, imported]) box.classList.add("stack");
  panel.replaceChildren(exported, imported);
}

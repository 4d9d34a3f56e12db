// Keepalive, import and export, and how the camera names itself.

import { h, hasText, icon, note, request, t, toast } from "/static/lib.js";
import { draft } from "/static/draft.js";
import { form, numberField, secretField, selectField, switchRow, textField, trustFields } from "/static/fields.js";

/** How the camera names itself: a text or a number each, as the schema says. */
export function deviceForm(f) {
  const kinds = { number: numberField, string: textField };
  return h("div.grid", {}, Object.entries(draft.schemas().device.properties).map(([name, schema]) =>
    kinds[schema.type](f, `device.${name}`, { label: t(`device_${name}`), hint: hasText(`device_${name}_text`) ? t(`device_${name}_text`) : "", schema })));
}

export function keepalive(panel) {
  const f = form();
  const at = (name) => `keepalive.${name}`;
  const usual = [5, 10, 30, 60, 1440];
  const row = (name) => switchRow(f, at(name), { label: t(`keepalive_${name}`), hint: t(`keepalive_${name}_text`) });
  panel.replaceChildren(
    h("section.card", {}, h("header", {}, h("h2", {}, t("sub_keepalive")), h("p", {}, t("keepalive_text"))),
      h("form", { autocomplete: "off", onsubmit: (event) => event.preventDefault() }, h("div.grid", {},
        textField(f, at("server_url"), { label: t("keepalive_url"), span: "s6", inputmode: "url", hint: t("url_HTTP POST", { mode: draft.value("network_mode")?.toUpperCase() }) }),
        selectField(f, at("period_minutes"), { label: t("frequency"), span: "s3", parse: Number, choices: [...new Set([...usual, draft.value(at("period_minutes"))])].map((n) => [n, t(n < 60 ? "every_min" : n === 60 ? "every_hour" : n === 1440 ? "every_day" : "every_min", { n })]) }),
        numberField(f, at("period_minutes"), { label: t("frequency_free"), span: "s3", unit: "min" }),
        selectField(f, at("auth"), { label: t("auth_type"), span: "s3", choices: ["auto", "none", "basic", "digest", "bearer"].map((word) => [word, t(`auth_${word}`)]) }),
        textField(f, at("user"), { label: t("user"), span: "s3" }),
        secretField(f, at("password"), { label: t("password"), span: "s3" }),
        secretField(f, at("auth_header"), { label: t("auth_header"), span: "s3", hint: t("auth_header_hint") })),
      h("details", {}, h("summary", {}, t("more_keepalive")), h("div.grid", {}, trustFields(f, at))))),
    h("section.card", {}, h("header", {}, h("h2", {}, t("keepalive_fields"))), ["timestamp", "mac_address", "app_version", "os_version", "health"].map(row),
      h("div.grid", {}, textField(f, at("device_id"), { label: t("device_id"), span: "s6", hint: t("keepalive_device_id_text") }), textField(f, at("section"), { label: t("keepalive_section"), span: "s6", hint: t("keepalive_section_text") }))),
    h("section.card", {}, switchRow(f, at("enabled"), { class: "big", label: t("keepalive_enabled"), hint: t("keepalive_enabled_text") })));
  return f.stop;
}

export function backup(panel) {
  const secrets = h("input", { type: "checkbox", role: "switch" });
  const file = h("input", { hidden: true, type: "file", id: "file", accept: ".json,.xml,application/json,text/xml", onchange: () => take(file.files[0]) });
  const result = h("div", { role: "status" });
  const into = h("select", { id: "into" }, Array.from({ length: draft.profiles() }, (_, index) => h("option", { value: index + 1 }, t("profile_n", { n: index + 1 }))));

  async function take(chosen) {
    if (!chosen) return;
    try {
      const text = await chosen.text();
      const state = /^\s*</.test(text)
        ? await (await request("PUT", `/api/profiles/${into.value}/cloud`, text, "text/xml")).json()
        : await (await request("POST", "/api/import", text)).json();
      draft.take(state);
      result.replaceChildren(note("", t("imported", { n: state.version })));
      toast(t("imported", { n: state.version }));
    } catch (error) {
      const wants = Object.entries(error.fields || {}).map(([name, want]) => h("li", {}, h("b", {}, name), ` ${t("want", { want })}`));
      result.replaceChildren(note("bad", h("p", {}, error.message), wants.length ? h("ul", {}, wants) : null));
    }
    file.value = "";
  }

  async function save() {
    try {
      const answer = await request("GET", `/api/export?secrets=${secrets.checked}`);
      const link = h("a", { href: URL.createObjectURL(await answer.blob()), download: "cammra-settings.json" });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 4000);
    } catch (error) { toast(error.message); }
  }

  panel.replaceChildren(
    h("section.card.stack", {}, h("header", {}, h("h2", {}, t("export")), h("p", {}, t("export_text"))),
      h("label.switch", {}, secrets, h("span", {}, h("b", {}, t("export_secrets")), h("span", {}, t("export_secrets_text")))),
      h("div.row", {}, h("button.btn.main", { type: "button", onclick: save }, icon("down"), t("export")),
        Array.from({ length: draft.profiles() }, (_, index) => h("a.btn.bare", { href: `/api/profiles/${index + 1}/cloud`, download: "" }, t("as_cloud", { n: index + 1 }))))),
    h("section.card.stack", {}, h("header", {}, h("h2", {}, t("import")), h("p", {}, t("import_text"))),
      h("div.grid", {}, h("div.field.s4", {}, h("label", { for: "into" }, t("cloud_profile")), into, h("span.hint", {}, t("cloud_profile_text")))),
      file, h("button.btn", { type: "button", onclick: () => file.click() }, t("choose_file")), result));
}

// Forms made from the server's own list of fields (keepalive), and import and export.

import { h, hasText, icon, note, request, t, toast } from "/static/lib.js";
import { draft } from "/static/draft.js";
import { form, numberField, pills, secretField, selectField, switchRow, textField } from "/static/fields.js";

/** A field of whatever kind the schema says it is. */
export function fieldFromSchema(f, section, name, schema) {
  const at = `${section}.${name}`;
  const label = hasText(`${section}_${name}`) ? t(`${section}_${name}`) : name.replaceAll("_", " ");
  const hint = hasText(`${section}_${name}_text`) ? t(`${section}_${name}_text`) : "";
  const options = { label, hint, schema, span: "s4" };
  if (schema.writeOnly) return secretField(f, at, options);
  if (schema.type === "boolean") return h("div", {}, switchRow(f, at, options));
  if (schema.enum) return selectField(f, at, { ...options, choices: schema.enum.map((word) => [word, hasText(`word_${word}`) ? t(`word_${word}`) : word || t("word_none")]) });
  if (schema.type === "integer" || schema.type === "number") return numberField(f, at, { ...options, unit: name.endsWith("_s") ? "s" : name.endsWith("_min") ? "min" : undefined });
  if (schema.type === "string") return textField(f, at, options);
  if (schema.type === "array" && schema.items?.enum) return pills(f, at, { ...options, choices: schema.items.enum.map((word) => [word, hasText(`word_${word}`) ? t(`word_${word}`) : word.replaceAll("_", " ")]) });
  return null;
}

export function schemaForm(f, section, names) {
  const properties = draft.schemas()[section]?.properties || {};
  return h("div.grid", {}, (names || Object.keys(properties)).filter((name) => properties[name]).map((name) => fieldFromSchema(f, section, name, properties[name])));
}

export function keepalive(panel) {
  const f = form();
  const at = (name) => `keepalive.${name}`;
  const usual = [5, 10, 30, 60, 1440];
  const row = (name) => switchRow(f, at(name), { label: t(`keepalive_${name}`), hint: t(`keepalive_${name}_text`) });
  panel.replaceChildren(
    h("section.card", {}, h("header", {}, h("h2", {}, t("sub_keepalive")), h("p", {}, t("keepalive_text"))),
      h("form", { autocomplete: "off", onsubmit: (event) => event.preventDefault() }, h("div.grid", {},
        textField(f, at("server_url"), { label: t("keepalive_url"), span: "s6", inputmode: "url", hint: t("url_HTTP POST") }),
        selectField(f, at("period_minutes"), { label: t("frequency"), span: "s3", parse: Number, choices: [...new Set([...usual, draft.value(at("period_minutes"))])].map((n) => [n, t(n < 60 ? "every_min" : n === 60 ? "every_hour" : n === 1440 ? "every_day" : "every_min", { n })]) }),
        numberField(f, at("period_minutes"), { label: t("frequency_free"), span: "s3", unit: "min" }),
        selectField(f, at("auth"), { label: t("auth_type"), span: "s3", choices: ["auto", "none", "basic", "digest", "bearer"].map((word) => [word, t(`auth_${word}`)]) }),
        textField(f, at("user"), { label: t("user"), span: "s3" }),
        secretField(f, at("password"), { label: t("password"), span: "s3" }),
        secretField(f, at("auth_header"), { label: t("auth_header"), span: "s3", hint: t("auth_header_hint") })))),
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

// Plate lists: allow, block and lists of one's own, as lines of "plate, note", in and out as CSV.

import { count, h, icon, note, t } from "/static/lib.js";
import { draft } from "/static/draft.js";
import { form } from "/static/fields.js";

const NAME = "plate_lists";

export function listsPart(panel) {
  const f = form();
  const lists = () => draft.value(NAME) || [];
  const put = (made) => draft.set(NAME, made);
  const locked = draft.locked(NAME);
  const box = h("div");

  function draw() {
    box.replaceChildren(...lists().map((one, index) => card(one, index)),
      locked ? note("", t("locked")) : h("div.row", {}, ["allow", "block", ""].map((mode) => h("button.btn", {
        type: "button", onclick: () => { put([...lists(), { name: free(t(`mode_${mode || "custom"}_name`)), mode, entries: [] }]); draw(); },
      }, icon("plus"), t(`new_list_${mode || "custom"}`)))));
  }

  const free = (wish) => { let name = wish; for (let n = 2; lists().some((one) => one.name === name); n += 1) name = `${wish} ${n}`; return name; };
  const change = (index, made) => put(lists().map((one, at) => (at === index ? { ...one, ...made } : one)));

  function card(one, index) {
    const name = h("input", { type: "text", id: `list-${index}`, value: one.name, maxlength: 64, disabled: locked, oninput: () => change(index, { name: name.value }) });
    const mode = h("select", { id: `mode-${index}`, disabled: locked, onchange: () => change(index, { mode: mode.value }) }, ["allow", "block", ""].map((word) => h("option", { value: word }, t(`mode_${word || "custom"}`))));
    mode.value = one.mode;
    const plates = h("textarea.code", { id: `plates-${index}`, rows: 8, spellcheck: "false", disabled: locked, "aria-describedby": `plates-${index}-hint`, oninput: () => { change(index, { entries: entriesOf(plates.value) }); total.textContent = t("plates_n", { n: count(entriesOf(plates.value).length) }); } });
    plates.value = textOf(one.entries);
    const total = h("span.soft.num", {}, t("plates_n", { n: count(one.entries.length) }));
    const err = h("p.err", { hidden: true });
    f.add(() => {
      const wrong = Object.entries(draft.errors()).find(([field]) => field.startsWith(`${NAME}[${index}]`));
      err.textContent = wrong ? t("want_named", { name: wrong[0].replace(`${NAME}[${index}].`, ""), want: wrong[1] }) : "";
      err.hidden = !wrong;
    });
    const file = h("input", { hidden: true, type: "file", id: `csv-${index}`, accept: ".csv,.txt,text/csv", onchange: async () => { plates.value = textOf(entriesOf(await file.files[0].text())); plates.dispatchEvent(new Event("input")); file.value = ""; } });
    return h("section.card.stack", { "data-field": `${NAME}[${index}]` }, h("div.grid", {},
      h("div.field.s6", {}, h("label", { for: name.id }, t("list_name")), name), h("div.field.s6", {}, h("label", { for: mode.id }, t("list_mode")), mode)),
    h("div.field", {}, h("label", { for: plates.id }, t("plates")), plates, h("span.hint", { id: `plates-${index}-hint` }, t("plates_hint"))), err, file,
    h("div.row", {}, total, locked ? null : h("button.btn", { type: "button", onclick: () => file.click() }, t("import_csv")),
      h("button.btn.bare", { type: "button", onclick: () => save(one.name, `plate,description\r\n${textOf(lists()[index].entries)}`) }, icon("down"), t("as_csv")),
      locked ? null : h("button.btn.bare.bad.push", { type: "button", onclick: () => { put(lists().filter((_, at) => at !== index)); draw(); } }, icon("trash"), t("remove_list"))));
  }

  panel.replaceChildren(h("section.card", {}, h("header", {}, h("h2", {}, t("sub_lists")), h("p", {}, t("lists_text")))), box);
  box.className = "stack";
  draw();
  const stop = draft.listen(() => { if (!box.contains(document.activeElement)) draw(); });
  return () => { stop(); f.stop(); };
}

const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const textOf = (entries) => entries.map((one) => (one.description ? `${quoted(one.pattern)}, ${quoted(one.description)}` : quoted(one.pattern))).join("\n");

/** Lines of "plate, note"; a heading and semicolons are understood, as by the server. */
function entriesOf(text) {
  const cut = text.split("\n", 1)[0].includes(";") ? ";" : ",";
  return text.replace(/^\ufeff/, "").split(/\r?\n/).map((line) => {
    const cells = [];
    let rest = line.trim();
    while (rest) {
      const [all, inQuotes, bare] = rest.match(cut === ";" ? /^\s*(?:"((?:[^"]|"")*)"|([^;]*));?/ : /^\s*(?:"((?:[^"]|"")*)"|([^,]*)),?/);
      cells.push((inQuotes !== undefined ? inQuotes.replaceAll('""', '"') : bare).trim());
      rest = rest.slice(all.length || rest.length);
    }
    return { pattern: cells[0] || "", description: cells.slice(1).join(", ") };
  }).filter((one, index) => one.pattern && !(index === 0 && /^(plate|pattern|number plate)$/i.test(one.pattern)));
}

function save(name, text) {
  const link = h("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: `${name.replace(/[^\w-]+/g, "-")}.csv` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 4000);
}

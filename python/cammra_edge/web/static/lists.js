// LISTS: allow, block and lists of one's own; plates as lines of "plate, note", in and out as CSV.

import { draft } from "./draft.js";
import { download, h, icon, note, t } from "./lib.js";
import { csvOf, decoded, entriesOf, textOf } from "./plate_csv.js";

const NAME = "plate_lists";

/** @type {Tab} */
export function listsTab(main) {
  const lists = () => /** @type {PlateList[]} */ (draft.value(NAME) ?? []);
  const put = (/** @type {PlateList[]} */ changed) => draft.set(NAME, changed);
  const locked = draft.locked(NAME);
  const modes = /** @type {string[]} */ (draft.schema(NAME).items?.properties?.mode?.enum ?? []);
  const box = h("div.stack");

  /** @type {(() => void)[]} */
  let errors = [];

  function draw() {
    errors = [];
    box.replaceChildren(...lists().map(listCard), locked ?
      note("plain", t("locked")) :
      h("div.row", {}, modes.map((mode) =>
        h("button.btn", { type: "button", onclick: () => {
          put([...lists(), { name: free(t(`mode_${mode || "custom"}_name`)), mode, one_off: false, entries: [] }]);
          draw();
        } }, icon("plus"), t(`new_list_${mode || "custom"}`))
      )));
    showErrors();
  }

  const showErrors = () => errors.forEach((show) => show());

  /** A name like this that no list has. @param {string} wish */
  function free(wish) {
    const taken = lists().map(({ name }) => name);
    let name = wish;
    for (let n = 2; taken.includes(name); n++) name = `${wish} ${n}`;
    return name;
  }

  /** @param {PlateList} list @param {number} index */
  function listCard({ name, mode, one_off, entries }, index) {
    const at = `${NAME}[${index}]`;
    const change = (/** @type {Partial<PlateList>} */ part) =>
      put(lists().map((other, place) => place === index ? { ...other, ...part } : other));
    const nameInput = h("input", { type: "text", id: `list-${index}`, value: name, maxlength: 64, disabled: locked,
      oninput: () => {
        change({ name: nameInput.value });
      } });
    const modeInput = h("select", { id: `mode-${index}`, disabled: locked, onchange: () => {
      change({ mode: modeInput.value });
    } }, modes.map((word) => h("option", { value: word }, t(`mode_${word || "custom"}`))));
    modeInput.value = mode;
    const near = h("input", { type: "checkbox", role: "switch", id: `near-${index}`, checked: one_off, disabled: locked,
      onchange: () => {
        change({ one_off: near.checked });
      } });
    const plates = h("textarea.code", { id: `plates-${index}`, rows: 8, spellcheck: "false", disabled: locked,
      "aria-describedby": `plates-${index}-hint`, value: textOf(entries), oninput: () => {
        const typed = entriesOf(plates.value);
        change({ entries: typed });
        total.textContent = t("plates_n", { n: typed.length });
      } });
    const total = h("span.soft.num", {}, t("plates_n", { n: entries.length }));
    const err = h("p.err");
    errors.push(() => {
      const [field = "", want] = draft.errorIn(at) ?? [];
      err.textContent = want ? t("want_named", { name: partOf(field.slice(at.length + 1), plates.value), want }) : "";
      err.hidden = !want;
    });
    const file = h("input", { hidden: true, type: "file", id: `csv-${index}`, accept: ".csv,.txt,text/csv",
      onchange: async () => {
        const [chosen] = file.files ?? [];
        if (!chosen) return;
        plates.value = textOf(entriesOf(decoded(await chosen.arrayBuffer())));
        plates.dispatchEvent(new Event("input"));
        file.value = "";
      } });
    const save = () => {
      const csv = csvOf(lists()[index]?.entries ?? []);
      download(new Blob([csv], { type: "text/csv" }), `${name.replace(/[^\w-]+/g, "-")}.csv`);
    };
    const remove = () => {
      put(lists().toSpliced(index, 1));
      draw();
    };
    return h("section.card.stack", { "data-field": at },
      h("div.grid", {}, h("div.field.s6", {}, h("label", { for: nameInput.id }, t("list_name")), nameInput),
        h("div.field.s6", {}, h("label", { for: modeInput.id }, t("list_mode")), modeInput)),
      h("label.switch", {}, near, h("span", {}, h("b", {}, t("one_off")), h("span", {}, t("one_off_hint")))),
      h("div.field", {}, h("label", { for: plates.id }, t("plates")), plates,
        h("span.hint", { id: `${plates.id}-hint` }, t("plates_hint"))), err, file,
      h("div.row", {}, total, !locked && h("button.btn", { type: "button", onclick: () => {
        file.click();
      } }, t("import_csv")), h("button.btn.bare", { type: "button", onclick: save }, icon("down"), t("as_csv")),
        !locked &&
          h("button.btn.bare.bad.push", { type: "button", onclick: remove }, icon("trash"), t("remove_list"))));
  }

  main.replaceChildren(h("div.title", {}, h("div", {}, h("h1", {}, t("tab_lists")), h("p.soft", {}, t("lists_text")))),
    box);
  draw();
  return draft.listen(() => box.contains(document.activeElement) ? showErrors() : draw());
}

/** What an error is about: a line, or the list's name or kind. @param {string} field @param {string} typed */
function partOf(field, typed) {
  const [, index] = /^entries\[(\d+)\]/.exec(field) ?? [];
  return index ? t("line_n", { n: lineOf(typed, Number(index)) }) : t(`list_${field}`);
}

/** The line of an entry: empty lines and a heading are none. @param {string} typed @param {number} index */
function lineOf(typed, index) {
  const rows = typed.split("\n");
  let [low, high] = [1, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entriesOf(rows.slice(0, middle).join("\n")).length > index) high = middle;
    else low = middle + 1;
  }
  return low;
}

// SETTINGS, Audit: who did what, and who looked for a plate.

import { api, Refusal } from "./api.js";
import { table } from "./deliveries.js";
import { called } from "./draft.js";
import { card, count, debounce, h, note, state, t, when } from "./lib.js";

const TYPING_MS = 300;
const MOST = 200;
const KINDS = ["sign-in", "sign-out", "people", "change", "test", "parked", "search", "export", "erasure"];

/** @type {Part} */
export function auditPart(panel) {
  let asked = 0;
  const kind = h("select", { id: "audit-kind", onchange: () => {
    load();
  } }, h("option", { value: "" }, t("any")), KINDS.map((word) => h("option", { value: word }, t(`audit_${word}`))));
  const look = debounce(TYPING_MS, load);
  const typed = (/** @type {string} */ id) =>
    h("input", { id, type: "search", maxlength: 64, autocomplete: "off", spellcheck: "false", oninput: look });
  const who = typed("audit-who");
  const plate = typed("audit-plate");
  const said = h("p.soft.num", { role: "status" });
  const list = h("div.scroll");
  const field = (/** @type {HTMLElement} */ input, /** @type {string} */ word, hint = "") =>
    h("div.field.s4", {}, h("label", { for: input.id }, t(word)), input, hint && h("span.hint", {}, hint));

  async function load() {
    const mine = ++asked;
    const words = new URLSearchParams({ kind: kind.value, who: who.value, plate: plate.value, limit: String(MOST) });
    const lines = await api("GET", `/api/audit?${words}`).catch(Refusal.of);
    if (mine !== asked) return;
    if (lines instanceof Refusal) return list.replaceChildren(note("warn", lines.message));
    const n = lines.length < MOST ? count(lines.length) : `${count(MOST)}+`;
    said.textContent = t(plate.value ? (lines.length ? "audit_plate_n" : "audit_plate_none") : "audit_n", { n });
    list.replaceChildren(lines.length ? table(["time", "who", "what"], lines.map(cells)) : "");
  }

  panel.replaceChildren(
    card(t("audit"), t("audit_text"), h("form", { role: "search", "aria-label": t("audit"), onsubmit: (event) => {
      event.preventDefault();
      load();
    } },
      h("div.grid", {}, field(kind, "audit_kind"), field(who, "audit_who"),
        field(plate, "audit_plate", t("audit_plate_hint")))), said, list),
  );
  load();
}

/** @param {AuditLine} line */
const cells = (line) => [h("span.num", {}, when(line.at)), [line.who, h("div.soft.small", {}, line.from)], [
  line.outcome && line.outcome !== "done" && [state("failed", t(`audit_${line.outcome}`)), " "],
  line.what,
  line.plate && h("div.soft.small.code", {}, t("audit_mark", { mark: line.plate })),
  line.fields.length > 0 && h("div.soft.small", {}, line.fields.map(called).join("; ")),
]];

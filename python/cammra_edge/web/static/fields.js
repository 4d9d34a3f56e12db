// Form parts. Each stands for one setting, by its name; it follows the draft, says why it cannot be used,
// and carries its own error. `form()` gathers them and keeps them in step.

import { h, icon, t } from "/static/lib.js";
import { draft } from "/static/draft.js";

let serial = 0;

export function form() {
  const updates = [];
  const stop = draft.listen(() => updates.forEach((one) => one()));
  return { add: (update) => { updates.push(update); update(); }, stop };
}

/** An error at its field: said there, and marked at what it is about. */
function show(err, wrong, inputs) {
  err.textContent = wrong ? t("want", { want: wrong }) : "";
  err.hidden = !wrong;
  for (const input of inputs) input.setAttribute("aria-invalid", String(Boolean(wrong)));
}

/** What every field has: label, hint, error, the reason why it is greyed. */
function frame(f, name, options, input, wrap = input) {
  const key = `f${++serial}`;
  input.id = key;
  const hint = h("span.hint", { id: `${key}-hint` });
  const err = h("span.err", { id: `${key}-err`, hidden: true });
  const label = h("label", { for: key }, options.label);
  const box = h("div.field", { class: options.span || "s4", "data-field": name }, label, wrap, err, hint);
  f.add(() => {
    const locked = draft.locked(name);
    const off = locked ? t("locked") : options.off?.() || "";
    input.disabled = Boolean(off);
    box.classList.toggle("off", Boolean(off));
    hint.textContent = off || (typeof options.hint === "function" ? options.hint() : options.hint) || "";
    hint.hidden = !hint.textContent;
    hint.classList.toggle("lock", locked);
    const wrong = off && !locked ? "" : draft.error(options.error || name) || draft.error(name);
    show(err, wrong, [input]);
    input.setAttribute("aria-describedby", [wrong && err.id, hint.textContent && hint.id].filter(Boolean).join(" "));
  });
  return box;
}

export function textField(f, name, options) {
  const input = h("input", {
    type: "text", spellcheck: "false", autocapitalize: "off", autocomplete: "off", placeholder: options.placeholder, inputmode: options.inputmode,
    oninput: () => draft.set(name, options.parse ? options.parse(input.value) : input.value),
  });
  f.add(() => {
    const value = options.show ? options.show(draft.value(name)) : draft.value(name);
    if (document.activeElement !== input) input.value = value ?? "";
  });
  return frame(f, name, options, input);
}

export function areaField(f, name, options) {
  const input = h("textarea.code", { spellcheck: "false", oninput: () => draft.set(name, input.value) });
  f.add(() => { if (document.activeElement !== input) input.value = draft.value(name) ?? ""; });
  return frame(f, name, options, input);
}

/**
 * A number. `scale` shows seconds as milliseconds or bytes as kilobytes; empty is `null`; `part` is one entry of
 * a mapping, which goes when it is emptied.
 */
export function numberField(f, name, options) {
  const scale = options.scale || 1;
  const { part } = options;
  const schema = options.schema || {};
  const round = (value) => Number((value * scale).toPrecision(12));
  const get = () => (part ? draft.value(name)?.[part] : draft.value(name));
  const put = (value) => {
    if (!part) return draft.set(name, value);
    const { [part]: _, ...rest } = draft.value(name) || {};
    return draft.set(name, value === null ? rest : { ...rest, [part]: value });
  };
  const input = h("input", {
    type: "text", inputmode: "decimal", autocomplete: "off", placeholder: options.placeholder,
    oninput: () => {
      const text = input.value.trim().replace(",", ".");
      if (text === "") put(null);
      else put(Number.isFinite(Number(text)) ? Number((Number(text) / scale).toPrecision(12)) : input.value);
    },
  });
  f.add(() => {
    const value = get();
    if (document.activeElement !== input) input.value = value === null || value === undefined ? "" : typeof value === "number" ? round(value) : value;
  });
  const range = schema.minimum !== undefined ? t("range", { low: round(schema.minimum).toLocaleString(), high: round(schema.maximum).toLocaleString() }) : "";
  const shown = { ...options, hint: [options.hint, range].filter(Boolean).join(" "), error: part ? `${name}['${part}']` : name };
  return frame(f, name, shown, input, options.unit ? h("div.unit", {}, input, h("span", { "aria-hidden": "true" }, options.unit)) : input);
}

export function selectField(f, name, options) {
  const input = h("select", { onchange: () => draft.set(name, options.parse ? options.parse(input.value) : input.value) },
    options.choices.map(([value, word]) => h("option", { value }, word)));
  f.add(() => { input.value = String(draft.value(name) ?? ""); });
  return frame(f, name, options, input);
}

/** A secret: written, never read back. */
export function secretField(f, name, options) {
  const input = h("input", { type: "password", autocomplete: "new-password", spellcheck: "false", oninput: () => (input.value ? draft.set(name, input.value) : draft.forget(name)) });
  const eye = h("button.btn", {
    type: "button", "aria-pressed": "false", "aria-label": t("show_text"),
    onclick: () => { const shown = input.type === "text"; input.type = shown ? "password" : "text"; eye.setAttribute("aria-pressed", String(!shown)); },
  }, icon("eye"));
  const clear = h("button.btn.bare.bad", { type: "button", onclick: () => { input.value = ""; draft.set(name, ""); } }, t("remove"));
  f.add(() => {
    const set = draft.secret(name) && draft.value(name) !== "";
    if (document.activeElement !== input) input.value = draft.changed(name) ? draft.value(name) : "";
    input.placeholder = set ? t("secret_set") : "";
    eye.disabled = input.disabled;
    clear.hidden = !set || input.disabled;
  });
  return frame(f, name, { ...options, hint: () => (draft.value(name) === "" && draft.secret(name) ? t("secret_goes") : options.hint || "") }, input, h("div.with", {}, input, eye, clear));
}

/** A switch with its one-line meaning. `get` and `put` let it stand for a part of a setting. */
export function switchRow(f, name, options) {
  const key = `f${++serial}`;
  const get = options.get || ((value) => Boolean(value));
  const put = options.put || ((on) => on);
  const input = h("input", {
    type: "checkbox", role: "switch", id: key, "aria-labelledby": `${key}-l`, "aria-describedby": `${key}-d`,
    onchange: () => draft.set(name, put(input.checked, draft.value(name))),
  });
  const meaning = h("span", {});
  const err = h("span.err", { hidden: true });
  const row = h("label.switch", { class: options.class || "", "data-field": name }, input, h("span", {}, h("b", { id: `${key}-l` }, options.label), h("span", { id: `${key}-d` }, err, meaning)));
  f.add(() => {
    const locked = draft.locked(name);
    const off = locked ? t("locked") : options.off?.() || "";
    input.checked = get(draft.value(name));
    input.disabled = Boolean(off);
    show(err, options.quiet ? "" : draft.error(name), [input]);
    meaning.textContent = [off, typeof options.hint === "function" ? options.hint() : options.hint].filter(Boolean).join(" ");
    meaning.classList.toggle("lock", locked);
  });
  return row;
}

/** One of some, each with a drawing and a line. */
export function choiceCards(f, name, options) {
  const group = `f${++serial}`;
  const err = h("p.err", { hidden: true });
  const inputs = [];
  const cards = options.choices.map(([value, word, line, drawing]) => {
    const input = h("input", { type: "radio", name: group, value, onchange: () => draft.set(name, options.parse ? options.parse(value) : value) });
    inputs.push(input);
    f.add(() => {
      const now = draft.value(name);
      input.checked = (options.show ? options.show(now) : now) === value;
      input.disabled = draft.locked(name) || Boolean(options.off?.(value));
    });
    return h("label.choice", {}, input, drawing || null, h("b", {}, word), h("span", {}, line || ""));
  });
  const why = h("p.hint", {});
  f.add(() => {
    why.textContent = draft.locked(name) ? t("locked") : options.off?.() || options.hint || "";
    show(err, draft.error(name), inputs.slice(0, 1));
  });
  return h("fieldset", { class: options.span || "", "data-field": name }, h("legend.unseen", {}, options.label), h("div.choices", {}, cards), err, why);
}

/** Some of some, as pills; none is "all". */
export function pills(f, name, options) {
  const why = h("span.hint", {});
  const err = h("p.err", { hidden: true });
  const inputs = [];
  const marks = options.choices.map(([value, word]) => {
    const input = h("input", {
      type: "checkbox",
      onchange: () => {
        const rest = (draft.value(name) || []).filter((one) => one !== value);
        draft.set(name, input.checked ? options.choices.map(([one]) => one).filter((one) => one === value || rest.includes(one)).concat(rest.filter((one) => !options.choices.some(([known]) => known === one))) : rest);
      },
    });
    inputs.push(input);
    f.add(() => { input.checked = (draft.value(name) || []).includes(value); input.disabled = draft.locked(name); });
    return h("label.pill", {}, input, word);
  });
  f.add(() => {
    why.textContent = draft.locked(name) ? t("locked") : options.hint || "";
    show(err, draft.error(name), inputs.slice(0, 1));
  });
  return h("fieldset.field", { class: options.span || "s6", "data-field": name }, h("legend.label", {}, options.label), h("div.pills", {}, marks), err, why);
}

/** Whom to believe, and how long to wait: the same for profiles and keepalive. */
export function trustFields(f, at, off = {}) {
  const seconds = (field) => numberField(f, at(`timeouts.${field}`), { label: t(`timeout_${field}`), span: "s3", unit: "s", off: off.timeouts });
  return [
    textField(f, at("tls.pin"), { label: t("pin"), span: "s6", off: off.tls, hint: t("pin_hint") }),
    switchRow(f, at("tls.verify"), { label: t("tls_verify"), hint: t("tls_verify_text"), off: off.tls }),
    ["connect_s", "write_s", "answer_s", "total_s"].map(seconds)];
}

// Form parts. Each stands for one setting, by its name; it follows the draft, says why it cannot be used, and
// carries its own error. `setting` picks the part that a setting's schema asks for.

import { draft, kindOf } from "./draft.js";
import { eye, fill, h, t, words } from "./lib.js";

let serial = 0;

/** Gathers the parts of a form and keeps them in step. @returns {Form} */
export function form() {
  /** @type {(() => void)[]} */
  const updates = [];
  const stop = draft.listen(() => updates.forEach((update) => update()));
  const add = (/** @type {() => void} */ update) => {
    updates.push(update);
    update();
  };
  return { names: new Set(), add, stop };
}

/**
 * The part that a setting's schema asks for, with the words of its name.
 * @param {Form} f
 * @param {string} name
 * @param {Options} [options]
 */
export function setting(f, name, options = {}) {
  const kind = kindOf(name);
  return partOf(draft.schema(name))(f, name, { ...words(options.part ? `${kind}=${options.part}` : kind), ...options });
}

/**
 * What no part of a form has named, as the catalogue has it.
 * @param {Form} f @param {string} section @param {string} [span]
 */
export const rest = (f, section, span) =>
  draft.fields(section).filter((name) => !f.names.has(name)).map((name) =>
    setting(f, name, { span: span ?? (partOf(draft.schema(name)) === numberField ? "s3" : "s6") })
  );

/** @param {Schema} schema @returns {Field} */
function partOf(schema) {
  if (schema.writeOnly) return secretField;
  if (schema.enum) return selectField;
  if (schema.type === "boolean") return switchRow;
  if (schema.items) return pills;
  return schema.type === "string" || schema.prefixItems ? textField : numberField;
}

/**
 * An error at its field: shown there, and marked at what it is about.
 * @param {HTMLElement} box @param {string} want @param {HTMLElement[]} inputs
 */
function show(box, want, inputs) {
  box.textContent = want && t("want", { want });
  box.hidden = !want;
  for (const input of inputs) input.setAttribute("aria-invalid", String(Boolean(want)));
}

/** Why a setting cannot be changed now. @param {string} name @param {Options} options */
const reason = (name, options) => draft.locked(name) ? t("locked") : unused(name) || options.off?.() || "";

/** Whether a profile's protocol lacks a setting that others have. @param {string} name */
export function unused(name) {
  const { protocols } = draft.schema(name);
  const protocol = draft.text(name.replace(/\]\.[a-z0-9_.]+$/, "].protocol"));
  return !protocols || protocols.includes(protocol) ? "" : t("not_used_by", { protocol });
}

/** @param {Options} options */
const hintOf = ({ hint = "" }) => typeof hint === "function" ? hint() : hint;

/**
 * What every field has: label, hint, error, the reason why it is greyed.
 * @param {Form} f
 * @param {string} name
 * @param {Options} options
 * @param {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} input
 * @param {HTMLElement} [wrap]
 */
function frame(f, name, options, input, wrap = input) {
  const id = input.id = `f${++serial}`;
  const hint = h("span.hint", { id: `${id}-hint` });
  const err = h("span.err", { id: `${id}-err`, hidden: true });
  const box = h("div.field", { class: options.span ?? "s4", "data-field": name },
    h("label", { for: id }, options.label), wrap, err, hint);
  f.names.add(name);
  f.add(() => {
    const locked = draft.locked(name);
    const off = reason(name, options);
    input.disabled = Boolean(off);
    box.classList.toggle("off", Boolean(off));
    hint.textContent = off || hintOf(options);
    hint.hidden = !hint.textContent;
    hint.classList.toggle("lock", locked);
    const wrong = off && !locked ? "" : draft.error(name) || draft.error(`${name}['${options.part}']`);
    show(err, wrong, [input]);
    input.setAttribute("aria-describedby", [wrong && err.id, hint.textContent && hint.id].filter(Boolean).join(" "));
  });
  return box;
}

/** @param {Value} value */
const textOf = (value) =>
  Array.isArray(value) ? value.join(typeof value[0] === "number" ? " × " : ", ") : String(value ?? "");

/** Some numbers or texts, typed in one line. @param {string} text @param {Schema[]} kinds @returns {Value} */
function listOf(text, kinds) {
  if (kinds[0]?.type === "string") return text.split(/\s*,\s*/);
  const numbers = text.trim().split(/\s*[x×*, ]\s*/i);
  return numbers.length === kinds.length && numbers.every((part) => /^\d+$/.test(part)) ? numbers.map(Number) : text;
}

/** @type {Field} */
const textField = (f, name, options) => {
  const { prefixItems, maxLength = 0 } = draft.schema(name);
  const lines = maxLength > 1 << 15;
  const input = h(lines ? "textarea.code" : "input", { type: !lines && "text", spellcheck: "false",
    autocapitalize: "off", autocomplete: "off", placeholder: options.placeholder, inputmode: options.inputmode,
    oninput: () => {
      draft.set(name, prefixItems ? listOf(input.value, prefixItems) : input.value);
    } });
  f.add(() => {
    if (document.activeElement !== input) input.value = textOf(draft.value(name));
  });
  return frame(f, name, lines ? { ...options, span: "s12" } : options, input);
};

/** How many of a shown unit are one of the setting's own. @type {Record<string, number>} */
const SCALES = { ms: 1000, "%": 100, kB: 1e-3, MB: 1e-6, MiB: 2 ** -20 };

/** Whether a bound helps whoever reads it: a year in seconds does not. @param {number} bound */
const isPlain = (bound) => bound < 1e7 && Number(bound.toFixed(2)) === bound;

/** A number, or one entry of a mapping of numbers; empty is `null`, or no such entry. @type {Field} */
export const numberField = (f, name, options) => {
  const { part, unit = "", placeholder } = options;
  const { minimum, maximum } = draft.schema(name);
  const scale = SCALES[unit] ?? 1;
  const shown = (/** @type {number} */ value) => Number((value * scale).toPrecision(12));
  const entries = () => /** @type {Flat} */ (draft.value(name) ?? {});
  const input = h("input", { type: "text", inputmode: "decimal", autocomplete: "off", placeholder, oninput: () => {
    const text = input.value.trim().replace(",", ".");
    const number = Number((Number(text) / scale).toPrecision(12));
    const value = text === "" ? null : Number.isFinite(number) ? number : input.value;
    const { [part ?? ""]: _, ...others } = part ? entries() : {};
    draft.set(name, part ? { ...others, ...(value !== null && { [part]: value }) } : value);
  } });
  f.add(() => {
    const value = (part ? entries()[part] : draft.value(name)) ?? "";
    if (document.activeElement !== input) input.value = String(typeof value === "number" ? shown(value) : value);
  });
  const bounds = [minimum, maximum].map((bound) => shown(bound ?? NaN));
  const [low, high] = bounds.map((bound) => bound.toLocaleString());
  const hint = () => [hintOf(options), bounds.every(isPlain) && t("range", { low, high })].filter(Boolean).join(" ");
  const wrap = unit ? h("div.unit", {}, input, h("span", { "aria-hidden": "true" }, unit)) : input;
  return frame(f, name, { ...options, hint }, input, wrap);
};

/** @param {string} name @param {Options} options */
const choicesOf = (name, options, schema = draft.schema(name)) =>
  options.choices ?? (schema.items ?? schema).enum ?? [];

/** Label and hint of one choice. @param {string} name @param {string | number} choice */
export const choiceWords = (name, choice) => words(`${kindOf(name)}=${choice}`);

/** What a server's address looks like. @param {string} protocol */
export const urlHint = (protocol) =>
  fill(words(`profiles[].server_url=${protocol}`).hint, { mode: draft.text("network_mode").toUpperCase() });

/** One of some words or numbers, with what the chosen one says of itself. @type {Field} */
export const selectField = (f, name, options) => {
  const choices = choicesOf(name, options);
  const { word = (choice) => choiceWords(name, choice).label } = options;
  const input = h("select", { onchange: () => {
    draft.set(name, choices.find((choice) => String(choice) === input.value) ?? null);
  } }, choices.map((choice) => h("option", { value: choice }, word(choice))));
  f.add(() => {
    input.value = draft.text(name);
  });
  const hint = () => choiceWords(name, draft.text(name)).hint || hintOf(options);
  return frame(f, name, { ...options, hint }, input);
};

/** A secret: written, never read back. @type {Field} */
const secretField = (f, name, options) => {
  const input = h("input", { type: "password", autocomplete: "new-password", spellcheck: "false", oninput: () => {
    if (input.value) draft.set(name, input.value);
    else draft.forget(name);
  } });
  const show = eye(input);
  const clear = h("button.btn.bare.bad", { type: "button", onclick: () => {
    input.value = "";
    draft.set(name, "");
  } }, t("remove"));
  const removed = () => draft.value(name) === "";
  f.add(() => {
    const stored = draft.secret(name) && !removed();
    if (document.activeElement !== input) input.value = draft.text(name);
    input.placeholder = stored ? t("secret_set") : "";
    show.disabled = input.disabled;
    clear.hidden = !stored || input.disabled;
  });
  const hint = () => draft.secret(name) && removed() ? t("secret_goes") : hintOf(options);
  return frame(f, name, { ...options, hint }, input, h("div.with", {}, input, show, clear));
};

/** A switch with its one-line meaning. `get` and `put` let it stand for a part of a setting. @type {Field} */
export const switchRow = (f, name, options) => {
  const { get = Boolean, put = (on) => on } = options;
  const id = `f${++serial}`;
  const input = h("input", { type: "checkbox", role: "switch", id, "aria-labelledby": `${id}-l`,
    "aria-describedby": `${id}-d`, onchange: () => {
      draft.set(name, put(input.checked));
    } });
  const meaning = h("span");
  const err = h("span.err", { hidden: true });
  const row = h("label.switch", { class: options.class, "data-field": name }, input,
    h("span", {}, h("b", { id: `${id}-l` }, options.label), h("span", { id: `${id}-d` }, err, meaning)));
  f.names.add(name);
  f.add(() => {
    const off = reason(name, options);
    input.checked = get(draft.value(name));
    input.disabled = Boolean(off);
    show(err, options.quiet ? "" : draft.error(name), [input]);
    meaning.textContent = [off, hintOf(options)].filter(Boolean).join(" ");
    meaning.classList.toggle("lock", draft.locked(name));
  });
  return row;
};

/** One of some, each with a drawing and a line. @type {Field} */
export const choiceCards = (f, name, options) => {
  const radio = `f${++serial}`;
  return group(f, name, { span: "", ...options }, "choices", h("legend.unseen", {}, options.label), (choice) => {
    const { label, hint } = choiceWords(name, choice);
    const input = h("input", { type: "radio", name: radio, value: choice, onchange: () => draft.set(name, choice) });
    f.add(() => {
      input.checked = draft.value(name) === choice;
    });
    return [input, h("label.choice", {}, input, options.drawing?.(choice), h("b", {}, label), h("span", {}, hint))];
  });
};

/** Some of some, as pills; none is "all". @type {Field} */
export const pills = (f, name, options) => {
  const choices = choicesOf(name, options);
  const { word = (choice) => choiceWords(name, choice).label } = options;
  return group(f, name, { ...options, class: "field" }, "pills", h("legend.label", {}, options.label), (choice) => {
    const input = h("input", { type: "checkbox", onchange: () => {
      const chosen = [...draft.list(name).filter((other) => other !== choice), ...(input.checked ? [choice] : [])];
      const unknown = chosen.filter((other) => !choices.includes(other));
      draft.set(name, [...choices.filter((other) => chosen.includes(other)), ...unknown]);
    } });
    f.add(() => {
      input.checked = draft.list(name).includes(choice);
    });
    return [input, h("label.pill", {}, input, word(choice))];
  });
};

/**
 * Choices under one heading, with one error and one hint for all.
 * @param {Form} f
 * @param {string} name
 * @param {Options} options
 * @param {string} look
 * @param {HTMLElement} legend
 * @param {(choice: string | number) => [HTMLInputElement, HTMLElement]} draw
 */
function group(f, name, options, look, legend, draw) {
  const drawn = choicesOf(name, options).map(draw);
  const inputs = drawn.map(([input]) => input);
  const err = h("p.err", { hidden: true });
  const hint = h("span.hint");
  f.names.add(name);
  f.add(() => {
    const off = reason(name, options);
    for (const input of inputs) input.disabled = Boolean(off);
    hint.textContent = off || hintOf(options);
    show(err, draft.error(name), inputs.slice(0, 1));
  });
  return h("fieldset", { class: `${options.class ?? ""} ${options.span ?? "s6"}`, "data-field": name }, legend,
    h(`div.${look}`, {}, drawn.map(([, box]) => box)), err, hint);
}

const SHOWN_IN_A_FOLD = 3;

/** What counts as empty. @param {Value | undefined} value */
const bare = (value) => {
  const text = JSON.stringify(value ?? null);
  return /^(""|\[\]|\{\})$/.test(text) ? "null" : text;
};

/** Whether a setting says something of its own. @param {string} name */
const isSet = (name) => {
  const { writeOnly, default: usual } = draft.schema(name);
  if (unused(name)) return false;
  return writeOnly ? Boolean(draft.value(name)) || draft.secret(name) : bare(draft.value(name)) !== bare(usual);
};

/**
 * What few need, behind a line that tells what is set inside.
 * @param {Form} f @param {string} title @param {Child} content @param {boolean} [open]
 */
export function fold(f, title, content, open = false) {
  const told = h("span.soft");
  const box = h("details", { open }, h("summary", {}, h("span", {}, title, told)), content);
  const fields = /** @type {NodeListOf<HTMLElement>} */ (box.querySelectorAll("[data-field]"));
  const names = [...new Set([...fields].map(({ dataset }) => dataset.field ?? ""))];
  f.add(() => {
    const idle = names.every(unused);
    const set = names.filter(isSet).map((name) => words(kindOf(name)).label);
    const more = set.length - SHOWN_IN_A_FOLD;
    const shown = set.slice(0, SHOWN_IN_A_FOLD).join(", ");
    const inside = set.length && t(more > 0 ? "set_inside_more" : "set_inside", { names: shown, more });
    const line = idle ? unused(names[0] ?? "") : inside;
    told.textContent = line ? ` · ${line}` : "";
    box.classList.toggle("unused", idle);
  });
  return box;
}

/** Whether there is room to show what a phone folds. */
export const isWide = () => matchMedia("(min-width: 641px)").matches;

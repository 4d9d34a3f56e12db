// Test: the steps as they happen, what to do about a failing one, the picture and the exact bytes.

import { lines, may, Refusal } from "./api.js";
import { draft, kindOf } from "./draft.js";
import { card, h, icon, label, say, state, t, worded } from "./lib.js";

const LONGEST_SHOWN = 60_000;
const FINGERPRINT = /\b(?:[0-9a-f]{2}:){31}[0-9a-f]{2}\b|\b[0-9a-f]{64}\b/i;

/**
 * @param {Form} f @param {string} path Of the operation. @param {(field: string) => string} at
 * @param {string} [about] Where nothing is said of a plate.
 */
export function trial(f, path, at, about) {
  const text = h("input", { type: "text", id: "test-plate", value: "AXIS1234", maxlength: 64, spellcheck: "false",
    autocapitalize: "characters", autocomplete: "off" });
  const go = h("button.btn.main", { type: "submit" }, icon("play"), t("test"));
  const list = h("ol.trial", { "aria-live": "polite" });
  const ending = h("div");
  let busy = false;

  async function run(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    if (busy) return;
    busy = go.disabled = true;
    list.replaceChildren();
    ending.replaceChildren();
    /** @type {Map<string, HTMLElement>} */
    const rows = new Map();
    let failed = "";
    try {
      await patiently(4, (step) => {
        if (step.name === "done") return ending.replaceChildren(...outcome(step));
        if (step.state === "failed") failed ||= step.name;
        const row = rowOf(step, at);
        const old = rows.get(step.name);
        if (old) old.replaceWith(row);
        else list.append(row);
        rows.set(step.name, row);
      });
      const bad = rows.get(failed);
      if (bad) list.prepend(bad);
      say(t(failed ? "test_failed" : "test_good"));
    } catch (error) {
      const refusal = Refusal.of(error);
      const wants = refusal.wants((name) => label(kindOf(name)));
      list.replaceChildren(
        h("li", {}, state("failed", ""), h("b", {}, refusal.message), h("span"),
          wants.length > 0 && h("p.cure", {}, wants.join(" "))),
      );
    } finally {
      busy = go.disabled = false;
      list.scrollIntoView({ block: "nearest" });
    }
  }

  /**
   * One test a second is let through; another one waits its turn.
   * @param {number} tries @param {(step: Step) => void} take
   */
  async function patiently(tries, take) {
    try {
      await lines(path, { ...!about && { plate: text.value }, changes: draft.changes() }, take);
    } catch (error) {
      if (Refusal.of(error).status !== 429 || !tries) throw error;
      await new Promise((done) => {
        setTimeout(done, 700);
      });
      await patiently(tries - 1, take);
    }
  }

  f.add(() => {
    go.disabled = busy || !draft.value(at("server_url"));
  });
  return card(t("test"), about ?? t("test_text"), h("form", { onsubmit: run }, about
    ? go
    : h("div.field", {}, h("label", { for: text.id }, t("test_plate")), h("div.with", {}, text, go))),
    h("div.result", {}, list, ending));
}

/** @param {Step} step @param {(field: string) => string} at */
function rowOf(step, at) {
  const took = step.state === "running" ? "" : `${step.took_ms.toFixed(0)} ms`;
  return h("li", {}, state(step.state, ""), h("b", {}, t(`step_${step.name}`)), h("span.num.soft", {}, took),
    h("span.unseen", {}, t(`trial_${step.state}`)), step.detail && h("p", {}, worded(step.detail, step)),
    step.words && h("p.soft", {}, t("receiver_says", { words: step.words })),
    step.remedy && h("p.cure", {}, worded(step.remedy, { code: step.remedy_code })), trust(step, at("tls.pin")));
}

/**
 * Offers to pin, for this profile, a certificate that nobody vouches for: a person may have compared it.
 * @param {Step} step
 * @param {string} name
 */
function trust(step, name) {
  const [fingerprint] = FINGERPRINT.exec(`${step.detail} ${step.remedy}`) ?? [];
  if (!fingerprint || step.name !== "tls" || step.state !== "failed" || draft.value(name) || !may("admin")) return null;
  const button = h("button.btn", { type: "button", onclick: () => {
    draft.set(name, fingerprint);
    button.replaceWith(state("ok", t("pinned")));
  } }, t("pin_this"));
  return h("p", {}, button);
}

/** The picture and the bytes that a test has sent. @param {Step} step */
function outcome({ picture, sent }) {
  const parts = [];
  if (picture) {
    const src = URL.createObjectURL(new Blob([bytesOf(picture)], { type: "image/jpeg" }));
    parts.push(h("figure", {}, h("img", { src, alt: t("test_picture") }), h("figcaption.hint", {}, t("test_picture"))));
  }
  if (sent) {
    const bytes = bytesOf(sent);
    parts.push(
      h("details", {}, h("summary", {}, t("test_bytes", { n: bytes.length.toLocaleString() })),
        h("a.btn", { href: URL.createObjectURL(new Blob([bytes])), download: "test.bin" }, icon("down"), t("download")),
        h("pre", { tabindex: 0 }, readable(bytes))),
    );
  }
  return parts;
}

/** @param {string} base64 */
const bytesOf = (base64) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

/** Bytes for the eye: text as it is, a run of anything else as its length. @param {Uint8Array} bytes */
function readable(bytes) {
  const runs = new TextDecoder("latin1").decode(bytes).split(/([\x20-\x7e\r\n\t]{8,})/);
  const shown = runs.map((run, index) =>
    index % 2 ? run : run.length > 3 ? `⟨${run.length.toLocaleString()} bytes⟩` : ""
  ).join("");
  return shown.length > LONGEST_SHOWN ? `${shown.slice(0, LONGEST_SHOWN)}…` : shown;
}

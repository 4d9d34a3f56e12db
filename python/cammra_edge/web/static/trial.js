// Test: the steps as they happen, what to do about a failing one, the picture and the exact bytes.

import { h, icon, lines, t, say, state } from "/static/lib.js";
import { draft } from "/static/draft.js";

export function trial(f, number) {
  const text = h("input", { type: "text", id: `plate-${number}`, value: "AXIS1234", maxlength: 64, autocapitalize: "characters", spellcheck: "false", autocomplete: "off" });
  const go = h("button.btn.main", { type: "submit" }, icon("play"), t("test"));
  const list = h("ol.trial", { "aria-live": "polite" });
  const ending = h("div", {});

  let busy = false;

  async function run(event) {
    event.preventDefault();
    if (busy) return;
    busy = go.disabled = true;
    list.replaceChildren();
    ending.replaceChildren();
    const rows = new Map();
    let failed = false;
    try {
      await patiently(4, () => lines(`/api/profiles/${number}/test`, { plate: text.value, changes: draft.changes() }, (step) => {
        if (step.state === "failed") failed = true;
        if (step.name === "done") { ending.replaceChildren(...shown(step)); return; }
        const row = h("li", {}, state(step.state, ""), h("b", {}, step.label || t(`step_${step.name}`)), h("span.num.soft", {}, step.state === "running" ? "" : `${Number(step.took_ms || 0).toFixed(0)} ms`),
          h("span.unseen", {}, t(`trial_${step.state}`)), step.detail ? h("p", {}, step.detail) : null, step.remedy ? h("p.cure", {}, step.remedy) : null, trust(step, number));
        if (rows.has(step.name)) rows.get(step.name).replaceWith(row); else list.append(row);
        rows.set(step.name, row);
      }));
      say(t(failed ? "test_failed" : "test_good"));
    } catch (error) {
      const wants = Object.entries(error.fields || {}).map(([name, want]) => t("want_named", { name: name.replace(/^profiles\[\d+\]\./, ""), want }));
      list.replaceChildren(h("li", {}, state("failed", ""), h("b", {}, error.message), h("span"), wants.length ? h("p.cure", {}, wants.join(" ")) : null));
    } finally {
      busy = go.disabled = false;
    }
  }

  /** One test a second is let through; another one waits its turn. */
  async function patiently(tries, start) {
    try {
      await start();
    } catch (error) {
      if (error.status !== 429 || !tries) throw error;
      await new Promise((done) => { setTimeout(done, 700); });
      await patiently(tries - 1, start);
    }
  }

  const box = h("section.card", {}, h("header", {}, h("h2", {}, t("test")), h("p", {}, t("test_text"))),
    h("form", { onsubmit: run }, h("div.field", {}, h("label", { for: text.id }, t("test_plate")), h("div.with", {}, text, go))), list, ending);
  f.add(() => { go.disabled = busy || !draft.value(`profiles[${number}].server_url`); });
  return box;
}

/** A certificate that nobody vouches for may be the right one: whoever has compared it can pin it, for this profile. */
function trust(step, number) {
  const found = step.name === "tls" && `${step.detail} ${step.remedy}`.match(/\b(?:[0-9a-f]{2}:){31}[0-9a-f]{2}\b|\b[0-9a-f]{64}\b/i);
  const name = `profiles[${number}].tls.pin`;
  if (!found || draft.value(name) || step.state !== "failed") return null;
  const made = h("button.btn", { type: "button", onclick: () => { draft.set(name, found[0]); made.replaceWith(h("span.state.ok", {}, icon("ok"), t("pinned"))); } }, t("pin_this"));
  return h("p", {}, made);
}

function shown(step) {
  const made = [];
  if (step.picture) made.push(h("figure", {}, h("img", { src: URL.createObjectURL(blob(step.picture, "image/jpeg")), alt: t("test_picture") }), h("figcaption.hint", {}, t("test_picture"))));
  if (step.sent) {
    const raw = blob(step.sent, "application/octet-stream");
    const bytes = Uint8Array.from(atob(step.sent), (char) => char.charCodeAt(0));
    made.push(h("details", {}, h("summary", {}, t("test_bytes", { n: bytes.length.toLocaleString() })),
      h("a.btn", { href: URL.createObjectURL(raw), download: "test.bin" }, icon("down"), t("download")), h("pre", { tabindex: 0 }, readable(bytes))));
  }
  return made;
}

const blob = (base64, type) => new Blob([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], { type });

/** Bytes for the eye: text as it is, a run of anything else as its length. */
function readable(bytes) {
  const out = [];
  let run = 0;
  let text = "";
  const flush = () => { if (run > 3) text += `⟨${run.toLocaleString()} bytes⟩`; run = 0; };
  const decoded = new TextDecoder("latin1").decode(bytes);
  for (const part of decoded.match(/[\x20-\x7e\r\n\t]{8,}|[^]{1,64}?(?=[\x20-\x7e\r\n\t]{8,}|$)|[^]{1,64}/g) || []) {
    if (/^[\x20-\x7e\r\n\t]+$/.test(part) && part.length >= 8) { flush(); text += part; } else run += part.length;
  }
  flush();
  out.push(text.length > 60000 ? `${text.slice(0, 60000)}…` : text);
  return out.join("");
}

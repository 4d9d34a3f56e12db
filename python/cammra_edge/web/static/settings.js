// SETTINGS: when a vehicle says what, regions, the camera itself, and who may come in.

import { complaint } from "./account.js";
import { condition } from "./alarms.js";
import { api, complain, request } from "./api.js";
import { auditPart } from "./audit.js";
import { called, draft, restore } from "./draft.js";
import { form, rest, setting } from "./fields.js";
import { card, h, icon, note, state, subTabs, t, toast, when } from "./lib.js";
import { peoplePart } from "./people.js";
import { regionsPart } from "./regions.js";

/** @type {Tab} */
export const settingsTab = (main, [part], live) =>
  subTabs(main, "settings", { recognition, regions: regionsPart, camera, people: peoplePart, access, audit: auditPart,
    history }, part, live);

/** Settings by what they are about; the rest stands under the limits. @type {Record<string, string[]>} */
const RECOGNITION = {
  times: ["result_delay_s", "reliable_after_s", "lost_after_s"],
  reliable: ["reliable_reads", "reliable_support", "min_confidence"],
  change: ["change_reads", "change_after_s", "update_interval_s"],
};

/** @type {Part} */
function recognition(panel) {
  const f = form();
  const cards = Object.entries(RECOGNITION).map(([about, fields]) =>
    card(t(`recognition_${about}`), t(`recognition_${about}_text`), h("div.grid", {}, fields.map((field) =>
      setting(f, `tracking.${field}`)
    )))
  );
  const plates = setting(f, "tracking.vehicles_without_plate");
  f.names.add("tracking.regions");
  panel.replaceChildren(...cards,
    h("section.card", {}, plates,
      h("details", {}, h("summary", {}, t("limits")), h("div.grid", {}, rest(f, "tracking", "s4")),
        setting(f, "libjpeg_turbo"))));
  return f.stop;
}

/** @type {Part} */
function camera(panel, live) {
  const f = form();
  const [stands, leave] = condition(live);
  const language = h("select", { id: "language", onchange: () => {
    localStorage.setItem("language", language.value);
    location.reload();
  } }, h("option", { value: "en" }, "English"));
  language.value = localStorage.getItem("language") ?? "en";
  panel.replaceChildren(
    stands,
    card(t("camera_itself"), t("camera_itself_text"), h("div.grid", {}, rest(f, "device", "s4"))),
    card(t("network"), "", h("div.grid", {}, setting(f, "network_mode", { span: "s6" }))),
    card(t("language"), t("language_text"),
      h("div.grid", {}, h("div.field.s4", {}, h("label", { for: "language" }, t("language")), language))),
  );
  return () => {
    leave();
    f.stop();
  };
}

/**
 * An input with its label, of no setting.
 * @param {string} id @param {string} label @param {Props} props @param {string} [hint]
 */
function field(id, label, props, hint) {
  const input = h("input", { id, required: true, ...props });
  return { input, box: h("div.field.s4", {}, h("label", { for: id }, label), input, hint && h("span.hint", {}, hint)) };
}

/** @type {Part} */
function access(panel) {
  const [certificate, tokens] = [h("div.stack"), h("div.stack")];
  const f = form();
  panel.replaceChildren(card(t("tokens"), t("tokens_text"), tokens),
    card(t("monitoring"), t("monitoring_text"), setting(f, "open_metrics")),
    card(t("certificate"), t("certificate_text"), certificate));
  drawTokens(tokens);
  drawCertificate(certificate);
  return f.stop;
}

/** @param {HTMLElement} box */
async function drawCertificate(box) {
  const certificate = await api("GET", "/api/certificate").catch(() => null);
  if (!certificate) return;
  const file = h("input", { hidden: true, type: "file", id: "pem", accept: ".pem,.crt,.key", multiple: true,
    onchange: async () => {
      try {
        const texts = await Promise.all([...file.files ?? []].map((part) => part.text()));
        await request("PUT", "/api/certificate", texts.join("\n"), "application/octet-stream");
        toast(t("certificate_taken"));
        drawCertificate(box);
      } catch (error) {
        complain(error);
      }
    } });
  const remove = async () => {
    await request("DELETE", "/api/certificate");
    drawCertificate(box);
  };
  const { set, in_use, sha256 } = certificate;
  box.replaceChildren(h("p", {}, t(set ? "certificate_set" : "certificate_none")),
    set ? h("p.code.small", {}, `SHA-256 ${sha256}`) : "",
    set !== in_use ? note("plain", t("certificate_restart")) : "", file,
    h("div.row", {}, h("button.btn", { type: "button", onclick: () => {
      file.click();
    } }, t("certificate_choose")), set && h("button.btn.bare.bad", { type: "button", onclick: remove }, t("remove"))));
}

/** What a token may be for. */
const SCOPES = ["read", "settings", "deliveries", "metrics"];
const scopeWord = (/** @type {string} */ scope) => t(`scope_${scope}`);

/** @param {HTMLElement} box */
async function drawTokens(box) {
  const tokens = await api("GET", "/api/tokens").catch(() => []);
  const name = field("token-name", t("token_name"), { type: "text", maxlength: 64 });
  const mark = (/** @type {string} */ scope) => h("input", { type: "checkbox", checked: scope === "read" });
  const scopes = SCOPES.map((scope) => ({ scope, mark: mark(scope) }));
  const create = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    try {
      const chosen = scopes.filter(({ mark }) => mark.checked).map(({ scope }) => scope);
      const { secret } = await api("POST", "/api/tokens", { name: name.input.value, scopes: chosen });
      await drawTokens(box);
      box.prepend(note("plain", h("p", {}, t("token_once")), h("p.code", { tabindex: 0 }, secret)));
    } catch (error) {
      toast(complaint(error));
    }
  };
  const remove = async (/** @type {string} */ id) => {
    await request("DELETE", `/api/tokens/${id}`);
    drawTokens(box);
  };
  /** @param {Token} token */
  const row = (token) =>
    h("li.row", {}, h("b", {}, token.name), h("span.soft", {}, token.scopes.map(scopeWord).join(", ")),
      h("span.soft.num", {}, when(token.made * 1000)),
      h("button.btn.bare.bad.push", { type: "button", "aria-label": t("remove_named", { name: token.name }),
        onclick: () => remove(token.id) }, t("remove")));
  box.replaceChildren(
    tokens.length ? h("ul.stack", {}, tokens.map(row)) : h("p.soft", {}, t("no_tokens")),
    h("form", { onsubmit: create },
      h("div.grid", {}, name.box,
        h("fieldset.field.s8", {}, h("legend.label", {}, t("token_scopes")),
          h("div.pills", {}, scopes.map(({ scope, mark }) => h("label.pill", {}, mark, scopeWord(scope)))))),
      h("button.btn", {}, icon("plus"), t("new_token"))),
  );
}

/** @type {Part} */
function history(panel) {
  const box = h("div.stack");
  const back = (/** @type {number} */ version, /** @type {string} */ look, /** @type {string} */ word) =>
    h(`button.btn${look}`, { type: "button", onclick: () => restore(version).then(draw) }, icon("undo"), t(word));
  const row = (/** @type {Version} */ { version, at, who, changed }) =>
    h("li.card", {},
      h("div.row", {},
        h("div", {}, h("b", {}, t("version_n", { n: version })), " ", h("span.soft.num", {}, `${when(at)} · ${who}`),
          h("p.soft.small", {}, changed.map(called).join("; ") || t("no_field_changed"))), version === draft.version()
        ? h("span.push", {}, state("ok", t("in_force")))
        : back(version, ".push", "restore")));
  async function draw() {
    const versions = await api("GET", "/api/history").catch(() => []);
    box.replaceChildren(versions.length ? h("ul", {}, versions.map(row)) : h("p.soft", {}, t("no_history")), h("p"),
      back(0, "", "restore_script"));
  }
  panel.replaceChildren(card(t("sub_history"), t("history_text")), box);
  draw();
}

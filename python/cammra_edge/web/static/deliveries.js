// Deliveries: each profile's queue, rate and latency as small plots; the latest tries; what is parked.

import { age, api, bytes, count, empty, h, icon, note, s, state, t, time, toast, when } from "/static/lib.js";

export function deliveries(panel, live) {
  const boxes = h("div.stack");
  const journal = h("div.scroll");
  const parked = h("div.scroll");
  let samples = [];
  let wanted = 0;
  const choose = h("select", { "aria-label": t("which_profile"), onchange: () => { wanted = Number(choose.value); loadJournal(); } });

  function drawProfiles() {
    const profiles = live.status?.profiles || [];
    boxes.replaceChildren(...profiles.map((one) => profileCard(one, samples)));
    if (choose.options.length !== profiles.length + 1) {
      choose.replaceChildren(h("option", { value: 0 }, t("all_profiles")), ...profiles.map((one) => h("option", { value: one.profile_id }, `${one.profile_id} ${one.name}`)));
    }
  }

  async function loadSamples() { samples = await api("GET", "/api/samples").catch(() => samples); drawProfiles(); }

  async function loadJournal() {
    const tries = await api("GET", `/api/journal?profile=${wanted}&limit=100`).catch(() => []);
    journal.replaceChildren(tries.length ? table([t("time"), t("profile"), t("event"), t("outcome"), t("took"), t("size")], tries.map((one) => [
      h("span.num", { title: when(one.at) }, time(one.at)), `${one.profile}`, [t(`kind_${one.kind}`), h("span.soft.num", {}, ` #${one.packet}`)],
      [state(one.outcome), one.number > 1 ? h("span.soft.num", {}, ` ${t("try_n", { n: one.number })}`) : null, one.why ? h("div.soft.small", {}, one.why) : null],
      h("span.num", {}, `${one.took_ms} ms`), h("span.num", {}, bytes(one.size_bytes))])) : empty("sending", t("no_tries"), t("no_tries_text")));
  }

  async function loadParked() {
    const found = await api("GET", "/api/parked").catch(() => []);
    const act = async (method, path, done) => {
      try { await api(method, path); toast(t(done)); } catch (error) { toast(error.message); }
      loadParked();
    };
    const numbers = [...new Set(found.map((one) => one.profile))];
    parked.replaceChildren(found.length ? h("div.stack", {},
      h("div.row", {}, numbers.map((number) => h("button.btn", { type: "button", onclick: () => act("POST", `/api/profiles/${number}/parked/retry`, "retried") }, icon("retry"), t("retry_all", { n: number })))),
      table([t("time"), t("profile"), t("event"), t("why"), ""], found.map((one) => [
        h("span.num", {}, when(one.at)), `${one.profile}`, [t(`kind_${one.kind}`), h("span.soft.num", {}, ` #${one.packet}`)], one.why,
        h("div.row", {},
          h("button.btn", { type: "button", onclick: () => act("POST", `/api/profiles/${one.profile}/parked/${one.seq}/retry`, "retried") }, t("retry")),
          h("a.btn.bare", { href: `/api/profiles/${one.profile}/parked/${one.seq}`, download: "" }, t("download")),
          discardButton(() => act("DELETE", `/api/profiles/${one.profile}/parked/${one.seq}`, "discarded")))]))) : empty("delivered", t("none_parked"), t("none_parked_text")));
  }

  panel.replaceChildren(boxes,
    h("section.card", {}, h("header", {}, h("h2", {}, t("parked_events")), h("p", {}, t("parked_events_text"))), parked),
    h("section.card", {}, h("header", {}, h("h2", {}, t("journal")), h("p", {}, t("journal_text"))), h("div.row", {}, h("div", {}, choose), h("a.btn.bare", { href: "/api/journal.csv", download: "" }, icon("down"), t("as_csv"))), journal));
  drawProfiles();
  loadSamples();
  loadJournal();
  loadParked();
  const onLive = (what) => { if (what === "status" && !boxes.contains(document.activeElement)) drawProfiles(); };
  live.listeners.add(onLive);
  const timer = setInterval(() => { if (!document.hidden) { loadSamples(); if (!journal.contains(document.activeElement)) loadJournal(); if (!parked.contains(document.activeElement)) loadParked(); } }, 5000);
  return () => { live.listeners.delete(onLive); clearInterval(timer); };
}

/** Asks by changing its own word: a glove needs no small dialog. */
function discardButton(run) {
  const made = h("button.btn.bare.bad", {
    type: "button",
    onclick: () => { if (made.dataset.sure) run(); else { made.dataset.sure = "1"; made.textContent = t("discard_sure"); setTimeout(() => { delete made.dataset.sure; made.textContent = t("discard"); }, 4000); } },
  }, t("discard"));
  return made;
}

/** A profile's state and why it is so: what the engine says, and what it keeps for a person. */
export function standing(now) {
  if (now.state === "off") return ["off", t("why_off")];
  if (now.state === "idle" && now.parked_now) return ["parked", t("why_parked")];
  return [now.state, now.why || ""];
}

function profileCard(one, samples) {
  const mine = samples.map((sample) => ({ at: sample.at, ...(sample.profiles[one.profile_id - 1] || {}) }));
  const rate = mine.slice(1).map((now, index) => Math.max(0, (now.delivered - mine[index].delivered) * 60000 / Math.max(1, now.at - mine[index].at)));
  const dropped = Object.entries(one.dropped || {}).map(([why, n]) => `${why} ${count(n)}`);
  return h("section.card", {}, h("header", {}, h("h2", {}, `${one.profile_id} · ${one.name}`), h("span.push", {}, state(standing(one)[0]))),
    one.alarm ? note("bad", h("p", {}, t("paused_text", { why: one.why })), h("button.btn", { type: "button", onclick: () => api("POST", `/api/profiles/${one.profile_id}/resume`).catch((error) => toast(error.message)) }, icon("play"), t("resume"))) : one.why ? note("warn", one.why) : null,
    h("div.plots", {},
      plot(t("in_queue"), count(one.queue_events), mine.map((m) => m.queue_events || 0), one.oldest_age_s ? t("oldest", { age: age(one.oldest_age_s), size: bytes(one.queue_bytes) }) : t("queue_empty")),
      plot(t("rate"), [(rate.at(-1) || 0).toFixed(rate.at(-1) >= 10 ? 0 : 1), h("small", {}, t("per_minute"))], rate, t("delivered_n", { n: count(one.delivered) })),
      plot(t("latency"), [one.latency_p50_ms.toFixed(0), h("small", {}, " ms")], mine.map((m) => m.latency_p50_ms || 0), t("latency_95", { p95: one.latency_p95_ms.toFixed(0), p99: one.latency_p99_ms.toFixed(0) }))),
    h("p.hint.num", {}, [t("retried_n", { n: count(one.retried) }), t("parked_n", { n: count(one.parked) }), t("expired_n", { n: count(one.expired) }), ...dropped].join(" · ")));
}

function plot(title, value, points, line) {
  const most = Math.max(1, ...points);
  const x = (index) => (points.length < 2 ? 100 : (index / (points.length - 1)) * 100);
  const y = (point) => 30 - (point / most) * 27;
  const path = points.map((point, index) => `${index ? "L" : "M"}${x(index).toFixed(2)} ${y(point).toFixed(2)}`).join("");
  const drawing = s("svg", { viewBox: "0 0 100 32", preserveAspectRatio: "none", role: "img", "aria-label": t("plot_of", { title, most: most.toFixed(0) }) });
  drawing.append(s("path", { d: "M0 30.500H100", stroke: "var(--line)", "stroke-width": 1, "vector-effect": "non-scaling-stroke" }));
  if (points.length > 1) {
    drawing.append(s("path", { d: `${path}L100 30.500L0 30.500Z`, fill: "currentColor", opacity: ".12" }));
    drawing.append(s("path", { d: path, fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-linejoin": "round", "vector-effect": "non-scaling-stroke" }));
  }
  return h("figure.plot", {}, h("figcaption.soft.small", {}, title), h("b.num", {}, value), drawing, h("span.hint.num", {}, line));
}

function table(heads, rows) {
  return h("table.fold", {}, h("thead", {}, h("tr", {}, heads.map((word) => h("th", { scope: "col" }, word || h("span.unseen", {}, t("actions")))))),
    h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell, index) => h("td", { "data-name": heads[index] || null }, cell))))));
}

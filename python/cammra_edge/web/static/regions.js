// Regions drawn on the picture, with the arrow that says which way is in. Every point is a button: drag it,
// or move it with the arrow keys.

import { h, icon, note, s, say, t } from "/static/lib.js";
import { draft } from "/static/draft.js";

const WHOLE = () => [[0.08, 0.1], [0.92, 0.1], [0.92, 0.92], [0.08, 0.92]];
const NAME = "tracking.regions";

export function regionsPart(panel) {
  let chosen = 0;
  const scene = h("div.scene");
  const pick = h("div.pills", { role: "group", "aria-label": t("regions") });
  const tools = h("div.row");
  const none = note("", t("regions_none"));
  const trouble = h("p.err", { hidden: true });
  const locked = draft.locked(NAME) || draft.locked("regions");
  const regions = () => draft.value(NAME) || [];
  const put = (list) => draft.set(NAME, list);
  const change = (made) => put(regions().map((one, index) => (index === chosen ? { ...one, ...made } : one)));

  const missing = h("p.hint", { hidden: true }, t("no_frame_yet"));
  const image = h("img", { src: `/api/view?at=${Date.now()}`, alt: t("camera_view"), onload: () => scene.classList.remove("bare"), onerror: () => { image.remove(); missing.hidden = false; } });
  scene.classList.add("bare");

  function draw(keep) {
    const list = regions();
    none.hidden = list.length > 0;
    chosen = Math.min(chosen, Math.max(0, list.length - 1));
    const drawing = s("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" });
    list.forEach((one, index) => {
      const mine = index === chosen;
      drawing.append(s("polygon", { points: one.polygon.map(([x, y]) => `${x * 100},${y * 100}`).join(" "), fill: mine ? "rgb(0 120 105 / .28)" : "rgb(0 0 0 / .12)", stroke: mine ? "#fff" : "#ccc", "stroke-width": mine ? 3 : 2, "stroke-dasharray": mine ? "" : "6 5", "vector-effect": "non-scaling-stroke" }));
      const [[ax, ay], [bx, by]] = one.arrow;
      const head = tip(ax, ay, bx, by).map((point) => point.join(",")).join(" ");
      for (const [colour, width] of [["#2b1c00", 9], ["#ffd27a", 5]]) drawing.append(s("polyline", { points: head, fill: "none", stroke: colour, "stroke-width": width, "stroke-linejoin": "round", "vector-effect": "non-scaling-stroke" }));
      drawing.append(s("line", { x1: ax * 100, y1: ay * 100, x2: bx * 100, y2: by * 100, stroke: "#2b1c00", "stroke-width": 8, "vector-effect": "non-scaling-stroke" }), s("line", { x1: ax * 100, y1: ay * 100, x2: bx * 100, y2: by * 100, stroke: "#ffd27a", "stroke-width": 4, "vector-effect": "non-scaling-stroke" }));
    });
    const one = list[chosen];
    const handles = one && !locked ? [
      ...one.polygon.map((point, index) => handle(point, t("corner_n", { n: index + 1 }), "", (to) => change({ polygon: one.polygon.map((p, i) => (i === index ? to : p)) }), `c${index}`)),
      handle(one.arrow[0], t("arrow_from"), "tip", (to) => change({ arrow: [to, regions()[chosen].arrow[1]] }), "a0"),
      handle(one.arrow[1], t("arrow_to"), "tip", (to) => change({ arrow: [regions()[chosen].arrow[0], to] }), "a1")] : [];
    if (!keep) {
      scene.replaceChildren(...[missing.hidden && image, drawing, ...handles].filter(Boolean));
    } else {
      scene.querySelector("svg").replaceWith(drawing);
      for (const made of handles) { const old = scene.querySelector(`[data-key="${made.dataset.key}"]`); if (old) { old.style.left = made.style.left; old.style.top = made.style.top; } }
    }
    pick.replaceChildren(...list.map((region, index) => h("label.pill", {}, h("input", { type: "radio", name: "region", checked: index === chosen, onchange: () => { chosen = index; draw(); } }), t("region_n", { n: region.roi_id }))));
    tools.replaceChildren(...(locked ? [note("", t("locked"))] : [
      list.length < 2 ? h("button.btn", { type: "button", onclick: () => { const roi = list[0]?.roi_id === 1 ? 2 : 1; put([...list, { roi_id: roi, polygon: WHOLE(), arrow: [[0.5, 0.25], [0.5, 0.75]] }]); chosen = list.length; draw(); say(t("region_added")); } }, icon("plus"), t("add_region")) : null,
      one ? h("button.btn", { type: "button", disabled: one.polygon.length >= 32, onclick: () => { change({ polygon: withCorner(one.polygon) }); draw(); } }, t("add_corner")) : null,
      one ? h("button.btn", { type: "button", disabled: one.polygon.length <= 3, onclick: () => { change({ polygon: one.polygon.slice(0, -1) }); draw(); } }, t("remove_corner")) : null,
      one ? h("button.btn", { type: "button", onclick: () => { change({ arrow: [one.arrow[1], one.arrow[0]] }); draw(); } }, t("turn_arrow")) : null,
      one ? h("button.btn.bare.bad", { type: "button", onclick: () => { put(list.filter((_, index) => index !== chosen)); draw(); } }, icon("trash"), t("remove_region")) : null].filter(Boolean)));
    const wrong = Object.entries(draft.errors()).find(([name]) => name.startsWith(NAME));
    trouble.textContent = wrong ? t("want", { want: wrong[1] }) : "";
    trouble.hidden = !wrong;
  }

  /** The arrow's head a little before its end, so that the handle does not cover it; square on the screen. */
  function tip(ax, ay, bx, by) {
    const [wide, high] = [scene.clientWidth || 16, scene.clientHeight || 9];
    const [dx, dy] = [(bx - ax) * wide, (by - ay) * high];
    const long = Math.hypot(dx, dy) || 1;
    const [ux, uy] = [dx / long, dy / long];
    const at = (back, aside) => [((bx * wide - ux * back - uy * aside) / wide) * 100, ((by * high - uy * back + ux * aside) / high) * 100];
    return [at(46, 18), at(20, 0), at(46, -18)];
  }

  function handle(point, label, kind, move, key) {
    const place = (made, [x, y]) => {
      made.style.left = `${x * 100}%`;
      made.style.top = `${y * 100}%`;
      made.setAttribute("aria-label", `${label}: ${t("place", { x: Math.round(x * 100), y: Math.round(y * 100) })}`);
    };
    let now = point;
    const made = h("button.handle", {
      type: "button", class: kind, "data-key": key,
      onpointerdown: (event) => { made.setPointerCapture(event.pointerId); event.preventDefault(); made.focus(); },
      onpointermove: (event) => {
        if (!made.hasPointerCapture(event.pointerId)) return;
        const box = scene.getBoundingClientRect();
        go([(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]);
      },
      onkeydown: (event) => {
        const step = event.shiftKey ? 0.05 : 0.01;
        const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
        if (by) { event.preventDefault(); go([now[0] + by[0], now[1] + by[1]]); }
      },
    });
    const go = ([x, y]) => {
      now = [x, y].map((part) => Math.round(Math.min(1, Math.max(0, part)) * 1000) / 1000);
      move(now);
      place(made, now);
      draw(true);
    };
    place(made, point);
    return made;
  }

  panel.replaceChildren(h("section.card.stack", { "data-field": NAME }, h("header", {}, h("h2", {}, t("sub_regions")), h("p", {}, t("regions_text"))),
    none, pick, scene, trouble, tools, missing));
  draw();
  return draft.listen(() => { if (!scene.contains(document.activeElement)) draw(); });
}

/** One corner more, in the middle of the longest side. */
function withCorner(polygon) {
  let best = [0, 0];
  polygon.forEach(([x, y], index) => {
    const [nx, ny] = polygon[(index + 1) % polygon.length];
    const long = Math.hypot(nx - x, ny - y);
    if (long > best[0]) best = [long, index];
  });
  const [a, b] = [polygon[best[1]], polygon[(best[1] + 1) % polygon.length]];
  return [...polygon.slice(0, best[1] + 1), [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], ...polygon.slice(best[1] + 1)];
}

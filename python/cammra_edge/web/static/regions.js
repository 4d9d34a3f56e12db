// Regions drawn on the picture, with the arrow that says which way is in. Every point is a button: drag it,
// or move it with the arrow keys.

import { Refusal, request } from "./api.js";
import { draft } from "./draft.js";
import { h, icon, note, s, say, t } from "./lib.js";

const NAME = "tracking.regions";
const MOST_REGIONS = 2;
const MOST_CORNERS = 32;
/** @type {Region} */
const NEW = { roi_id: 1, polygon: [[0.08, 0.1], [0.92, 0.1], [0.92, 0.92], [0.08, 0.92]],
  arrow: [[0.5, 0.25], [0.5, 0.75]] };
const [EDGE, ARROW] = ["#2b1c00", "#ffd27a"];
const THIN = { fill: "none", "stroke-linejoin": "round", "vector-effect": "non-scaling-stroke" };
/** @type {Record<string, Point>} */
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @type {Part} */
export function regionsPart(panel) {
  let chosen = 0;
  const scene = h("div.scene.bare");
  const pick = h("div.pills", { role: "group", "aria-label": t("sub_regions") });
  const tools = h("div.row");
  const none = note("plain", t("regions_none"));
  const trouble = h("p.err", { hidden: true });
  const missing = h("p.hint", { hidden: true });
  const image = h("img", { src: `/api/view?at=${Date.now()}`, alt: t("camera_view"), onload: () => {
    scene.classList.remove("bare");
  }, onerror: async () => {
    image.remove();
    missing.hidden = false;
    // An image element does not say why there is none.
    const why = await request("GET", "/api/view").then(() => "", (error) => Refusal.of(error).message);
    missing.textContent = t("no_frame_yet", { why });
  } });
  const locked = draft.locked(NAME);
  const regions = () => /** @type {Region[]} */ (draft.value(NAME) ?? []);
  const put = (/** @type {Region[]} */ list) => draft.set(NAME, list);
  const change = (/** @type {(region: Region) => Partial<Region>} */ part) =>
    put(regions().map((region, index) => index === chosen ? { ...region, ...part(region) } : region));

  function draw() {
    const list = regions();
    none.hidden = list.length > 0;
    chosen = Math.max(0, Math.min(chosen, list.length - 1));
    const region = list[chosen];
    const handles = region && !locked ? handlesOf(region) : [];
    scene.replaceChildren(...(missing.hidden ? [image] : []), drawing(list), ...handles);
    pick.replaceChildren(
      ...list.map(({ roi_id: n }, index) =>
        h("label.pill", {}, h("input", { type: "radio", name: "region", checked: index === chosen, onchange: () => {
          chosen = index;
          draw();
        } }), t("region_n", { n }))
      ),
    );
    tools.replaceChildren(...(locked ? [note("plain", t("locked"))] : toolsFor(list, region)));
    const [, want] = draft.errorIn(NAME) ?? [];
    trouble.textContent = want ? t("want", { want }) : "";
    trouble.hidden = !want;
  }

  /** @param {Region[]} list */
  function drawing(list) {
    const svg = s("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" });
    list.forEach(({ polygon, arrow }, index) => {
      const look = index === chosen
        ? { fill: "rgb(0 120 105 / .28)", stroke: "#fff", "stroke-width": 3 }
        : { fill: "rgb(0 0 0 / .12)", stroke: "#ccc", "stroke-width": 2, "stroke-dasharray": "6 5" };
      svg.append(s("polygon", { ...THIN, points: polygon.map(percent).join(" "), ...look }));
      const line = (/** @type {Point[]} */ points, /** @type {string} */ stroke, /** @type {number} */ width) =>
        s("polyline", { ...THIN, points: points.map(percent).join(" "), stroke, "stroke-width": width });
      svg.append(line(head(arrow), EDGE, 9), line(head(arrow), ARROW, 5), line(arrow, EDGE, 8), line(arrow, ARROW, 4));
    });
    return svg;
  }

  /**
   * The arrow's head a little before its end, so that the handle does not cover it; square on the screen.
   * @param {[Point, Point]} arrow @returns {Point[]}
   */
  function head([[ax, ay], [bx, by]]) {
    const [wide, high] = [scene.clientWidth || 16, scene.clientHeight || 9];
    const [dx, dy] = [(bx - ax) * wide, (by - ay) * high];
    const long = Math.hypot(dx, dy) || 1;
    const [ux, uy] = [dx / long, dy / long];
    /** @type {(back: number, aside: number) => Point} */
    const at = (back, aside) => [bx - (ux * back + uy * aside) / wide, by - (uy * back - ux * aside) / high];
    return [at(46, 18), at(20, 0), at(46, -18)];
  }

  /** @param {Region} region */
  const handlesOf = ({ polygon, arrow: [from, to] }) => [
    ...polygon.map((corner, index) =>
      handle(corner, t("corner_n", { n: index + 1 }), "",
        (point) => (region) => ({ polygon: region.polygon.with(index, point) }))
    ),
    handle(from, t("arrow_from"), "tip", (point) => (region) => ({ arrow: [point, region.arrow[1]] })),
    handle(to, t("arrow_to"), "tip", (point) => (region) => ({ arrow: [region.arrow[0], point] })),
  ];

  /** @param {Point} point @param {string} name @param {string} look @param {Move} move */
  function handle(point, name, look, move) {
    const button = h("button.handle", { type: "button", class: look, onpointerdown: (event) => {
      event.preventDefault();
      button.setPointerCapture(event.pointerId);
      button.focus();
    }, onpointermove: (event) => {
      if (!button.hasPointerCapture(event.pointerId)) return;
      const box = scene.getBoundingClientRect();
      go((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    }, onkeydown: (event) => {
      const [right, down] = KEYS[event.key] ?? [0, 0];
      if (!right && !down) return;
      event.preventDefault();
      const step = event.shiftKey ? 0.05 : 0.01;
      go(point[0] + right * step, point[1] + down * step);
    } });
    const place = () => {
      const [x, y] = point;
      button.style.left = `${x * 100}%`;
      button.style.top = `${y * 100}%`;
      button.setAttribute("aria-label", `${name}: ${t("place", { x: Math.round(x * 100), y: Math.round(y * 100) })}`);
    };
    const go = (/** @type {number} */ x, /** @type {number} */ y) => {
      point = [inside(x), inside(y)];
      change(move(point));
      place();
      scene.querySelector("svg")?.replaceWith(drawing(regions()));
    };
    place();
    return button;
  }

  /** @param {Region[]} list @param {Region | undefined} region */
  function toolsFor(list, region) {
    /** @param {Child} word @param {() => void} run @param {boolean} [disabled] */
    const tool = (word, run, disabled) =>
      h("button.btn", { type: "button", disabled, onclick: () => {
        run();
        draw();
      } }, word);
    const buttons = list.length < MOST_REGIONS ? [tool([icon("plus"), t("add_region")], add)] : [];
    if (!region) return buttons;
    const { polygon } = region;
    const remove = tool([icon("trash"), t("remove_region")], () => put(list.toSpliced(chosen, 1)));
    remove.classList.add("bare", "bad");
    return [...buttons, tool(t("add_corner"), () => change(withCorner), polygon.length >= MOST_CORNERS),
      tool(t("remove_corner"), () => change(() => ({ polygon: polygon.slice(0, -1) })), polygon.length <= 3),
      tool(t("turn_arrow"), () => change(({ arrow: [from, to] }) => ({ arrow: [to, from] }))), remove];
  }

  function add() {
    const list = regions();
    chosen = list.length;
    put([...list, { ...NEW, roi_id: list[0]?.roi_id === 1 ? 2 : 1 }]);
    say(t("region_added"));
  }

  panel.replaceChildren(
    h("section.card.stack", { "data-field": NAME },
      h("header", {}, h("h2", {}, t("sub_regions")), h("p", {}, t("regions_text"))), none, pick, scene, trouble, tools,
      missing),
  );
  draw();
  return draft.listen(() => {
    if (!scene.contains(document.activeElement)) draw();
  });
}

/** @param {Point} point */
const percent = ([x, y]) => `${x * 100},${y * 100}`;

/** A coordinate, inside the picture. @param {number} part */
const inside = (part) => Math.round(Math.min(1, Math.max(0, part)) * 1000) / 1000;

/** One corner more, in the middle of the longest side. @param {Region} region */
function withCorner({ polygon }) {
  const sides = polygon.map(([x, y], index) => {
    const [nextX, nextY] = polygon[(index + 1) % polygon.length] ?? [x, y];
    /** @type {Point} */
    const middle = [(x + nextX) / 2, (y + nextY) / 2];
    return { index, long: Math.hypot(nextX - x, nextY - y), middle };
  });
  const longest = sides.reduce((a, b) => b.long > a.long ? b : a);
  return { polygon: polygon.toSpliced(longest.index + 1, 0, longest.middle) };
}

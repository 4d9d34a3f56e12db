"""What is wrong with how a window looks: text that is cut, and things that lie over each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.web.chromium import violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

SETTLED = """async () => {
  while (openFetches) await new Promise((done) => setTimeout(done, 20));
  const pictures = [...document.images].filter((one) => one.checkVisibility());
  await Promise.all(pictures.map((one) => one.decode().catch(() => {})));
}"""

# Boxes are compared within a layer: what floats (header, tabs of a phone, save bar, messages) lies over the content by
# intent, but not over its like; an open dialog lies over everything.
FAULTS = r"""() => {
const SLACK = 1.5;
const CONTROLS = "a[href], button, input, select, textarea, summary, .head .brand span, .head .state";
const root = document.querySelector("dialog[open]") ?? document.body;
const found = [];
const named = (one) => one.outerHTML.replace(/\s+/g, " ").slice(0, 110);
const wide = ({ left, right }) => right - left;
const high = ({ top, bottom }) => bottom - top;
const meet = (a, b) => ({ left: Math.max(a.left, b.left), right: Math.min(a.right, b.right),
  top: Math.max(a.top, b.top), bottom: Math.min(a.bottom, b.bottom) });
const above = (one) => one && one !== document.documentElement ? [one, ...above(one.parentElement)] : [];
const unseen = (one) => above(one).some((up) => up.matches(".unseen, .skip")
  || getComputedStyle(up).clipPath === "inset(50%)");
const visible = (one) => one.checkVisibility({ visibilityProperty: true }) && !unseen(one);
const layer = (one) => above(one).some((up) => ["fixed", "sticky"].includes(getComputedStyle(up).position));
const scrolls = (one) => /auto|scroll/.test(getComputedStyle(one).overflow)
  && (one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight);
const shown = (ups, box) => ups.filter((up) => getComputedStyle(up).overflow !== "visible")
  .reduce((rest, up) => meet(rest, up.getBoundingClientRect()), box);

const sheet = document.documentElement;
const beyond = sheet.scrollWidth - sheet.clientWidth;
if (beyond > 0) found.push(`the page is ${beyond} px too wide`);

const lines = [];
const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const holder = node.parentElement;
  if (!node.data.trim() || !holder || holder.matches("option, script, style") || !visible(holder)) continue;
  const ups = above(holder);
  const scroller = ups.findIndex(scrolls);
  const bounds = (scroller < 0 ? ups : ups.slice(0, scroller))
    .filter((up) => getComputedStyle(up).overflowX !== "visible");
  const range = document.createRange();
  range.selectNodeContents(node);
  for (const box of range.getClientRects()) {
    if (wide(box) < 1) continue;
    const core = { ...meet(box, box), top: box.top + high(box) / 4, bottom: box.bottom - high(box) / 4 };
    const cut = bounds.map((up) => up.getBoundingClientRect()).some((up) => core.left < up.left - SLACK
      || core.right > up.right + SLACK || core.top < up.top || core.bottom > up.bottom);
    const gone = scroller < 0 && (box.left < -SLACK || box.right > innerWidth + SLACK);
    if (cut || gone) found.push(`cut: ${named(holder)}`);
    const rest = shown(ups, core);
    if (wide(rest) > 0 && high(rest) > 0) lines.push({ one: holder, node, layer: layer(holder), box: rest });
  }
  if (!scrolls(holder) && holder.clientWidth && holder.scrollWidth > holder.clientWidth + SLACK) {
    found.push(`cut by ${holder.scrollWidth - holder.clientWidth} px: ${named(holder)}`);
  }
}
for (const input of root.querySelectorAll("input[placeholder]")) {
  if (!visible(input) || input.value) continue;
  const style = getComputedStyle(input);
  const pen = Object.assign(document.createElement("canvas").getContext("2d"), { font: style.font });
  const room = input.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  if (pen.measureText(input.placeholder).width > room + SLACK) found.push(`placeholder cut: ${named(input)}`);
}

function overlaps(all, what) {
  all.forEach((a, index) => all.slice(index + 1).forEach((b) => {
    if (a.layer !== b.layer || a.node && a.node === b.node) return;
    if (!a.node && (a.one.contains(b.one) || b.one.contains(a.one))) return;
    const both = meet(a.box, b.box);
    if (wide(both) > SLACK && high(both) > SLACK) found.push(`${what} overlap: ${named(a.one)} AND ${named(b.one)}`);
  }));
}
const controls = [...root.querySelectorAll(CONTROLS)].filter(visible)
  .map((one) => ({ one, layer: layer(one), box: shown(above(one).slice(1), one.getBoundingClientRect()) }));
overlaps(controls.filter(({ box }) => wide(box) > 0 && high(box) > 0), "controls");
overlaps(lines, "texts");
return [...new Set(found)];
}"""


def faults(page: Page) -> list[str]:
    """Text that is cut or leaves the window, and controls and texts that overlap, in what the window shows now."""
    found: Any = page.evaluate(FAULTS)
    return [str(one) for one in found]


def well(page: Page, state: str) -> None:
    """Hold a state to it: it is there for everyone, and nothing in it is cut or overlaps."""
    page.evaluate(SETTLED)
    wrong = [*faults(page), *violations(page)]
    assert wrong == [], state

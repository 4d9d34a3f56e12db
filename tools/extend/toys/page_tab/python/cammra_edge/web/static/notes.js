// NOTES: what the camera's owner wants to remember, kept in this browser.

import { h, t } from "./lib.js";

/** @type {Tab} */
export function notesTab(main) {
  const text = h("textarea", { "aria-label": t("tab_notes"), rows: 10 });
  text.value = localStorage.getItem("notes") ?? "";
  text.addEventListener("input", () => localStorage.setItem("notes", text.value));
  main.replaceChildren(h("div.title", {}, h("h1", {}, t("tab_notes"))), text);
}

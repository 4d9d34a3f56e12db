"""Debian's Chromium, driven by the tests."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import resources
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from tests.servers import require_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request

# Debian's build talks to nobody with these; without a sandbox because tests run as root in containers.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]

COUNT_FETCHES = """
window.openFetches = 0;
const plainFetch = window.fetch;
window.fetch = async (...given) => {
  window.openFetches += 1;
  const done = () => setTimeout(() => { window.openFetches -= 1; });
  try {
    const answer = await plainFetch(...given);
    answer.clone().text().then(done, done);
    return answer;
  } catch (error) { done(); throw error; }
};
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium."""
    program = require_program("chromium", apt="chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def window(
    browser: Browser, *, width: int = 1440, height: int = 1000, scheme: str = "light"
) -> Iterator[Page]:
    """A window of its own; afterwards nothing may have gone wrong in it, nor asked another host."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]  # light or dark
        reduced_motion="reduce",
        bypass_csp=False,
    )
    context.add_init_script(COUNT_FETCHES)
    page = context.new_page()
    page.set_default_timeout(60_000)
    wrong: list[str] = []
    hosts: set[str] = set()

    def note_console(said: ConsoleMessage) -> None:
        if "Content Security" in said.text:
            wrong.append(said.text)

    def note_dialog(dialog: Dialog) -> None:
        wrong.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def note_request(asked: Request) -> None:
        if asked.url.startswith(("http:", "https:", "ws:")):
            hosts.add(asked.url.split("/")[2].partition(":")[0])

    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", note_console)
    page.on("dialog", note_dialog)
    page.on("request", note_request)
    try:
        yield page
        assert wrong == []
        assert hosts <= {"127.0.0.1"}
    finally:
        context.close()


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with what the window shows now."""
    source = (
        resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    )
    page.evaluate(source)
    found: Any = page.evaluate(
        "async () => (await axe.run(document, {resultTypes: ['violations'], runOnly: "
        "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})).violations"
    )
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for one in found
        for node in one["nodes"]
    ]

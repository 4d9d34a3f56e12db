"""Plate lists in and out as CSV, as spreadsheets of several countries write and read it."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge import ListEntry, PlateList
from cammra_edge.web import serve_page
from tests.web.chromium import chromium, window
from tests.web.installer import enter, save
from tests.web.still import StillEngine, still_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NOTES = ("=HYPERLINK(1)", "+1", "-2", "@SUM(A1)", 'a "gate"; north, and south', "'tis ours")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("lists")
    entries = tuple(
        ListEntry(pattern=f"1AB000{number}", description=note) for number, note in enumerate(NOTES)
    )
    staff = PlateList("staff", "allow", entries=entries)
    engine = StillEngine(replace(still_settings(folder), plate_lists=(staff,)))
    with (
        serve_page(engine, port=0, folder=folder / "page", say=False) as served,
        chromium() as browser,
        window(browser) as page,
    ):
        enter(page, served, "lists")
        yield page


def plates(page: Page) -> str:
    return page.get_by_label("Plates", exact=True).input_value()


def bring(page: Page, content: bytes) -> list[str]:
    """The lines that a file's import leaves in the form."""
    page.locator("#csv-0").set_input_files(
        {"name": "plates.csv", "mimeType": "text/csv", "buffer": b"0ZZ0000\r\n"}
    )
    page.wait_for_function("() => document.querySelector('#plates-0').value === '0ZZ0000'")
    page.locator("#csv-0").set_input_files(
        {"name": "plates.csv", "mimeType": "text/csv", "buffer": content}
    )
    page.wait_for_function("() => document.querySelector('#plates-0').value !== '0ZZ0000'")
    return plates(page).splitlines()


def test_what_goes_out_holds_no_formula_and_comes_back_as_it_was(
    page: Page, tmp_path: Path
) -> None:
    before = plates(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="As CSV").click()
    file = tmp_path / "staff.csv"
    download.value.save_as(file)
    assert file.read_bytes().startswith(b"\xef\xbb\xbf"), "or Excel guesses the letters"
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline="")))
    assert [row["description"] for row in rows] == [
        f"'{note}" if note[0] in "=+-@" else note for note in NOTES
    ]
    assert bring(page, file.read_bytes()) == before.splitlines()


@pytest.mark.parametrize(
    "content",
    [
        b"sep=;\r\nplate;description\r\n1AB1234;gate\r\n2CD5678;\r\n",
        b'"sep=;"\r\n1AB1234;gate\r\n2CD5678;\r\n',
        b"1AB1234,gate\n2CD5678\n",
        b"1AB1234;gate\r2CD5678\r",
        b"\xef\xbb\xbfplate\tnote\n1AB1234\tgate\n2CD5678\t\n\n",
        '\ufeff"Kennzeichen";"Bemerkung"\r\n"1AB1234";"gate"\r\n"2CD5678"\r\n'.encode("utf-16-le"),
        "Matrícula;Descripción\n1AB1234;gate\n2CD5678".encode("cp1252"),
        "Numéro d'immatriculation,Nom\n1AB1234,gate\n2CD5678,".encode(),
        b"Nr rejestracyjny;Opis\n1AB1234;gate\n2CD5678;",
        b"SPZ;Popis\n1AB1234;gate\n2CD5678;",
        b"Registreringsnummer;Namn\n1AB1234;gate\n2CD5678;",
        "Rendszám;Név\n1AB1234;gate\n2CD5678;".encode(),
        "Госномер;Имя\n1AB1234;gate\n2CD5678;".encode(),
    ],
)
def test_whatever_a_spreadsheet_wrote_is_read(page: Page, content: bytes) -> None:
    assert bring(page, content) == ["1AB1234, gate", "2CD5678"]


def test_quotes_hold_separators_and_line_ends(page: Page) -> None:
    content = b'plate;description\r\n1AB1234;"a ""gate"";\r\nnorth"\r\n" 2CD5678 ";b, c\r\n'
    assert bring(page, content) == ['1AB1234, "a ""gate""; north"', '2CD5678, "b, c"']


def test_a_first_plate_is_no_heading_and_all_of_it_is_saved(page: Page) -> None:
    assert bring(page, b"1AB1234\n2CD*\n") == ["1AB1234", "2CD*"]
    page.get_by_text("2 plates", exact=True).wait_for()
    save(page)

"""Templates: what is refused when they are read, what comes out, and that no text breaks out of its place."""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from dataclasses import replace
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from cammra_edge.errors import ConfigError
from cammra_edge.model import Body
from cammra_edge.payload import render
from cammra_edge.profile import PRESETS, Preset, Profile, Template, preset_text
from tests.payload.events import BOUNDARY_KEY, EVENT, JPEGS, SAMPLE_DEVICE

if TYPE_CHECKING:
    from cammra_edge.model import Event

GOLDEN = Path(__file__).parents[1] / "golden" / "presets"
ANY = st.text(max_size=40)


def body(protocol: Template, event: Event = EVENT, device_id: str = "GATE-1") -> Body:
    profile = Profile("p", protocol, two_images=True, device_id=device_id, events={"new"})
    message = render(
        event,
        JPEGS,
        profile=profile,
        profile_id=1,
        device=SAMPLE_DEVICE,
        packet=7,
        boundary_key=BOUNDARY_KEY,
    )
    assert isinstance(message, Body)
    return message


def own(escape: str, text: str, content_type: str = "text/plain") -> Template:
    quoted = json.dumps(text)
    return Template(
        "h", template=f'content_type="{content_type}"\nescape="{escape}"\nbody={quoted}'
    )


def filled(escape: str, text: str, event: Event = EVENT) -> str:
    return body(own(escape, text), event).content.decode()


def reading(text: str) -> Event:
    return replace(EVENT, plate=replace(EVENT.plate, text=text))


# ---- golden files, named by receiver --------------------------------------------------------------


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_gives_its_golden_bytes(name: Preset) -> None:
    message = body(Template("h", preset=name))
    golden = GOLDEN / f"{name}.bin"
    assert golden.exists(), f"no golden file for {name}"
    assert (
        f"Content-Type: {message.content_type}\r\n\r\n".encode() + message.content
        == golden.read_bytes()
    )


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_a_template_that_can_be_changed(name: Preset) -> None:
    text = preset_text(name)
    assert body(Template("h", template=text)) == body(Template("h", preset=name))
    assert tomllib.loads(text)["title"]


@pytest.mark.parametrize("name", PRESETS)
@given(text=ANY)
def test_no_text_breaks_out_of_any_preset(name: Preset, text: str) -> None:
    event = replace(
        reading(text), plate=replace(EVENT.plate, text=text, country=text, region_code=text)
    )
    for content_type, content in pieces(body(Template("h", preset=name), event)):
        if "json" in content_type or content.startswith(b"{"):
            json.loads(content)
        elif "xml" in content_type:
            etree.fromstring(content)
        elif "csv" in content_type:
            (row,) = csv.reader(io.StringIO(content.decode()))
            assert len(row) == 9


def pieces(message: Body) -> list[tuple[str, bytes]]:
    if not message.content_type.startswith("multipart/"):
        return [(message.content_type, message.content)]
    header = b"Content-Type: " + message.content_type.encode() + b"\r\n\r\n"
    parsed = BytesParser(policy=HTTP).parsebytes(header + message.content)
    return [
        (part.get_content_type(), bytes(part.get_payload(decode=True) or b""))
        for part in parsed.iter_parts()
    ]


# ---- escaping -----------------------------------------------------------------------------------------


@given(ANY)
def test_xml_keeps_a_text_in_its_element_and_attribute(text: str) -> None:
    root = etree.fromstring(filled("xml", '<a b="{{plate}}"><c>{{plate}}</c></a>', reading(text)))
    known = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", text)
    assert root.get("b") == (root.findtext("c") or "") == known
    assert len(root) == 1


@given(ANY)
def test_json_gives_the_text_back(text: str) -> None:
    assert json.loads(filled("json", '{"a":"{{plate}}"}', reading(text))) == {"a": text}


@given(ANY)
def test_csv_keeps_its_columns(text: str) -> None:
    (row,) = csv.reader(
        io.StringIO(filled("csv", "{{plate}},{{event_id}},{{plate}}", reading(text)))
    )
    assert len(row) == 3
    assert row[1] == EVENT.event_id


@given(ANY)
def test_a_url_keeps_its_parameters(text: str) -> None:
    said = parse_qs(
        filled("url", "a={{plate}}&b={{packet}}", reading(text)), keep_blank_values=True
    )
    assert said == {"a": [text.encode(errors="replace").decode()], "b": ["7"]}


@given(ANY)
def test_raw_keeps_its_line(text: str) -> None:
    assert len(filled("raw", "{{plate}}|{{packet}}", reading(text)).splitlines()) <= 1 + text.count(
        "\x85"
    )


def test_what_a_field_holds_is_not_read_as_a_template() -> None:
    assert filled("raw", "{{plate}}", reading("{{serial}}{{#image}}")) == "{{serial}}{{#image}}"


# ---- formats --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("{{plate:lower}}", "hwr6677"),
        ("{{plate:3}}", "HWR"),
        ("{{packet:06}}", "000007"),
        ("{{confidence}}", "0.73721"),
        ("{{confidence:percent}}", "74"),
        ("{{confidence:.2}}", "0.74"),
        ("{{time}}", "2023-12-11T12:27:05.507Z"),
        ("{{time:iso_local}}", "2023-12-11T14:27:05.507+02:00"),
        ("{{time:unix}}", "1702297625"),
        ("{{time:unix_ms}}", "1702297625507"),
        ("{{time:local %d.%m.%Y %H:%M:%S.%v}}", "11.12.2023 14:27:05.507"),
        ("{{time:%Y%m%dT%H%M%S%z}}", "20231211T122705+0000"),
        ("{{plate_image}}", "/9j/4HBsYXRl/9k="),
        ("{{#plate_image}}x{{/plate_image}}{{#list_name}}y{{/list_name}}", "x"),
        ("{{#plate}}{{#list_name}}a{{/list_name}}b{{/plate}}", "b"),
        ("{ {a}} }", "{ {a}} }"),
    ],
)
def test_formats(text: str, made: str) -> None:
    assert filled("raw", text) == made


@pytest.mark.parametrize(
    "text",
    [
        "{{nothing}}",
        "{{plate",
        "{{ plate }}",
        "{{plate.__class__}}",
        "{{plate:percent}}",
        "{{time:%s}}",
        "{{packet:99}}",
        "{{confidence:.99}}",
        "{{image:hex}}",
        "{{#plate}}",
        "{{/plate}}",
        "{{#plate}}{{#country}}{{/plate}}{{/country}}",
        "{{#plate:upper}}{{/plate}}",
        "{{#plate}}" * 9 + "{{/plate}}" * 9,
        "{{}}",
    ],
)
def test_a_bad_text_is_refused_when_it_is_read(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^Template: template is .* \(body"):
        own("raw", text)


@pytest.mark.parametrize(
    "template",
    [
        "= nonsense",
        'escape="xml"',
        'escape="html"\nbody=""',
        'body="x"',
        'escape="raw"\nbody=7',
        'escape="raw"\nbody=""\nparts=[]',
        'escape="raw"\nparts=[]',
        'escape="raw"\nparts=[1]',
        'escape="raw"\nrun="rm"\nbody=""',
        'escape="raw"\ncontent_type="a\\r\\nX: y"\nbody=""',
        'escape="raw"\n[[parts]]\nname="a\\"b"\ncontent=""',
        'escape="raw"\n[[parts]]\nname="a"\ncontent=""\nimage="image"',
        'escape="raw"\n[[parts]]\nname="a"\nimage="plate"',
        'escape="raw"\n[[parts]]\nname="a"\nfilename="../x y"\ncontent=""',
        'escape="raw"\nbody="' + "x" * 70_000 + '"',
    ],
)
def test_a_bad_template_is_refused_when_it_is_read(template: str) -> None:
    with pytest.raises(ConfigError, match=r"^Template: template is"):
        Template("h", template=template)


@given(st.text(max_size=200) | st.text("{}#/:plate_imgcounry%.\n", max_size=60))
def test_any_text_is_refused_or_can_be_filled(text: str) -> None:
    try:
        protocol = Template("h", template=f"escape='json'\nbody='''{text}'''")
    except ConfigError:
        return
    body(protocol)


@given(ANY)
def test_a_file_name_made_of_a_plate_stays_in_its_folder(text: str) -> None:
    template = 'escape="raw"\n[[parts]]\nname="a"\nfilename="x{{plate}}.jpg"\nimage="image"'
    ((name),) = re.findall(
        rb'filename="([^"\r\n]*)"', body(Template("h", template=template), reading(text)).content
    )
    assert re.fullmatch(rb"[A-Za-z0-9._-]{1,120}", name)
    assert not name.startswith(b".")

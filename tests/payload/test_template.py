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
from cammra_edge.fields import settings_of
from cammra_edge.message import Body
from cammra_edge.model import ListMatch, Rect, Repeat
from cammra_edge.payload import render
from cammra_edge.profile import (
    PROTOCOLS,
    SHIPPED,
    Profile,
    Protocol,
    Template,
    preset_text,
)
from cammra_edge.profile.protocols.templated import Templated
from tests.payload.events import BOUNDARY_KEY, EVENT, JPEGS, SAMPLE_DEVICE

if TYPE_CHECKING:
    from cammra_edge.model import Event

GOLDEN = Path(__file__).parents[1] / "golden" / "presets"
ANY = st.text(max_size=40)


def shipped(name: str) -> Protocol:
    """The protocol whose template that is."""
    for cls in PROTOCOLS.values():
        if issubclass(cls, Templated) and cls is not Template and cls("h").preset_name() == name:
            return cls("h")
    return Template("h", preset=name)  # type: ignore[arg-type]  # one of the presets, then


def body(protocol: Protocol, event: Event = EVENT, device_id: str = "GATE-1") -> Body:
    profile = Profile("p", protocol, two_images=True, device_id=device_id, events={"lost"})
    specs = {spec.kind: spec for spec in profile.image_specs()}
    images = tuple(
        replace(image, spec=specs.get(image.spec.kind, image.spec)) for image in event.images
    )
    message = render(
        replace(event, images=images),
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


def test_what_came_before_an_event_is_told() -> None:
    first_ns, last_ns = EVENT.first_utc_ns, EVENT.at_utc_ns + 3_000_000_000
    event = replace(
        EVENT,
        previous_plate="HWR66",
        changed=("plate", "direction"),
        reliable_by="timeout",
        last_utc_ns=last_ns,
        repeat=Repeat(count=4, first_utc_ns=first_ns, last_utc_ns=last_ns),
        listed=ListMatch(name="watched", meant="HWR6678"),
    )
    text = (
        "{{previous_plate}} {{changed}} {{reliable_by}} {{repeat_count}} {{list_meant}}"
        " {{first_time:unix}} {{last_time:unix}}"
    )
    assert filled("raw", text, event) == (
        "HWR66 plate,direction timeout 4 HWR6678 1702297625 1702297628"
    )
    unknown = "{{^previous_plate}}{{^reliable_by}}{{^list_meant}}-{{/list_meant}}{{/reliable_by}}{{/previous_plate}}"
    bare = replace(EVENT, previous_plate="", reliable_by=None, last_utc_ns=None, repeat=None)
    assert filled("raw", unknown + "{{repeat_count}} {{last_time:unix}}", bare) == "-0 1702297625"


def reading(text: str) -> Event:
    return replace(EVENT, plate=replace(EVENT.plate, text=text))


# ---- golden files, named by receiver --------------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_every_preset_gives_its_golden_bytes(name: str) -> None:
    message = body(shipped(name))
    golden = GOLDEN / f"{name}.bin"
    assert golden.exists(), f"no golden file for {name}"
    assert (
        f"Content-Type: {message.content_type}\r\n\r\n".encode() + message.content
        == golden.read_bytes()
    )


@pytest.mark.parametrize("name", SHIPPED)
def test_a_preset_is_a_template_that_can_be_changed(name: str) -> None:
    text = preset_text(name)
    assert body(Template("h", template=text)) == body(shipped(name))
    assert tomllib.loads(text)["title"]


@pytest.mark.parametrize("name", SHIPPED)
@given(text=ANY)
def test_no_text_breaks_out_of_any_preset(name: str, text: str) -> None:
    event = replace(
        reading(text), plate=replace(EVENT.plate, text=text, country=text, region_code=text)
    )
    for content_type, content in pieces(body(shipped(name), event)):
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
    query = parse_qs(
        filled("url", "a={{plate}}&b={{packet}}", reading(text)), keep_blank_values=True
    )
    assert query == {"a": [text.encode(errors="replace").decode()], "b": ["7"]}


@given(ANY)
def test_raw_keeps_its_line(text: str) -> None:
    assert len(filled("raw", "{{plate}}|{{packet}}", reading(text)).splitlines()) <= 1 + text.count(
        "\x85"
    )


def test_what_a_field_holds_is_not_read_as_a_template() -> None:
    assert filled("raw", "{{plate}}", reading("{{serial}}{{#image}}")) == "{{serial}}{{#image}}"


# ---- formats --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "want"),
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
        ("{{time:local %H:%M:%S.%f%:z}}", "14:27:05.507641+02:00"),
        ("{{time:utc %S%:z}}", "05+00:00"),
        ("{{time:unix_us}}", "1702297625507641"),
        ("{{first_time}} {{event_time}}", "2023-12-11T12:27:05.100Z 2023-12-11T12:27:05.507Z"),
        ("{{image_time:%f}}", "954662"),
        ("{{direction:map in=forward out=reverse}}", "reverse"),
        ("{{direction:map in=0 *=1}}{{event:map new=a}}", "1update"),
        ("{{list_name:map =none *=some}}{{roi:map 1=a 2=b}}", "nonea"),
        ("{{vehicle_type:map CAR=}}|", "|"),
        ("{{plate_ascii:3}}{{country:url}}{{country_2}}{{iso3166_2}}", "HWRDEUDE"),
        ("{{plate_left}} {{plate_top}} {{plate_right}} {{plate_bottom}}", "514 570 634 598"),
        ("{{plate_left:image}} {{plate_top:image}} {{plate_right:image}}", "114 270 234"),
        ("{{vehicle_width:image}}", "0"),
        ("{{char_confidences}}", "74,74,74,74,74,74,74"),
        ("{{event_number:02}} {{device_number}} {{image_count}}", "02 1 2"),
        ("{{vehicle_confidence}} {{colour_confidence:percent}}", "1.0 100"),
        ("{{image_width}}x{{image_height}}", "640x400"),
        ("{{^list_name}}a{{/list_name}}{{^plate}}b{{/plate}}", "a"),
        ("{{access_point}}", "1"),
        ("{{plate_image}}", "/9j/4HBsYXRl/9k="),
        ("{{#plate_image}}x{{/plate_image}}{{#list_name}}y{{/list_name}}", "x"),
        ("{{#plate}}{{#list_name}}a{{/list_name}}b{{/plate}}", "b"),
        ("{ {a}} }", "{ {a}} }"),
    ],
)
def test_formats(text: str, want: str) -> None:
    assert filled("raw", text) == want


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
        "{{plate:map}}",
        "{{plate:map a}}",
        "{{plate:map a=b=c}}",
        "{{confidence:map 1=2}}",
        "{{roi:image}}",
        "{{^plate}}",
        "{{time:local %:}}",
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
        'escape="raw"\nmethod="GET"\nbody=""',
        'escape="raw"\nmethod="DELETE"\nbody=""',
        'escape="raw"\npath="topics"\nbody=""',
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


def test_a_box_is_cut_to_the_picture_and_grows_and_shrinks_with_it() -> None:
    text = "{{plate_left:image}},{{plate_top:image}},{{plate_width:image}},{{plate_height:image}}"
    template = own("raw", text)
    whole = replace(EVENT, plate_box=Rect(900, 300, 1020, 780))
    assert body(template, whole).content == b"500,0,140,400"
    profile = Profile("p", template, image="downsized frame")
    message = render(
        whole,
        JPEGS,
        profile=profile,
        profile_id=1,
        device=SAMPLE_DEVICE,
        packet=7,
        boundary_key=BOUNDARY_KEY,
    )
    assert isinstance(message, Body)
    assert message.content == b"300,100,340,260"


def test_a_box_is_the_frame_s_where_no_picture_goes() -> None:
    message = body(own("raw", "{{plate_left:image}}"), replace(EVENT, images=()))
    assert message.content == b"514"


@pytest.mark.parametrize(
    ("template", "url", "method", "target"),
    [
        ('method="GET"', "h/open?p={{plate:3}}&d={{direction:map%20in=i%20out=o}}", "GET", "/open?p=HWR&d=o"),
        ('method="PUT"\nbody=""', "h/{{plate}}", "PUT", "/HWR6677"),
        ('body=""\npath="/topics/{{roi}} x?t={{time:local %d %H}}"', "h", "POST", "/topics/1%20x?t=11%2014"),
        ('body=""\npath="/topics/{{roi}}"', "h/mine", "POST", ""),
        ('body=""', "h", "POST", ""),
    ],
)  # fmt: skip
def test_a_method_and_fields_in_path_and_query(
    template: str, url: str, method: str, target: str
) -> None:
    message = body(Template(url, template=f'escape="raw"\n{template}'))
    assert (message.method, message.target) == (method, target)


@given(ANY)
def test_a_plate_stays_in_its_parameter_of_the_url(text: str) -> None:
    protocol = Template("h/a?p={{plate}}&q=1", template='escape="raw"\nmethod="GET"')
    query = parse_qs(body(protocol, reading(text)).target.partition("?")[2], keep_blank_values=True)
    assert query == {"p": [text.encode(errors="replace").decode()], "q": ["1"]}


@pytest.mark.parametrize("url", ["h/{{nothing}}", "h/{{plate", "h/{{plate:percent}}"])
def test_a_bad_field_in_the_url_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^Template: server_url is "):
        Template(url, template='escape="raw"\nmethod="GET"')


def test_a_script_may_give_the_path_of_a_template(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('escape="raw"\nbody="{{plate}}"')
    for given_path in (path, str(path)):
        assert body(Template("h", template=given_path)).content == b"HWR6677"
    with pytest.raises(ConfigError, match="the path of a file"):
        Template("h", template=tmp_path / "other.toml")
    with pytest.raises(ConfigError, match="a template as TOML"):
        settings_of(Template)["template"].check.read(str(path))


@given(st.text(max_size=200) | st.text("{}#^/:plate_imgcounry%.= \n", max_size=60))
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

"""The camera's `cloud.cgi` file, in and out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from cammra_edge.config.cloud import cloud_from_fields, fields_from_cloud
from cammra_edge.config.flat import profile_from_flat, unfilled
from cammra_edge.errors import ConfigError

# The element names and values of the vendor's published sample; the URL in it is http://10.0.5.223:5002.
SAMPLE = b"""<?xml version="1.0" encoding="utf-8" ?>
<cloud_config>
    <url>aHR0cDovLzEwLjAuNS4yMjM6NTAwMg==</url> <latitude>55.70421</latitude> <longitude>13.19366</longitude>
    <sensorProviderID>defaultID</sensorProviderID> <protocol>1</protocol> <enable>false</enable>
    <skip_image_in_post>false</skip_image_in_post> <event_new>true</event_new> <event_update>false</event_update>
    <event_lost>false</event_lost> <use_multipart>true</use_multipart> <use_event_buffer>true</use_event_buffer>
    <user /> <password /> <http_auth_type>0</http_auth_type> <send_second_image>false</send_second_image>
    <second_image_type>21</second_image_type> <path_template /> <x_auth_key />
</cloud_config>"""


def test_the_vendor_s_sample_becomes_a_profile() -> None:
    fields = fields_from_cloud(SAMPLE)
    assert fields["server_url"] == "http://10.0.5.223:5002"
    assert fields["events"] == ["new"]
    made = profile_from_flat("x", unfilled("Profile 1") | fields)
    assert (made.enabled, made.device_id, made.latitude) == (False, "defaultID", 55.70421)


def test_the_vendor_s_sample_comes_back_element_by_element() -> None:
    fields = unfilled("Profile 1") | fields_from_cloud(SAMPLE)
    back = etree.fromstring(cloud_from_fields(fields, secrets=True).encode())
    wanted = etree.fromstring(SAMPLE)
    assert [(one.tag, one.text or "") for one in back] == [
        (one.tag, one.text or "") for one in wanted
    ]


def test_a_profile_comes_back_from_the_file() -> None:
    fields = unfilled("Profile 1") | {
        "protocol": "FTP", "server_url": "ftp://10.0.3.241:21", "user": "cäm", "password": "p<&>", "events": ["lost"],
        "image": None, "enabled": True, "path": "#M/%Y", "naming": "#PLATE",
    }  # fmt: skip
    back = fields_from_cloud(cloud_from_fields(fields, secrets=True).encode())
    assert {name: back[name] for name in back if back[name] != fields[name]} == {}


def test_secrets_are_left_out_unless_asked_for() -> None:
    fields = unfilled("Profile 1") | {"password": "s3cret", "auth_header": "x-key: k3y"}
    assert "czNjcmV0" not in cloud_from_fields(fields)
    assert "k3y" not in cloud_from_fields(fields)


@pytest.mark.parametrize(
    "xml",
    [
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><cloud_config><url>&b;</url></cloud_config>',
        b'<!DOCTYPE a [<!ENTITY b "bb">]><cloud_config><user>&b;</user></cloud_config>',
        b"<cloud_config><a><b/></a></cloud_config>",
        b"<other/>",
        b'<?xml version="1.0" encoding="foo"?><cloud_config/>',
        b'<?xml version="1.0" encoding="shift_jis"?><cloud_config/>',
        b"<cloud_config><url>!</url></cloud_config>",
        b"<cloud_config><protocol>7</protocol></cloud_config>",
        b"",
    ],
)
def test_a_hostile_or_foreign_file_is_refused(xml: bytes) -> None:
    with pytest.raises(ConfigError):
        fields_from_cloud(xml)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_record_or_a_config_error(xml: bytes) -> None:
    fields: object = {}
    try:
        fields = fields_from_cloud(b"<cloud_config>" + xml + b"</cloud_config>")
    except ConfigError:
        fields = {}
    assert isinstance(fields, dict)

"""The text of an event whose pictures were forgotten, packed: a zlib stream (RFC 1950) over a preset dictionary.

A record says the same names and words each time; the dictionary holds them, so that a stream is little more than what
its event alone has to say. A stream names its dictionary by its checksum and ends with one of what it holds. Its first
byte is `x`, that of JSON is `{`: what is too long to be packed stays JSON.

What is packed is read with the dictionary that it names, for good: another one goes beside this, never in its place.
Held by `tests/outbox/test_packing.py`.
"""

from __future__ import annotations

import zlib

MOST_BYTES = 64 << 10
"""Of a text that is packed: a stream that would become longer is not believed."""

_DICTIONARY = (
    b'"description":"","meant":""},"test":true}"MOTORCYCLE""PICKUP""SUV""VAN""BUS""TRUCK""CAR""rear""front"'
    b'"BROWN""YELLOW""ORANGE""PURPLE""PINK""BEIGE""GOLD""GREEN""SILVER""RED""BLUE""GRAY""GREY""WHITE""BLACK"'
    b'"Suzuki","model":"Mitsubishi","model":"Subaru","model":"Volvo","model":"SEAT","model":"Honda","model":"MAN",'
    b'"model":"Scania","model":"Iveco","model":"DAF","model":"Tesla","model":"MINI","model":"Nissan","model":"Mazda",'
    b'"model":"Dacia","model":"Citroen","model":"Kia","model":"Hyundai","model":"Fiat","model":"Opel","model":"Renault",'
    b'"model":"Peugeot","model":"Toyota","model":"Ford","model":"Audi","model":"BMW","model":"Mercedes-Benz",'
    b'"model":"Skoda","model":"Volkswagen","model":"'
    b'"USA""PRT""LTU""LVA""EST""NOR""FIN""DNK""SWE""BEL""NLD""GBR""ESP""FRA""ITA""CHE""HRV""SVN""SRB""BGR""ROU""UKR"'
    b'"TUR""HUN""POL""SVK""AUT""CZE""DEU""iso3166_2":"US-"region":"","region_code":"","iso3166_2":"DE-'
    b',"changed":["attributes"],["direction"],["region"],["plate"],"previous_plate":""reliable_by":"end""timeout"'
    b',"repeat":{"count":1,"first_utc_ns":17,"last_utc_ns":17},"image_text":"unknown""new""reliable""update",'
    b'"clock_synced":false,"final":false,"allow","block",'
    b'{"event_id":"","stream_id":"run-","vehicle_no":1,"car_id":1,"kind":"lost","ordinal":1,"at_utc_ns":17'
    b',"first_utc_ns":17,"last_utc_ns":17,"image_utc_ns":17,"plate":{"text":"","confidence":0.9,"country":"'
    b'","region":"","region_code":"","iso3166_2":""},"direction":"out","direction":"in","roi_id":2,"vehicle_box":['
    b'],"plate_box":[],"info":{"view":"front","kind":"CAR","colour":"BLACK","make":"","model":"'
    b'","confidence_mmr":0.9,"confidence_colour":0.9},"changed":["plate"],"previous_plate":""'
    b',"candidates":[{"text":"","confidence":0.9},{"text":"","confidence":0.0}],"reliable_by":"agreement","final":true'
    b',"clock_synced":true,"listed":{"name":"","mode":"allow","description":"'
)


def packed(text: bytes) -> bytes:
    """The JSON of an event, as it is stored without its pictures."""
    if len(text) > MOST_BYTES:
        return text
    packer = zlib.compressobj(zlib.Z_BEST_COMPRESSION, zdict=_DICTIONARY)
    return packer.compress(text) + packer.flush()


def unpacked(text: bytes) -> bytes:
    """The JSON of an event, packed or not.

    Raises:
        ValueError: It is damaged, or packed in a way that is not known.
    """
    if text[:1] == b"{":
        return text
    unpacker = zlib.decompressobj(zdict=_DICTIONARY)
    try:
        json = unpacker.decompress(text, MOST_BYTES)
    except zlib.error as error:
        raise ValueError(f"a packed text cannot be read: {error}") from error
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("a packed text ends too early, or too late")
    return json

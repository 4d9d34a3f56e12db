"""Digest and Basic against the RFCs' own vectors, and against nonsense."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.profile import Auth
from cammra_edge.sinks.challenge import Credentials, basic, parse

MUFASA = ("Mufasa", "Circle of Life")
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


def response(header: str, who: tuple[str, str], cnonce: str, *, body: bytes = b"") -> str:
    credentials = Credentials(Auth.DIGEST, *who)
    assert credentials.learn([header])
    (challenge,) = parse([header])
    credentials._uses = 1
    said = credentials._digest(challenge, "GET", "/dir/index.html", body, cnonce=cnonce)
    (parsed,) = parse([said])
    return parsed.params["response"]


def test_the_vectors_of_rfc_7616() -> None:
    assert response(RFC_7616.format("MD5"), MUFASA, CNONCE) == "8ca523f5e9506fed4657c9700eebdbec"
    sha256 = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
    assert response(RFC_7616.format("SHA-256"), MUFASA, CNONCE) == sha256


def test_the_vector_of_rfc_2617() -> None:
    header = (
        'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    assert (
        response(header, ("Mufasa", "Circle Of Life"), "0a4f113b")
        == "6629fae49393a05397450978507c4ef1"
    )


def test_a_digest_without_qop_is_the_one_of_rfc_2069() -> None:
    header = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    assert response(header, ("Mufasa", "CircleOfLife"), "x") == "1949323746fe6a43ef61f9606e7febea"


def test_a_session_keeps_the_key_of_its_first_request() -> None:
    """RFC 7616, 3.4.2: a server may make the key once, of the nonce and the first cnonce."""
    credentials = Credentials(Auth.DIGEST, "u", "p")
    assert credentials.learn(['Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256-sess'])
    said = [parse([str(credentials.header("POST", "/", b""))])[0].params for _ in range(2)]
    assert said[0]["cnonce"] == said[1]["cnonce"]
    assert [one["nc"] for one in said] == ["00000001", "00000002"]

    def hashed(*parts: str) -> str:
        return hashlib.sha256(":".join(parts).encode()).hexdigest()

    key = hashed(hashed("u", "r", "p"), "n", said[0]["cnonce"])
    for one in said:
        wanted = hashed(key, "n", one["nc"], one["cnonce"], "auth", hashed("POST", "/"))
        assert one["response"] == wanted


def test_auth_int_covers_the_body() -> None:
    header = 'Digest realm="r", nonce="n", qop="auth-int"'
    one = response(header, ("u", "p"), "c", body=b"one")
    assert one != response(header, ("u", "p"), "c", body=b"two")


def test_the_strongest_that_is_offered_is_taken() -> None:
    credentials = Credentials(Auth.AUTO, "u", "p")
    md5, sha = (
        f'Digest realm="r", nonce="n", qop="auth", algorithm={name}' for name in ("MD5", "SHA-256")
    )
    assert credentials.learn(
        ['Basic realm="r"', md5, sha, 'Digest realm="r", nonce="n", algorithm=UNHEARD-OF']
    )
    assert "algorithm=SHA-256" in str(credentials.header("POST", "/", b""))


def test_several_challenges_in_one_header() -> None:
    found = parse(['Negotiate, Digest realm="a, b=\\"c\\"", nonce=xyz, Basic realm="d"'])
    assert [(one.scheme, dict(one.params)) for one in found] == [
        ("negotiate", {}),
        ("digest", {"realm": 'a, b="c"', "nonce": "xyz"}),
        ("basic", {"realm": "d"}),
    ]


def test_quotes_in_a_realm_go_back_as_they_came() -> None:
    credentials = Credentials(Auth.DIGEST, 'u"x', "p")
    assert credentials.learn(['Digest realm="a \\"b\\" \\\\", nonce="n"'])
    said = str(credentials.header("POST", "/", b""))
    assert 'realm="a \\"b\\" \\\\"' in said
    assert 'username="u\\"x"' in said


def test_a_new_nonce_is_taken_over() -> None:
    credentials = Credentials(Auth.DIGEST, "u", "p")
    assert credentials.learn(['Digest realm="r", nonce="n1", qop="auth"'])
    credentials.header("POST", "/", b"")
    credentials.next_nonce('nextnonce="n2", qop=auth')
    said = str(credentials.header("POST", "/", b""))
    assert 'nonce="n2"' in said
    assert "nc=00000001" in said


def test_without_a_user_nothing_is_said() -> None:
    for auth in Auth:
        credentials = Credentials(auth, "", "p")
        assert not credentials.learn(['Basic realm="r"', 'Digest realm="r", nonce="n"'])
        assert credentials.header("POST", "/", b"") is None


def test_umlauts_are_utf_8() -> None:
    assert basic("jörg", "süß") == "Basic asO2cmc6c8O8w58="


@given(st.lists(st.text(max_size=80), max_size=4))
def test_nonsense_is_no_challenge_and_no_error(headers: list[str]) -> None:
    credentials = Credentials(Auth.AUTO, "u", "p")
    credentials.learn(headers)
    said = credentials.header("POST", "/", b"")
    assert said is None or said.startswith(("Basic ", "Digest "))
    credentials.next_nonce(" ".join(headers))

use super::{Answer, KEPT_HEAD_BYTES, LARGEST_BODY_BYTES, LARGEST_HEAD_BYTES, Progress};

fn read(bytes: &[u8]) -> Answer {
    let mut answer = Answer::default();
    answer.feed(bytes);
    answer
}

fn seen(answer: &Answer) -> (u16, Progress, bool, Vec<u8>, Vec<Vec<u8>>) {
    (
        answer.status(),
        answer.progress(),
        answer.is_reusable(),
        answer.body().to_vec(),
        answer.values("location").map(<[u8]>::to_vec).collect(),
    )
}

/// What came, its status, how far it has got, whether the connection may be used again.
const ANSWERS: &[(&[u8], u16, Progress, bool)] = &[
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK", 200, Progress::Whole, true),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nO", 200, Progress::Body, false),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, Progress::Whole, true),
    (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nOK", 200, Progress::Whole, true),
    (b"HTTP/1.1 204 No Content\r\n\r\n", 204, Progress::Whole, true),
    // Bytes that belong to no answer of ours.
    (b"HTTP/1.1 204 No Content\r\n\r\nbody", 204, Progress::Whole, false),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nOK", 200, Progress::Whole, false),
    (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOKHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        200,
        Progress::Whole,
        false,
    ),
    // Chunks.
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=\"y\"\r\nOK\r\n0\r\nA: b\r\n\r\n",
        200,
        Progress::Whole,
        true,
    ),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 200, Progress::Whole, true),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\r\n", 200, Progress::Whole, false),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nOK\n0\n\n", 200, Progress::Endless, false),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nOK", 200, Progress::Endless, false),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", 200, Progress::Endless, false),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOKxx", 200, Progress::Endless, false),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        200,
        Progress::Whole,
        false,
    ),
    (b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, Progress::Whole, false),
    // Codings and lengths that contradict themselves.
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 200, Progress::Endless, false),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 200, Progress::Endless, false),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: , chunked\r\n\r\n0\r\n\r\n", 200, Progress::Endless, false),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        200,
        Progress::Endless,
        false,
    ),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nOK",
        200,
        Progress::Whole,
        true,
    ),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nOK", 200, Progress::Whole, true),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nOK", 200, Progress::Endless, false),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nOK", 200, Progress::Endless, false),
    (b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nOK", 200, Progress::Endless, false),
    (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nOK", 200, Progress::Endless, false),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 002\r\n\r\nOK", 200, Progress::Endless, false),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nOK", 200, Progress::Endless, false),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2.0\r\n\r\nOK", 200, Progress::Endless, false),
    (
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000000000000000000000\r\n\r\nOK",
        200,
        Progress::Endless,
        false,
    ),
    (b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nOK", 200, Progress::Endless, false),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n 3\r\n\r\nOK", 200, Progress::Endless, false),
    (b"HTTP/1.1 200 OK\r\n\r\nOK", 200, Progress::Endless, false),
    // Lines that are no fields.
    (b"HTTP/1.1 200 OK\r\nX Powered By: cam\r\nContent-Length: 2\r\n\r\nOK", 200, Progress::Whole, true),
    (b"HTTP/1.1 200 OK\r\nServer GoAhead\r\nContent-Length: 2\r\n\r\nOK", 200, Progress::Whole, true),
    (b"HTTP/1.1 200 OK\r\nA : b\r\n: c\r\nContent-Length: 2\r\n\r\nOK", 200, Progress::Whole, true),
    (b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nOK", 200, Progress::Endless, false),
    // Whether the connection goes on.
    (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nOK", 200, Progress::Whole, false),
    (b"HTTP/1.1 200 OK\r\nConnection: closed\r\nContent-Length: 2\r\n\r\nOK", 200, Progress::Whole, false),
    (b"HTTP/1.1 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nOK", 200, Progress::Whole, true),
    (b"HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nOK", 200, Progress::Whole, false),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nOK", 200, Progress::Whole, false),
    (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nOK", 200, Progress::Whole, true),
    (b"HTTP/1.7 200 OK\r\nContent-Length: 2\r\n\r\nOK", 200, Progress::Whole, false),
    // Status lines of all sorts.
    (b"http/1.1  200\r\nContent-Length: 0\r\n\r\n", 200, Progress::Whole, true),
    (b"HTTP/1.1 200,OK\r\nContent-Length: 0\r\n\r\n", 200, Progress::Whole, true),
    (b"HTTP/1.1 413Large\r\nContent-Length: 0\r\n\r\n", 413, Progress::Whole, true),
    (b"HTTP/1.1 200 OK\r\nContent-Le", 200, Progress::Head, false),
    (b"HTTP/1.1 200 O", 0, Progress::Head, false),
    (b"HTTP/1.1 2000 OK\r\n", 0, Progress::Garbage, false),
    (b"HTTP/1.1 20 OK\r\n", 0, Progress::Garbage, false),
    (b"HTTP/1.1 099 OK\r\n", 0, Progress::Garbage, false),
    (b"HTTP/ 200 OK\r\n", 0, Progress::Garbage, false),
    (b"SSH-2.0 hello\r\n", 0, Progress::Garbage, false),
    (b"\r\n", 0, Progress::Garbage, false),
    (b"OK", 0, Progress::Garbage, false),
    (b"HTT", 0, Progress::Head, false),
    (b"HTTP/3 200 OK\r\n", 0, Progress::Garbage, false),
    (b"HTTP/1. 200 OK\r\n", 0, Progress::Garbage, false),
    (b"HTTP/1.1\t200 OK\r\n", 0, Progress::Garbage, false),
    (b"HTTP/2 200\r\nContent-Length: 0\r\n\r\n", 200, Progress::Whole, false),
    // Interim answers.
    (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        200,
        Progress::Whole,
        true,
    ),
    (b"HTTP/1.1 100 Continue\r\n\r\n", 0, Progress::Head, false),
    (
        b"HTTP/1.0 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        200,
        Progress::Endless,
        false,
    ),
    (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n\x00\x01", 101, Progress::Endless, false),
];

#[test]
fn every_kind_of_answer_is_read_as_it_should_be() {
    for (bytes, status, progress, reusable) in ANSWERS {
        let answer = read(bytes);
        let got = (answer.status(), answer.progress(), answer.is_reusable());
        assert_eq!(
            got,
            (*status, *progress, *reusable),
            "{}",
            bytes.escape_ascii()
        );
    }
}

#[test]
fn the_split_of_the_bytes_changes_nothing() {
    for (bytes, ..) in ANSWERS {
        let whole = seen(&read(bytes));
        for at in 0..=bytes.len() {
            let (one, two) = bytes.split_at(at);
            let mut answer = read(one);
            answer.feed(two);
            assert_eq!(seen(&answer), whole, "{} at {at}", bytes.escape_ascii());
        }
        let mut answer = Answer::default();
        for byte in bytes.chunks(1) {
            answer.feed(byte);
        }
        assert_eq!(
            seen(&answer),
            whole,
            "{} byte by byte",
            bytes.escape_ascii()
        );
    }
}

/// A small generator of its own: the same inputs on every machine.
fn scrambled(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

#[test]
fn no_mixture_of_answers_makes_it_panic_or_reuse_what_it_should_not() {
    let mut seed = 0x9E37_79B9_7F4A_7C15;
    for _ in 0..20_000 {
        let mut bytes = Vec::new();
        for _ in 0..=scrambled(&mut seed) % 3 {
            let (piece, ..) =
                ANSWERS[usize::try_from(scrambled(&mut seed)).unwrap() % ANSWERS.len()];
            bytes.extend_from_slice(piece);
        }
        for _ in 0..scrambled(&mut seed) % 4 {
            let at = usize::try_from(scrambled(&mut seed)).unwrap() % bytes.len();
            match scrambled(&mut seed) % 3 {
                0 => bytes[at] = u8::try_from(scrambled(&mut seed) % 256).unwrap(),
                1 => bytes.truncate(at + 1),
                _ => bytes.insert(
                    at,
                    b"\r\n :0,"[usize::try_from(scrambled(&mut seed)).unwrap() % 6],
                ),
            }
        }
        let answer = read(&bytes);
        let mut apart = Answer::default();
        for piece in bytes.chunks(1 + usize::try_from(scrambled(&mut seed)).unwrap() % 9) {
            apart.feed(piece);
        }
        assert_eq!(seen(&apart), seen(&answer), "{}", bytes.escape_ascii());
        if answer.is_reusable() {
            let mut more = answer;
            more.feed(b"x");
            assert!(!more.is_reusable(), "{}", bytes.escape_ascii());
        }
    }
}

#[test]
fn fields_are_had_back_as_they_came() {
    let answer = read(
        b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"\xE4\"\r\nwww-authenticate:Digest nonce=\"n\",\r\n\t qop=auth\r\nX: y\r\n z\r\n\r\n",
    );
    let values: Vec<&[u8]> = answer.values("www-authenticate").collect();
    assert_eq!(
        values,
        [
            &b"Basic realm=\"\xE4\""[..],
            b"Digest nonce=\"n\", qop=auth"
        ]
    );
}

#[test]
fn interim_fields_are_forgotten() {
    let answer = read(
        b"HTTP/1.1 103 Hints\r\nLocation: /a\r\n\r\nHTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n",
    );
    assert_eq!(answer.values("location").collect::<Vec<_>>(), [b"/b"]);
}

#[test]
fn a_head_without_an_end_is_given_up() {
    let mut answer = read(b"HTTP/1.1 200 OK\r\nX: ");
    let mut fed = 0;
    while answer.progress() == Progress::Head {
        fed += 1000;
        assert!(fed < 2 * LARGEST_HEAD_BYTES);
        answer.feed(&[b'y'; 1000]);
    }
    assert_eq!((answer.status(), answer.progress()), (0, Progress::Garbage));
}

#[test]
fn of_a_long_body_the_beginning_is_kept() {
    let mut answer = read(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    for _ in 0..1000 {
        answer.feed(&[b'y'; 1000]);
    }
    assert!(answer.is_reusable());
    assert_eq!(answer.body().len(), LARGEST_BODY_BYTES);
}

#[test]
fn the_final_head_is_had_back_as_it_came_and_no_more_of_it_than_is_kept() {
    let answer = read(
        b"HTTP/1.1 103 Hints\r\nX: early\r\n\r\nHTTP/1.1 200 OK\nx-y:  z\r\nContent-Length: 2\r\n\r\nok",
    );
    assert_eq!(
        answer.head(),
        b"HTTP/1.1 200 OK\nx-y:  z\r\nContent-Length: 2\r\n\r\n"
    );
    assert_eq!(
        read(b"SSH-2.0-OpenSSH\r\nmore").head(),
        b"SSH-2.0-OpenSSH\r\n"
    );
    let mut long = read(b"HTTP/1.1 200 OK\r\nX: ");
    for _ in 0..100 {
        long.feed(&[b'y'; 1000]);
    }
    assert_eq!(long.head().len(), KEPT_HEAD_BYTES);
}

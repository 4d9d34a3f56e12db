//! The line that decides.

/// Which HTTP the receiver says it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// One request a connection, unless both say otherwise.
    Http10,
    /// Kept connections, chunks.
    Http11,
    /// Something else: its answer counts, its connection is not used again.
    Other,
}

pub(super) struct StatusLine {
    pub(super) status: u16,
    pub(super) version: Version,
}

const PREFIX: &[u8] = b"http/";

/// Whether these first bytes of a line may become a status line.
pub(super) fn may_begin(line: &[u8]) -> bool {
    line.iter()
        .zip(PREFIX)
        .all(|(sign, wanted)| sign.eq_ignore_ascii_case(wanted))
}

/// Reads `HTTP/1.y` in any case, blanks, three digits; what follows is for people.
///
/// `None` is no status line. Real receivers leave out the blank behind the code, put a comma there, two blanks before
/// it, or another version; three digits decide all the same.
pub(super) fn parse(line: &[u8]) -> Option<StatusLine> {
    let (prefix, rest) = line.split_at_checked(PREFIX.len())?;
    let (version, rest) = rest.split_at(memchr::memchr(b' ', rest)?);
    let version = match version {
        b"1.0" => Version::Http10,
        b"1.1" => Version::Http11,
        b"2" | b"2.0" => Version::Other,
        _ if is_http1(version) => Version::Other,
        _ => return None,
    };
    let code_at = rest.iter().position(|sign| *sign != b' ')?;
    let (code, behind) = rest.get(code_at..)?.split_at_checked(3)?;
    if behind.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let status = code.iter().try_fold(0_u16, |status, sign| {
        sign.is_ascii_digit()
            .then(|| status * 10 + u16::from(sign - b'0'))
    })?;
    (may_begin(prefix) && status >= 100).then_some(StatusLine { status, version })
}

/// HTTP/1 with a minor version that nobody has written yet.
fn is_http1(version: &[u8]) -> bool {
    version
        .strip_prefix(b"1.")
        .is_some_and(|minor| !minor.is_empty() && minor.iter().all(u8::is_ascii_digit))
}

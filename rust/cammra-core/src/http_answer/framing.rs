//! Where a body ends, and whether another request may follow: what the head says about it.

use super::status_line::Version;

/// What tells where a final answer's body ends.
pub(super) enum BodyEnd {
    /// There is no body.
    None,
    /// So many bytes.
    Counted(u64),
    /// The last chunk.
    Chunked,
    /// The connection's end, or nothing that can be relied on.
    Unknown,
}

/// What the head has said so far about the body's end and the connection's.
pub(super) struct Framing {
    version: Version,
    /// Something makes the body's end or the connection's future doubtful.
    doubtful: bool,
    /// What the head says of the connection; unsaid, the version decides.
    keeps: Option<bool>,
    length: Option<u64>,
    chunked: Option<bool>,
    /// The last field was one of framing: a folded line would change it.
    heard_last: bool,
}

impl Default for Framing {
    fn default() -> Self {
        Self {
            version: Version::Http11,
            doubtful: false,
            keeps: None,
            length: None,
            chunked: None,
            heard_last: false,
        }
    }
}

impl Framing {
    pub(super) fn begin(&mut self, version: Version) {
        self.version = version;
    }

    /// An interim head is over. What it made doubtful stays so; HTTP/1.0 knows no interim answers.
    pub(super) fn end_interim(&mut self) {
        let doubtful =
            self.doubtful || self.version == Version::Http10 || self.keeps == Some(false);
        *self = Self {
            doubtful,
            ..Self::default()
        };
    }

    pub(super) fn fold(&mut self) {
        self.doubtful |= self.heard_last;
    }

    pub(super) fn hear(&mut self, name: &[u8], value: &[u8]) {
        self.heard_last = true;
        if name.eq_ignore_ascii_case(b"content-length") {
            self.hear_length(value);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.hear_codings(value);
        } else if name.eq_ignore_ascii_case(b"connection")
            || name.eq_ignore_ascii_case(b"proxy-connection")
        {
            self.hear_connection(value);
        } else if name.eq_ignore_ascii_case(b"upgrade") {
            self.keeps = Some(false);
        } else {
            self.heard_last = false;
        }
    }

    /// Digits without sign or leading zero, and the same each time. An empty one says nothing.
    fn hear_length(&mut self, value: &[u8]) {
        if value.is_empty() {
            self.keeps = Some(false);
            return;
        }
        let plain =
            value.iter().all(u8::is_ascii_digit) && (value.len() == 1 || !value.starts_with(b"0"));
        let length = plain
            .then(|| str::from_utf8(value).ok()?.parse().ok())
            .flatten();
        match (length, self.length) {
            (None, _) => self.doubtful = true,
            (Some(new), Some(old)) if new != old => self.doubtful = true,
            (Some(new), _) => self.length = Some(new),
        }
    }

    /// `chunked` once, as the last coding. `identity` alone says nothing.
    fn hear_codings(&mut self, value: &[u8]) {
        if value.eq_ignore_ascii_case(b"identity") {
            return;
        }
        let mut codings = value.split(|sign| *sign == b',').map(<[u8]>::trim_ascii);
        let last = codings.next_back().unwrap_or_default();
        let chunked = last.eq_ignore_ascii_case(b"chunked");
        let sound =
            codings.all(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"chunked"));
        self.doubtful |= !chunked || !sound || self.chunked.is_some();
        self.chunked = Some(chunked);
    }

    fn hear_connection(&mut self, value: &[u8]) {
        for option in value.split(|sign| *sign == b',').map(<[u8]>::trim_ascii) {
            if option.eq_ignore_ascii_case(b"keep-alive") {
                self.keeps = self.keeps.or(Some(true));
            } else if !option.is_empty() {
                // `close`, `closed`, `upgrade`, or what nobody knows.
                self.keeps = Some(false);
            }
        }
    }

    /// How the body of a final answer is to be read.
    pub(super) fn body_of(&mut self, status: u16) -> BodyEnd {
        if status == 101 {
            self.keeps = Some(false);
            return BodyEnd::Unknown;
        }
        if status == 204 || status == 304 {
            return BodyEnd::None;
        }
        match (self.chunked, self.length) {
            _ if self.doubtful => BodyEnd::Unknown,
            (Some(_), length) => {
                // RFC 9112, 6.3: a length beside chunks may be an attempt at smuggling.
                if length.is_some() || self.version == Version::Http10 {
                    self.keeps = Some(false);
                }
                BodyEnd::Chunked
            }
            (None, Some(0)) => BodyEnd::None,
            (None, Some(length)) => BodyEnd::Counted(length),
            (None, None) => {
                self.keeps = Some(false);
                BodyEnd::Unknown
            }
        }
    }

    pub(super) fn keeps_connection(&self) -> bool {
        let kept = match self.version {
            Version::Http10 => self.keeps == Some(true),
            Version::Http11 => self.keeps != Some(false),
            Version::Other => false,
        };
        kept && !self.doubtful
    }
}

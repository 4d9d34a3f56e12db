//! The answer to one HTTP request, read as leniently as libcurl reads it, and no more.
//!
//! Bytes go in as they come, and after each piece [`Answer::feed`] says how far the answer has got. What decides is
//! the status line, once it is whole; everything behind it only says what else there is to learn, and whether the
//! connection may carry another request.
//!
//! Invariants, held by `tests` below and by `tests/sinks/test_http_answers.py`:
//!
//! 1. However the bytes are split, the same answer comes out of them.
//! 2. A connection is reusable only if the answer ended exactly where its framing says, with nothing behind it, and
//!    nothing in it made that end doubtful.
//! 3. Memory is bounded: a head beyond [`LARGEST_HEAD_BYTES`] is no answer, and of a body
//!    [`LARGEST_BODY_BYTES`] are kept, of a head as it came [`KEPT_HEAD_BYTES`].
//!
//! Sources: RFC 9112; libcurl 7.88 for what sloppy receivers get away with.

mod chunks;
mod framing;
mod status_line;
#[cfg(test)]
mod tests;

use chunks::Chunks;
use framing::{BodyEnd, Framing};
use status_line::StatusLine;

/// Most of a body that is kept; what follows is counted through and left.
pub const LARGEST_BODY_BYTES: usize = 64 << 10;
/// Longest head, interim ones included: libcurl's own limit.
pub const LARGEST_HEAD_BYTES: usize = 300 << 10;

/// Most of a head that is kept as it came, for people to read.
pub const KEPT_HEAD_BYTES: usize = 8 << 10;

/// The header fields that somebody asks for, in lower case.
const KEPT: [&str; 8] = [
    "authentication-info",
    "content-encoding",
    "content-type",
    "date",
    "location",
    "proxy-authenticate",
    "retry-after",
    "www-authenticate",
];

/// How far an answer has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The final head is not whole yet.
    Head,
    /// The head is whole, and its framing will say where the body ends.
    Body,
    /// The head is whole; where the body ends cannot be told, or only by the connection's end.
    Endless,
    /// All of it has come.
    Whole,
    /// What came is no HTTP answer.
    Garbage,
}

enum Stage {
    StatusLine,
    Fields,
    Counted(u64),
    Chunked(Chunks),
    Endless,
    Whole,
    Garbage,
}

/// One answer, as far as it has come.
pub struct Answer {
    stage: Stage,
    /// The head's line that has not ended yet.
    line: Vec<u8>,
    head_bytes: usize,
    /// The beginning of the final head, as it came.
    head: Vec<u8>,
    status: u16,
    framing: Framing,
    /// The last line of the head was a field that is kept: a folded line goes on with it.
    kept_last: bool,
    fields: Vec<(&'static str, Vec<u8>)>,
    body: Vec<u8>,
    excess: bool,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            stage: Stage::StatusLine,
            line: Vec::new(),
            head_bytes: 0,
            head: Vec::new(),
            status: 0,
            framing: Framing::default(),
            kept_last: false,
            fields: Vec::new(),
            body: Vec::new(),
            excess: false,
        }
    }
}

impl Answer {
    /// Takes in the next bytes.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Progress {
        while !bytes.is_empty() {
            bytes = match &mut self.stage {
                Stage::StatusLine | Stage::Fields => self.take_line(bytes),
                Stage::Counted(left) => {
                    let (body, behind) = bytes.split_at(
                        usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len())),
                    );
                    *left -= body.len() as u64;
                    if *left == 0 {
                        self.stage = Stage::Whole;
                    }
                    self.keep(body);
                    behind
                }
                Stage::Chunked(chunks) => {
                    let (content, behind) = chunks.next(bytes);
                    match chunks {
                        Chunks::Ended => self.stage = Stage::Whole,
                        Chunks::Broken => self.stage = Stage::Endless,
                        _ => {}
                    }
                    self.keep(content);
                    behind
                }
                Stage::Endless => {
                    self.keep(bytes);
                    &[]
                }
                Stage::Whole | Stage::Garbage => {
                    self.excess = true;
                    &[]
                }
            };
        }
        self.progress()
    }

    /// How far it has got.
    #[must_use]
    pub fn progress(&self) -> Progress {
        match self.stage {
            Stage::StatusLine | Stage::Fields => Progress::Head,
            Stage::Counted(_) | Stage::Chunked(_) => Progress::Body,
            Stage::Endless => Progress::Endless,
            Stage::Whole => Progress::Whole,
            Stage::Garbage => Progress::Garbage,
        }
    }

    /// The final status, once its line is whole; 0 before.
    #[must_use]
    pub fn status(&self) -> u16 {
        if is_interim(self.status) {
            0
        } else {
            self.status
        }
    }

    /// Whether another request may follow on this connection.
    #[must_use]
    pub fn is_reusable(&self) -> bool {
        matches!(self.stage, Stage::Whole) && self.framing.keeps_connection() && !self.excess
    }

    /// The values of a header field that is kept, in order; its name in lower case.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.fields
            .iter()
            .filter(move |(kept, _)| *kept == name)
            .map(|(_, value)| value.as_slice())
    }

    /// The beginning of the final head, as it came; of what is no answer, of whatever came.
    #[must_use]
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// The beginning of the body, as it came.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether as much of the body has come as is ever kept.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.body.len() == LARGEST_BODY_BYTES
    }

    fn keep(&mut self, content: &[u8]) {
        let room = LARGEST_BODY_BYTES - self.body.len();
        self.body
            .extend_from_slice(content.get(..room).unwrap_or(content));
    }

    /// Takes in bytes up to the end of a line of the head; what follows is given back.
    fn take_line<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let ended = memchr::memchr(b'\n', bytes);
        let (part, behind) = bytes.split_at(ended.map_or(bytes.len(), |at| at + 1));
        self.head_bytes += part.len();
        let room = KEPT_HEAD_BYTES - self.head.len();
        self.head
            .extend_from_slice(part.get(..room).unwrap_or(part));
        if self.head_bytes > LARGEST_HEAD_BYTES {
            self.stage = Stage::Garbage;
            self.status = 0;
            return &[];
        }
        if ended.is_none() || !self.line.is_empty() {
            self.line.extend_from_slice(part);
        }
        if ended.is_none()
            && matches!(self.stage, Stage::StatusLine)
            && !status_line::may_begin(&self.line)
        {
            self.stage = Stage::Garbage;
        }
        if ended.is_some() {
            let joined = std::mem::take(&mut self.line);
            let line = if joined.is_empty() { part } else { &joined };
            self.take_whole_line(without_end(line));
        }
        behind
    }

    fn take_whole_line(&mut self, line: &[u8]) {
        if matches!(self.stage, Stage::StatusLine) {
            match status_line::parse(line) {
                Some(StatusLine { status, version }) => {
                    self.status = status;
                    self.framing.begin(version);
                    self.stage = Stage::Fields;
                }
                None => self.stage = Stage::Garbage,
            }
            return;
        }
        if line.is_empty() {
            self.end_head();
        } else if line.starts_with(b" ") || line.starts_with(b"\t") {
            self.unfold(line);
        } else {
            self.take_field(line);
        }
    }

    fn end_head(&mut self) {
        self.stage = if is_interim(self.status) {
            self.fields.clear();
            self.head.clear();
            self.framing.end_interim();
            Stage::StatusLine
        } else {
            match self.framing.body_of(self.status) {
                BodyEnd::None => Stage::Whole,
                BodyEnd::Counted(length) => Stage::Counted(length),
                BodyEnd::Chunked => Stage::Chunked(Chunks::default()),
                BodyEnd::Unknown => Stage::Endless,
            }
        };
    }

    /// A line that begins with a blank goes on with the one before it (RFC 9112, 5.2).
    fn unfold(&mut self, line: &[u8]) {
        if self.kept_last
            && let Some((_, value)) = self.fields.last_mut()
        {
            value.push(b' ');
            value.extend_from_slice(line.trim_ascii());
        }
        self.framing.fold();
    }

    /// A line that is no field (no colon, a blank in its name) is dropped, as libcurl does.
    fn take_field(&mut self, line: &[u8]) {
        self.kept_last = false;
        let Some(colon) = memchr::memchr(b':', line) else {
            return;
        };
        let (name, value) = (
            line.get(..colon).unwrap_or_default(),
            line.get(colon + 1..).unwrap_or_default(),
        );
        let value = value.trim_ascii();
        self.framing.hear(name, value);
        if let Some(kept) = KEPT
            .into_iter()
            .find(|kept| name.eq_ignore_ascii_case(kept.as_bytes()))
        {
            self.fields.push((kept, value.to_vec()));
            self.kept_last = true;
        }
    }
}

/// 1xx but 101, which is an answer: nothing of HTTP follows it.
fn is_interim(status: u16) -> bool {
    (100..200).contains(&status) && status != 101
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

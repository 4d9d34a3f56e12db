//! A chunked body (RFC 9112, 7.1): size lines with extensions, contents, trailers. All its line ends are CR LF.

const LONGEST_LINE_BYTES: usize = 16 << 10;
const MOST_TRAILER_BYTES: usize = 64 << 10;
const MOST_SIZE_DIGITS: usize = 15;

/// Where in the chunks the next byte stands.
pub(super) enum Chunks {
    /// In a line that says how long the next chunk is.
    Size(Vec<u8>),
    /// In a chunk's content, with so many bytes to come.
    Content(u64),
    /// In the line end behind a content, with so many of its two bytes to come.
    ContentEnd(u8),
    /// In a line of the trailer, with the bytes of it before.
    Trailer(Vec<u8>, usize),
    /// Behind the last byte.
    Ended,
    /// What came are no chunks.
    Broken,
}

impl Default for Chunks {
    fn default() -> Self {
        Self::Size(Vec::new())
    }
}

impl Chunks {
    /// Reads on by one line or content: the content in it, and the bytes behind it.
    pub(super) fn next<'a>(&mut self, bytes: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        match self {
            Self::Size(line) => {
                let (ended, behind) = take_line(line, bytes);
                if ended {
                    *self = after_size_line(line);
                } else if line.len() > LONGEST_LINE_BYTES {
                    *self = Self::Broken;
                }
                (&[], behind)
            }
            Self::Content(left) => {
                let count =
                    usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                *left -= count as u64;
                if *left == 0 {
                    *self = Self::ContentEnd(2);
                }
                bytes.split_at(count)
            }
            Self::ContentEnd(left) => {
                let wanted = if *left == 2 { b'\r' } else { b'\n' };
                let behind = bytes.get(1..).unwrap_or_default();
                *self = match (bytes.first() == Some(&wanted), *left) {
                    (false, _) => Self::Broken,
                    (true, 2) => Self::ContentEnd(1),
                    (true, _) => Self::default(),
                };
                (&[], behind)
            }
            Self::Trailer(line, before) => {
                let (ended, behind) = take_line(line, bytes);
                let total = *before + line.len();
                if total > MOST_TRAILER_BYTES {
                    *self = Self::Broken;
                } else if ended {
                    *self = match line.as_slice() {
                        b"\r\n" => Self::Ended,
                        _ if !line.ends_with(b"\r\n") => Self::Broken,
                        _ => Self::Trailer(Vec::new(), total),
                    };
                }
                (&[], behind)
            }
            Self::Ended | Self::Broken => (&[], bytes),
        }
    }
}

/// Adds bytes to the line, up to its end; whether it has ended, and what follows.
fn take_line<'a>(line: &mut Vec<u8>, bytes: &'a [u8]) -> (bool, &'a [u8]) {
    let ended = memchr::memchr(b'\n', bytes);
    let (part, behind) = bytes.split_at(ended.map_or(bytes.len(), |at| at + 1));
    line.extend_from_slice(part);
    (ended.is_some(), behind)
}

fn after_size_line(line: &[u8]) -> Chunks {
    let Some(line) = line.strip_suffix(b"\r\n") else {
        return Chunks::Broken;
    };
    let size = line
        .split(|sign| *sign == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii();
    if size.is_empty() || size.len() > MOST_SIZE_DIGITS || !size.iter().all(u8::is_ascii_hexdigit) {
        return Chunks::Broken;
    }
    match str::from_utf8(size)
        .ok()
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
    {
        Some(0) => Chunks::Trailer(Vec::new(), 0),
        Some(size) => Chunks::Content(size),
        None => Chunks::Broken,
    }
}

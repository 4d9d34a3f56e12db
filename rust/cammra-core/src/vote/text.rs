//! Texts of bounded length that live in place, so that a read allocates nothing.

use std::fmt;

/// Longest text that is kept; the longest real plates (a Thai province in full) have about 24 characters.
pub const MAX_TEXT_CHARS: usize = 32;

/// A plate's text, at most [`MAX_TEXT_CHARS`] characters.
#[derive(Clone, Copy)]
pub struct PlateText {
    chars: [char; MAX_TEXT_CHARS],
    len: u8,
}

impl PlateText {
    /// No text.
    pub const EMPTY: Self = Self {
        chars: ['\0'; MAX_TEXT_CHARS],
        len: 0,
    };

    /// The text without white space around it, and whether some of it had to be cut off.
    #[must_use]
    pub fn cut_from(text: &str) -> (Self, bool) {
        let mut cut = Self::EMPTY;
        let mut rest = text.trim().chars();
        for char in rest.by_ref().take(MAX_TEXT_CHARS) {
            cut.push(char);
        }
        (cut, rest.next().is_some())
    }

    /// Appends a character; one too many is dropped.
    pub fn push(&mut self, char: char) {
        if let Some(place) = self.chars.get_mut(usize::from(self.len)) {
            *place = char;
            self.len += 1;
        }
    }

    /// The characters.
    #[must_use]
    pub fn chars(&self) -> &[char] {
        self.chars.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether its characters stand in another text in the same order, whatever stands between them.
    #[must_use]
    pub fn is_part_of(&self, whole: &Self) -> bool {
        let mut rest = whole.chars().iter();
        self.chars()
            .iter()
            .all(|char| rest.any(|other| other == char))
    }
}

impl PartialEq for PlateText {
    fn eq(&self, other: &Self) -> bool {
        self.chars() == other.chars()
    }
}

impl Eq for PlateText {}

impl fmt::Display for PlateText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.chars().iter().try_for_each(|char| write!(f, "{char}"))
    }
}

impl fmt::Debug for PlateText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// Bytes of a [`ShortText`].
const MAX_SHORT_BYTES: usize = 47;

/// An attribute's value, at most 47 bytes of UTF-8.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ShortText {
    len: u8,
    bytes: [u8; MAX_SHORT_BYTES],
}

impl ShortText {
    /// No text.
    pub const EMPTY: Self = Self {
        len: 0,
        bytes: [0; MAX_SHORT_BYTES],
    };

    /// The text without white space around it, and whether some of it had to be cut off.
    #[must_use]
    pub fn cut_from(text: &str) -> (Self, bool) {
        let text = text.trim();
        let mut end = text.len().min(MAX_SHORT_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut cut = Self::EMPTY;
        for (place, byte) in cut.bytes.iter_mut().zip(text.bytes().take(end)) {
            *place = byte;
            cut.len += 1;
        }
        (cut, end < text.len())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl fmt::Debug for ShortText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

/// Edits (a character put in, left out or exchanged) between two texts (Levenshtein 1965).
#[must_use]
pub fn distance(a: &PlateText, b: &PlateText) -> u8 {
    let mut row = [0_u8; MAX_TEXT_CHARS + 1];
    for (place, value) in row.iter_mut().zip(0..) {
        *place = value;
    }
    for (a_char, a_at) in a.chars().iter().zip(1_u8..) {
        let mut diagonal = a_at - 1;
        let mut left = a_at;
        if let Some(first) = row.first_mut() {
            *first = a_at;
        }
        for (place, b_char) in row.iter_mut().skip(1).zip(b.chars()) {
            let exchanged = diagonal + u8::from(a_char != b_char);
            diagonal = *place;
            *place = exchanged.min(diagonal + 1).min(left + 1);
            left = *place;
        }
    }
    row.get(b.chars().len()).copied().unwrap_or_default()
}

//! Which plates are looked for. All texts are in the normal form of plates.

use crate::plates::Patterns;

/// Which plates fit.
#[derive(Clone, Debug)]
pub enum PlateQuery {
    /// Any, also none.
    Any,
    /// This one.
    Exact(Vec<u8>),
    /// Those of a pattern: `*` is any text, `?` one character.
    Pattern(Patterns),
    /// This one, and those that are one character off: another, one more, or one fewer.
    OneOff(String),
}

impl PlateQuery {
    /// The plates of that text; an empty one is any plate.
    #[must_use]
    pub fn new(text: &str, one_off: bool) -> Self {
        if text.is_empty() {
            Self::Any
        } else if text.contains(['*', '?']) {
            Self::Pattern(Patterns::new(&[text]))
        } else if one_off {
            Self::OneOff(text.to_owned())
        } else {
            Self::Exact(text.as_bytes().to_vec())
        }
    }

    /// Whether a plate is the one that was asked for; `None` where it is none of those looked for.
    pub(super) fn fits(&self, plate: &[u8]) -> Option<bool> {
        match self {
            Self::Any => Some(true),
            Self::Exact(text) => (text == plate).then_some(true),
            Self::Pattern(pattern) => pattern.first(text_of(plate)?).map(|_| true),
            Self::OneOff(text) => match text_of(plate)? {
                plate if plate == text => Some(true),
                plate => is_one_off(text, plate).then_some(false),
            },
        }
    }
}

/// Normal forms are UTF-8; anything else is no plate.
fn text_of(plate: &[u8]) -> Option<&str> {
    std::str::from_utf8(plate).ok()
}

/// What differs first decides: behind that character, both must be the same.
fn is_one_off(text: &str, plate: &str) -> bool {
    let (mut rest, mut plate_rest) = (text.chars(), plate.chars());
    loop {
        let (here, there) = (rest.as_str(), plate_rest.as_str());
        match (rest.next(), plate_rest.next()) {
            (None, None) => return false,
            (char, plate_char) if char == plate_char => {}
            _ => {
                let (behind, plate_behind) = (rest.as_str(), plate_rest.as_str());
                return behind == plate_behind || behind == there || here == plate_behind;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(longest: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut begin = 0;
        for _ in 0..longest {
            let end = all.len();
            for at in begin..end {
                for char in ['a', 'é', '京'] {
                    all.push(format!("{}{char}", all[at]));
                }
            }
            begin = end;
        }
        all
    }

    /// Steps from one text to the other, by the book.
    fn distance(from: &[char], to: &[char]) -> usize {
        match (from, to) {
            ([], rest) | (rest, []) => rest.len(),
            ([a, from_rest @ ..], [b, to_rest @ ..]) if a == b => distance(from_rest, to_rest),
            ([_, from_rest @ ..], [_, to_rest @ ..]) => {
                let steps = [
                    distance(from_rest, to_rest),
                    distance(from, to_rest),
                    distance(from_rest, to),
                ];
                1 + steps.into_iter().min().unwrap_or_default()
            }
        }
    }

    #[test]
    fn one_off_is_one_step_and_no_more() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        for text in texts(4).iter().skip(1) {
            let query = PlateQuery::new(text, true);
            for plate in texts(4) {
                let want = match distance(&chars(text), &chars(&plate)) {
                    0 => Some(true),
                    1 => Some(false),
                    _ => None,
                };
                assert_eq!(query.fits(plate.as_bytes()), want, "{text} {plate}");
            }
        }
    }

    #[test]
    fn a_plate_fits_exactly_by_pattern_or_anyhow() {
        let fits = |query: &str, plate: &str| PlateQuery::new(query, false).fits(plate.as_bytes());
        assert_eq!(fits("", ""), Some(true));
        assert_eq!(fits("abc", "abc"), Some(true));
        assert_eq!(fits("abc", "abd"), None);
        assert_eq!(fits("a?c*", "abcd"), Some(true));
        assert_eq!(fits("a?c", "abcd"), None);
        assert_eq!(PlateQuery::new("*", false).fits(&[0xff]), None);
    }
}

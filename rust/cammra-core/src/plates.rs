//! Finds the first of many patterns that a plate fits, at a bounded cost.
//!
//! `*` stands for any characters, `?` for one. A text has at most 64 characters, so a set of places in it is one word. Each
//! character of a pattern is looked at once at most, together with all places where the text so far may end; nothing is
//! tried a second time.
//! Invariants, each held by the test of that name below:
//!
//! 1. The answer is that of trying each pattern by itself (`it_answers_as_a_plain_matcher_does`).
//! 2. A text that is too long fits no pattern (`the_longest_text_is_one_word`).

use std::collections::BTreeSet;

const ANY: char = '?';
const MANY: char = '*';

/// The longest text that may fit a pattern.
pub const MAX_TEXT_CHARS: usize = u64::BITS as usize;

/// Patterns in the order in which they are tried.
#[derive(Clone, Debug)]
pub struct Patterns {
    /// The characters of all patterns, sorted; `?` is the first.
    alphabet: Vec<char>,
    /// What the patterns consume, one pattern after the other.
    steps: Vec<Step>,
    order: Vec<Pattern>,
}

#[derive(Clone, Copy, Debug)]
struct Pattern {
    /// Where its steps end; they begin where those before it end.
    end: usize,
    /// Whether it ends with `*`.
    is_open: bool,
}

/// One character of a pattern: its place in the alphabet, and whether `*` stands before it.
#[derive(Clone, Copy, Debug)]
struct Step(u32);

impl Step {
    fn new(place: usize, after_many: bool) -> Self {
        // There are fewer than 2^21 characters.
        Self(u32::try_from(place).unwrap_or_default() << 1 | u32::from(after_many))
    }

    const fn place(self) -> usize {
        (self.0 >> 1) as usize
    }

    const fn after_many(self) -> bool {
        self.0 & 1 == 1
    }
}

impl Patterns {
    /// Takes patterns in the order in which they are tried.
    #[must_use]
    pub fn new(patterns: &[impl AsRef<str>]) -> Self {
        let texts = || patterns.iter().map(AsRef::as_ref);
        let letters: BTreeSet<char> = texts().flat_map(str::chars).collect();
        let letters = letters
            .into_iter()
            .filter(|char| ![ANY, MANY].contains(char));
        let mut all = Self {
            alphabet: std::iter::once(ANY).chain(letters).collect(),
            steps: Vec::new(),
            order: Vec::with_capacity(patterns.len()),
        };
        texts().for_each(|pattern| all.push(pattern));
        all
    }

    fn push(&mut self, pattern: &str) {
        let mut after_many = false;
        for char in pattern.chars() {
            if char == MANY {
                after_many = true;
            } else {
                let place = self.place_of(char).unwrap_or_default();
                self.steps.push(Step::new(place, after_many));
                after_many = false;
            }
        }
        self.order.push(Pattern {
            end: self.steps.len(),
            is_open: after_many,
        });
    }

    fn place_of(&self, char: char) -> Option<usize> {
        let (_, letters) = self.alphabet.split_first()?;
        letters.binary_search(&char).ok().map(|place| place + 1)
    }

    /// The first pattern that fits a text; `None` when there is none.
    #[must_use]
    pub fn first(&self, text: &str) -> Option<usize> {
        // Bit i of a character's set: it stands at place i.
        let mut sets = vec![0_u64; self.alphabet.len()];
        let mut last = 0;
        for (at, char) in text.chars().enumerate() {
            last = 1_u64.checked_shl(u32::try_from(at).ok()?)?;
            for place in [Some(0), self.place_of(char)].into_iter().flatten() {
                if let Some(set) = sets.get_mut(place) {
                    *set |= last;
                }
            }
        }
        let mut begin = 0;
        self.order.iter().position(|pattern| {
            let steps = self.steps.get(begin..pattern.end).unwrap_or_default();
            begin = pattern.end;
            match ends(steps, &sets) {
                None => pattern.is_open || last == 0,
                Some(ends) if pattern.is_open => ends != 0,
                Some(ends) => ends & last != 0,
            }
        })
    }
}

/// The places in the text where these steps may end; `None` without steps.
fn ends(steps: &[Step], sets: &[u64]) -> Option<u64> {
    let mut ends = None;
    let mut next = 1_u64;
    for step in steps {
        if step.after_many() {
            // The lowest place and all beyond it.
            next |= next.wrapping_neg();
        }
        next &= sets.get(step.place()).copied().unwrap_or_default();
        ends = Some(next);
        if next == 0 {
            break;
        }
        next <<= 1;
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tries every split.
    fn fits(pattern: &[char], text: &[char]) -> bool {
        match pattern {
            [] => text.is_empty(),
            [MANY, rest @ ..] => (0..=text.len()).any(|from| fits(rest, &text[from..])),
            [first, rest @ ..] => match text {
                [char, after @ ..] => (*first == ANY || first == char) && fits(rest, after),
                [] => false,
            },
        }
    }

    /// Every text of up to `longest` of these characters.
    fn texts(chars: &[char], longest: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut begin = 0;
        for _ in 0..longest {
            let end = all.len();
            for at in begin..end {
                all.extend(
                    chars
                        .iter()
                        .map(|char| format!("{}{char}", all[at]))
                        .collect::<Vec<_>>(),
                );
            }
            begin = end;
        }
        all
    }

    #[test]
    fn it_answers_as_a_plain_matcher_does() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        let patterns = texts(&['a', '京', ANY, MANY], 5);
        for text in texts(&['a', '京', 'z'], 6) {
            for pattern in &patterns {
                let found = Patterns::new(&[pattern]).first(&text);
                let want = fits(&chars(pattern), &chars(&text)).then_some(0);
                assert_eq!(found, want, "{pattern} {text}");
            }
        }
        let all = Patterns::new(&["b*", "?京", "a*", "*"]);
        assert_eq!(
            ["a京", "京", "ab", "b"].map(|text| all.first(text)),
            [1, 3, 2, 0].map(Some)
        );
        assert_eq!(Patterns::new(&["a"; 0]).first("a"), None);
    }

    #[test]
    fn the_longest_text_is_one_word() {
        let longest = "a".repeat(MAX_TEXT_CHARS);
        let exact = longest.replacen('a', "?", 1);
        for pattern in ["*", "a*", "*a", &exact, &"*a".repeat(MAX_TEXT_CHARS)] {
            let patterns = Patterns::new(&[pattern]);
            assert_eq!(patterns.first(&longest), Some(0), "{pattern}");
            assert_eq!(patterns.first(&format!("{longest}a")), None, "{pattern}");
        }
        assert_eq!(Patterns::new(&[format!("{exact}a")]).first(&longest), None);
        assert_eq!(
            Patterns::new(&[format!("{longest}?*")]).first(&longest),
            None
        );
    }
}

//! The text on which all reads together agree, column by column, though none of them may have it.
//!
//! Every text is aligned to the one of most support with the fewest edits (Levenshtein 1965; Wagner and Fischer 1974) and
//! votes in each of its columns for its character or for "nothing here", and between two columns for one more. Which read
//! came first plays no part.

use super::candidates::Candidates;
use super::text::{MAX_TEXT_CHARS, PlateText};

/// Characters that one column may be read as; further ones are not counted.
const CHOICES: usize = 6;

/// A read with one wrong character in six still votes with its full weight; one of which half is wrong has no vote.
const AGREEMENT_SLACK: f32 = 1.2;
const LEAST_AGREEMENT: f32 = 0.5;

/// The votes in one column, or between two.
#[derive(Clone, Copy)]
struct Column {
    choices: [(Option<char>, f32); CHOICES],
}

impl Column {
    /// Nobody has voted: of equals `usual` wins.
    const fn new(usual: Option<char>) -> Self {
        let mut choices = [(None, -1.0); CHOICES];
        choices[0] = (usual, 0.0);
        Self { choices }
    }

    fn vote(&mut self, char: Option<char>, weight: f32) {
        for (value, votes) in &mut self.choices {
            if *votes < 0.0 {
                (*value, *votes) = (char, weight);
                return;
            }
            if *value == char {
                *votes += weight;
                return;
            }
        }
    }

    fn winner(&self) -> Option<char> {
        let best = self
            .choices
            .iter()
            .copied()
            .reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.and_then(|(value, _)| value)
    }
}

const STRIDE: usize = MAX_TEXT_CHARS + 1;

/// Edits between the beginnings of two texts, by their lengths.
struct Edits {
    cells: [u8; STRIDE * STRIDE],
}

impl Edits {
    fn get(&self, column: usize, char_at: usize) -> u8 {
        self.cells
            .get(column * STRIDE + char_at)
            .copied()
            .unwrap_or(u8::MAX)
    }

    fn between(columns: &[char], chars: &[char]) -> Self {
        let mut cells = [0; STRIDE * STRIDE];
        for (place, value) in cells.iter_mut().zip(0_u8..).take(chars.len() + 1) {
            *place = value;
        }
        let mut rest = cells.as_mut_slice();
        for (column, at) in columns.iter().zip(1_u8..) {
            let (above, below) = rest.split_at_mut(STRIDE);
            let Some((first, row)) = below.split_first_mut() else {
                break;
            };
            *first = at;
            let mut left = at;
            for ((place, char), pair) in row.iter_mut().zip(chars).zip(above.windows(2)) {
                let &[diagonal, over] = pair else { break };
                let put = diagonal + u8::from(column != char);
                *place = put.min(over + 1).min(left + 1);
                left = *place;
            }
            rest = below;
        }
        Self { cells }
    }
}

/// The consensus around the candidate at `central`.
pub(super) fn consensus(candidates: &Candidates, central: usize) -> PlateText {
    let centre = candidates.text(central);
    let mut columns = [Column::new(None); MAX_TEXT_CHARS];
    let mut gaps = [Column::new(None); STRIDE];
    for (column, char) in columns.iter_mut().zip(centre.chars()) {
        *column = Column::new(Some(*char));
    }
    for (text, weight, edits) in candidates.seen_from(central) {
        let longer = text.chars().len().max(centre.chars().len()).max(1);
        #[expect(clippy::cast_precision_loss, reason = "at most 32")]
        let agreement = AGREEMENT_SLACK * (1.0 - f32::from(edits) / longer as f32);
        if agreement > LEAST_AGREEMENT {
            let weight = weight * agreement.min(1.0);
            cast(
                &mut columns,
                &mut gaps,
                centre.chars(),
                text.chars(),
                weight,
            );
        }
    }
    let mut agreed = PlateText::EMPTY;
    let columns = columns.iter().take(centre.chars().len());
    for (gap, column) in gaps.iter().zip(columns.map(Some).chain([None])) {
        let chars = [gap.winner(), column.and_then(Column::winner)];
        chars
            .into_iter()
            .flatten()
            .for_each(|char| agreed.push(char));
    }
    agreed
}

/// One text's votes.
fn cast(columns: &mut [Column], gaps: &mut [Column], centre: &[char], chars: &[char], weight: f32) {
    let edits = Edits::between(centre, chars);
    let (mut column, mut char_at) = (centre.len(), chars.len());
    let mut vote = |at: usize, char: Option<char>| {
        if let Some(column) = columns.get_mut(at) {
            column.vote(char, weight);
        }
    };
    let mut gap_filled = false;
    let mut pass = |at: usize, is_filled: &mut bool| {
        // Where nothing stands between two columns, that is a vote, too.
        if !std::mem::take(is_filled)
            && let Some(gap) = gaps.get_mut(at)
        {
            gap.vote(None, weight);
        }
    };
    let mut inserted: [Option<(usize, char)>; MAX_TEXT_CHARS] = [None; MAX_TEXT_CHARS];
    while column > 0 || char_at > 0 {
        let here = edits.get(column, char_at);
        let char = char_at.checked_sub(1).and_then(|at| chars.get(at)).copied();
        let differs = centre.get(column.wrapping_sub(1)).copied() != char;
        if column > 0
            && char_at > 0
            && here == edits.get(column - 1, char_at - 1) + u8::from(differs)
        {
            pass(column, &mut gap_filled);
            column -= 1;
            char_at -= 1;
            vote(column, char);
        } else if column > 0 && here == edits.get(column - 1, char_at) + 1 {
            pass(column, &mut gap_filled);
            column -= 1;
            vote(column, None);
        } else {
            char_at = char_at.saturating_sub(1);
            if let (false, Some(place), Some(char)) = (gap_filled, inserted.get_mut(char_at), char)
            {
                *place = Some((column, char));
            }
            gap_filled = true;
        }
    }
    pass(0, &mut gap_filled);
    for (at, char) in inserted.into_iter().flatten() {
        if let Some(gap) = gaps.get_mut(at) {
            gap.vote(Some(char), weight);
        }
    }
}

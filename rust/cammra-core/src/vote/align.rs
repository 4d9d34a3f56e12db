//! Aligning one read to the columns of a vote: the cheapest way to lay its characters into them.
//!
//! A character costs what its column does not share of it, leaving a column out costs what the column is not
//! empty of, a new column costs 1 (Needleman and Wunsch 1970, with the votes as the costs).

use super::ballot::Ballot;
use super::text::MAX_TEXT_CHARS;

/// Columns of one vote; more characters than this find no place.
pub const MAX_COLUMNS: usize = 2 * MAX_TEXT_CHARS;

/// Characters that one column may be read as; the lightest makes room.
const CHOICES: usize = 5;

/// One place of the plate: a character, or `None` where most reads have nothing.
pub(super) type Column = Ballot<Option<char>, CHOICES>;

const STRIDE: usize = MAX_TEXT_CHARS + 1;

/// How the last column and the last character of a part were laid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The character goes into the column.
    Put,
    /// The column stays empty.
    Skip,
    /// The character gets a column of its own.
    Insert,
}

/// The cheapest way.
pub(super) struct Path {
    /// What it costs: 0 when every column fully agrees.
    pub(super) cost: f32,
    steps: [Step; (MAX_COLUMNS + 1) * STRIDE],
}

impl Path {
    /// The last step of the cheapest way to lay the first `char_at` characters into the first `column` columns.
    pub(super) fn step(&self, column: usize, char_at: usize) -> Step {
        if column == 0 {
            return Step::Insert;
        }
        if char_at == 0 {
            return Step::Skip;
        }
        self.steps
            .get(column * STRIDE + char_at)
            .copied()
            .unwrap_or(Step::Skip)
    }
}

/// Lays `chars` (at most [`MAX_TEXT_CHARS`]) into `columns` (at most [`MAX_COLUMNS`]).
pub(super) fn align(columns: &[Column], chars: &[char]) -> Path {
    let mut path = Path {
        cost: 0.0,
        steps: [Step::Put; (MAX_COLUMNS + 1) * STRIDE],
    };
    let mut costs = [0.0_f32; STRIDE];
    let mut inserted = 0.0;
    for place in &mut costs {
        *place = inserted;
        inserted += 1.0;
    }
    let rows = path.steps.chunks_exact_mut(STRIDE).skip(1);
    for (column, steps) in columns.iter().zip(rows) {
        let skip_cost = 1.0 - column.share(None);
        let mut row = costs.iter_mut();
        let Some(first) = row.next() else { break };
        let mut diagonal = *first;
        *first += skip_cost;
        let mut left = *first;
        for ((place, step), char) in row.zip(steps.iter_mut().skip(1)).zip(chars) {
            let put = diagonal + 1.0 - column.share(Some(*char));
            let skip = *place + skip_cost;
            let insert = left + 1.0;
            diagonal = *place;
            (*place, *step) = (put, Step::Put);
            if skip < *place {
                (*place, *step) = (skip, Step::Skip);
            }
            if insert < *place {
                (*place, *step) = (insert, Step::Insert);
            }
            left = *place;
        }
    }
    path.cost = costs.get(chars.len()).copied().unwrap_or_default();
    path
}

//! Values by rising numbers, many of them in a row: 64 numbers share a block, which holds only what is there.

const PER_BLOCK: u64 = 64;

/// Finds, adds and removes at any number; cheapest at the end, where new numbers come.
#[derive(Clone, Debug)]
pub(super) struct Numbered<T> {
    /// In the order of their numbers; none is empty.
    blocks: Vec<Block<T>>,
}

#[derive(Clone, Debug)]
struct Block<T> {
    number: u64,
    /// Bit i: number `64 * self.number + i` is here.
    present: u64,
    /// In the order of their numbers.
    items: Vec<T>,
}

const fn bit(number: u64) -> u64 {
    1 << (number % PER_BLOCK)
}

impl<T> Block<T> {
    /// Where a number's item is, or would be.
    const fn position(&self, number: u64) -> usize {
        (self.present & (bit(number) - 1)).count_ones() as usize
    }

    const fn holds(&self, number: u64) -> bool {
        self.present & bit(number) != 0
    }

    /// Its items from a number on.
    fn from(&self, number: u64) -> impl Iterator<Item = (u64, &T)> {
        let begin = self.number * PER_BLOCK;
        let hidden = match number.checked_sub(begin) {
            Some(offset) if offset < PER_BLOCK => (1_u64 << offset) - 1,
            _ => 0,
        };
        let mut left = self.present & !hidden;
        let skipped = (self.present & hidden).count_ones() as usize;
        self.items.iter().skip(skipped).map(move |item| {
            let offset = u64::from(left.trailing_zeros());
            left &= left.wrapping_sub(1);
            (begin + offset, item)
        })
    }
}

impl<T> Numbered<T> {
    pub(super) const fn new() -> Self {
        Self { blocks: Vec::new() }
    }

    /// Where a block is, or would be.
    fn find(&self, number: u64) -> Result<usize, usize> {
        let block = number / PER_BLOCK;
        match self.blocks.last() {
            None => Err(0),
            Some(last) if last.number < block => Err(self.blocks.len()),
            Some(last) if last.number == block => Ok(self.blocks.len() - 1),
            Some(_) => self.blocks.binary_search_by_key(&block, |one| one.number),
        }
    }

    fn block(&self, number: u64) -> Option<&Block<T>> {
        let block = self.blocks.get(self.find(number).ok()?)?;
        block.holds(number).then_some(block)
    }

    pub(super) fn contains(&self, number: u64) -> bool {
        self.block(number).is_some()
    }

    pub(super) fn get(&self, number: u64) -> Option<&T> {
        let block = self.block(number)?;
        block.items.get(block.position(number))
    }

    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        let at = self.find(number).ok()?;
        let block = self.blocks.get_mut(at)?;
        let position = block.position(number);
        if block.holds(number) {
            block.items.get_mut(position)
        } else {
            None
        }
    }

    /// Puts an item at a number; returns what was there.
    pub(super) fn insert(&mut self, number: u64, item: T) -> Option<T> {
        let at = self.find(number).unwrap_or_else(|at| {
            let block = Block {
                number: number / PER_BLOCK,
                present: 0,
                items: Vec::new(),
            };
            self.blocks.insert(at, block);
            at
        });
        let block = self.blocks.get_mut(at)?;
        let position = block.position(number);
        if block.holds(number) {
            let old = block.items.get_mut(position)?;
            return Some(std::mem::replace(old, item));
        }
        block.items.insert(position, item);
        block.present |= bit(number);
        None
    }

    /// Takes an item away.
    pub(super) fn remove(&mut self, number: u64) -> Option<T> {
        let at = self.find(number).ok()?;
        let block = self.blocks.get_mut(at)?;
        if !block.holds(number) {
            return None;
        }
        let item = block.items.remove(block.position(number));
        block.present &= !bit(number);
        if block.items.is_empty() {
            self.blocks.remove(at);
        } else if block.items.len() < block.items.capacity() / 4 {
            block.items.shrink_to(block.items.len() * 2);
        }
        Some(item)
    }

    /// All from a number on, in order.
    pub(super) fn from(&self, number: u64) -> impl Iterator<Item = (u64, &T)> {
        let at = self.find(number).unwrap_or_else(|at| at);
        let blocks = self.blocks.get(at..).unwrap_or_default();
        blocks.iter().flat_map(move |block| block.from(number))
    }

    /// All, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        self.from(0)
    }

    /// The numbers, in order.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u64> {
        self.iter().map(|(number, _)| number)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ledger::tests::Dice;

    #[test]
    fn it_behaves_as_a_tree_does() {
        let mut dice = Dice::new(1);
        let mut tree = BTreeMap::new();
        let mut ours = Numbered::new();
        for step in 0_u64..20_000 {
            let number = match dice.below(10) {
                0 => u64::MAX - dice.below(70),
                1 => step,
                _ => dice.below(400),
            };
            if dice.below(3) > 0 {
                assert_eq!(ours.insert(number, step), tree.insert(number, step));
            } else {
                assert_eq!(ours.remove(number), tree.remove(&number));
            }
            assert_eq!(ours.get(number), tree.get(&number));
            assert_eq!(ours.get_mut(number), tree.get_mut(&number));
            assert_eq!(ours.contains(number), tree.contains_key(&number));
            if step % 50 == 0 {
                let from = dice.below(500);
                let want: Vec<_> = tree.range(from..).map(|(&no, item)| (no, item)).collect();
                assert_eq!(ours.from(from).collect::<Vec<_>>(), want);
            }
        }
        assert!(ours.blocks.iter().all(|block| !block.items.is_empty()));
    }
}

//! Eight rows of samples whose extent is checked once.

/// Eight rows of `N` samples, in memory of any stride.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a, const N: usize> {
    /// At least `7 * stride + N` bytes.
    data: &'a [u8],
    stride: usize,
}

impl<'a, const N: usize> Rows<'a, N> {
    /// The rows at the beginning of `data`; `None` where it ends before they do.
    #[inline(always)]
    pub(crate) fn new(data: &'a [u8], stride: usize) -> Option<Self> {
        let last_row = stride.checked_mul(7)?;
        (data.len() >= last_row.checked_add(N)?).then_some(Self { data, stride })
    }

    /// One of the eight rows; of a larger number the lowest three bits count.
    #[inline(always)]
    pub(crate) fn row(self, number: usize) -> &'a [u8; N] {
        let start = (number & 7).wrapping_mul(self.stride);
        // SAFETY: row 7 ends at 7 * stride + N, which `new` found inside `data` and below overflow; the others end before.
        // An array of bytes has no alignment, and lives as long as the slice.
        unsafe { &*self.data.as_ptr().add(start).cast() }
    }
}

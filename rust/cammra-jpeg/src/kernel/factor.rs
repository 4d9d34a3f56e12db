//! Factors of the transform, with 13 fractional bits: libjpeg's, combined so that each result is a sum of products.
//!
//! `T4_T7_1` are those of the differences t4 and t7 in result 1, `Z3_Z4_37` those of z3 and z4 in results 3 and 7.

/// Bits that a pass rounds away. The first one, along rows, leaves results 4 times too large, so that the second, along
/// columns, has something to round; after it they are 8 times too large, which the quantiser knows.
pub(super) const FIRST: i32 = 11;
pub(super) const SECOND: i32 = 15;

const F_0_298: i16 = 2_446;
const F_0_390: i16 = 3_196;
const F_0_541: i16 = 4_433;
const F_0_765: i16 = 6_270;
const F_0_899: i16 = 7_373;
const F_1_175: i16 = 9_633;
const F_1_501: i16 = 12_299;
const F_1_847: i16 = 15_137;
const F_1_961: i16 = 16_069;
const F_2_053: i16 = 16_819;
const F_2_562: i16 = 20_995;
const F_3_072: i16 = 25_172;

pub(super) const T13_T12_2: (i16, i16) = (F_0_541 + F_0_765, F_0_541);
pub(super) const T13_T12_6: (i16, i16) = (F_0_541, F_0_541 - F_1_847);
pub(super) const Z3_Z4_37: (i16, i16) = (F_1_175 - F_1_961, F_1_175);
pub(super) const Z3_Z4_15: (i16, i16) = (F_1_175, F_1_175 - F_0_390);
pub(super) const T4_T7_1: (i16, i16) = (-F_0_899, F_1_501 - F_0_899);
pub(super) const T4_T7_7: (i16, i16) = (F_0_298 - F_0_899, -F_0_899);
pub(super) const T5_T6_3: (i16, i16) = (-F_2_562, F_3_072 - F_2_562);
pub(super) const T5_T6_5: (i16, i16) = (F_2_053 - F_2_562, -F_2_562);

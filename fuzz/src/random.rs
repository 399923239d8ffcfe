//! Choices: those that the bytes of an input make, and those that only follow from it.

use std::cell::RefCell;
use std::collections::VecDeque;

/// What tests call random is the input here, so that a fuzzer steers it: each choice takes a byte.
#[derive(Debug)]
pub struct Random;

thread_local! {
    static LEFT: RefCell<VecDeque<u8>> = RefCell::default();
}

impl Random {
    /// Choices from what is left of the input.
    pub const fn new(_: u64) -> Self {
        Self
    }

    /// A number below `bound`, the lowest once the input has ended.
    pub fn below(&mut self, bound: usize) -> usize {
        let byte = LEFT.with_borrow_mut(VecDeque::pop_front);
        byte.map_or(0, |byte| usize::from(byte) % bound)
    }

    /// One of several.
    pub fn pick<T: Clone>(&mut self, among: &[T]) -> T {
        among[self.below(among.len())].clone()
    }
}

/// From here on, choices are taken from this input.
pub fn choose_by(data: &[u8]) {
    LEFT.set(data.iter().copied().collect());
}

/// Numbers that an input leads to, the same each time (`SplitMix64` of its FNV-1a digest).
#[derive(Debug, Clone)]
pub struct Followed(u64);

impl Followed {
    /// Those of an input.
    pub fn from(data: &[u8]) -> Self {
        let digest = data.iter().fold(0xcbf2_9ce4_8422_2325_u64, |digest, byte| {
            (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(digest)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }
}

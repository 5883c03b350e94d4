//! What stands in for the lanes on processors of other kinds: nothing, since there is no evidence of the instructions.

#![forbid(unsafe_code)]

use super::fp::Fp;
use super::fp12::Fp12;
use super::g1::{Affine, Point};
use super::pairing::Evaluation;

/// How many there would be.
pub(super) const LANES: usize = 8;

/// Evidence that can not be had.
#[derive(Clone, Copy, Debug)]
pub(super) enum Processor {}

/// No space.
#[derive(Default)]
pub(super) struct Scratch(());

impl Processor {
    /// None.
    pub(super) fn detect() -> Option<Self> {
        None
    }

    /// Never called.
    pub(super) fn add_pairs_vartime(self, _: &mut [Affine], _: &[(usize, usize)], _: &mut Scratch) -> bool {
        match self {}
    }

    /// Never called.
    pub(super) fn add_up(self, _: &[Affine], _: &[usize], _: usize, _: usize) -> Vec<Option<Point>> {
        match self {}
    }

    /// Never called.
    pub(super) fn complete_points(self, _: [&Fp; LANES]) -> [Option<Fp>; LANES] {
        match self {}
    }

    /// Never called.
    pub(super) fn hard_part(self, _: &Fp12) -> Option<Fp12> {
        match self {}
    }

    /// Never called.
    pub(super) fn miller_loop(self, _: &[Evaluation<'_>]) -> Fp12 {
        match self {}
    }
}

//! The points that messages are bound to.
//!
//! Source: draft-irtf-cfrg-bbs-signatures, "Generators Calculation".
//! Everything here is public. Caution: generators belong to the interface that made them; under another identifier they
//! yield signatures that nobody else accepts.

use std::sync::{Arc, Mutex, PoisonError};

use milchglas_curve::{DecodeError, FixedPoint, G1, NonZeroG1, Scalar};
use zeroize::Zeroizing;

use crate::{ciphersuite::Ciphersuite, error::Error};

/// The largest number of messages under one signature.
///
/// The draft has no such bound. This one keeps the work that a hostile proof or commitment can demand below half a second.
pub const MAX_MESSAGES: usize = 4096;

/// `P1`, `Q_1` and `H_1 … H_L`. Making one point takes about 100 µs, so keep them: those for L messages contain those for
/// fewer ([`first`](Self::first)).
///
/// Points that are used again and again build tables for their multiplication, which all copies share; see [`FixedPoint`].
#[derive(Clone, Debug)]
pub struct Generators {
    /// `P1, Q_1, H_1, …, H_L`: never fewer than two.
    points: Vec<NonZeroG1>,
    /// The same, with their tables.
    fixed: Vec<FixedPoint>,
    /// The domain that was used last, and from its second use on what `start` gives for it.
    start: Arc<Mutex<Start>>,
}

/// A domain, and `P1 + Q_1·domain` if it was used before.
type Start = Option<(Scalar, Option<FixedPoint>)>;

impl PartialEq for Generators {
    fn eq(&self, other: &Self) -> bool {
        self.points == other.points
    }
}

impl Eq for Generators {}

impl Generators {
    fn new(points: Vec<NonZeroG1>) -> Self {
        let fixed = points.iter().map(FixedPoint::new).collect();
        Self { points, fixed, start: Arc::default() }
    }

    /// `create_generators(L + 1, api_id)` of the draft, preceded by the suite's `P1`.
    pub(crate) fn create(suite: Ciphersuite, api_id: &[u8], L: usize) -> Result<Self, Error> {
        if L > MAX_MESSAGES {
            return Err(Error::TooManyMessages);
        }
        let seed_dst = [api_id, b"SIG_GENERATOR_SEED_"].concat();
        let generator_dst = [api_id, b"SIG_GENERATOR_DST_"].concat();
        let expander = suite.expander();

        // v || I2OSP(i, 8)
        let mut input = [0u8; 56];
        let mut v = [0u8; 48];
        expander.expand(&[api_id, b"MESSAGE_GENERATOR_SEED"].concat(), &seed_dst, &mut v);
        let mut points = Vec::with_capacity(L + 2);
        points.push(suite.P1()?);
        for i in 1..=(L as u64 + 1) {
            input[..48].copy_from_slice(&v);
            input[48..].copy_from_slice(&i.to_be_bytes());
            expander.expand(&input, &seed_dst, &mut v);
            points.push(G1::hash(expander, &v, &generator_dst));
        }
        Ok(Self::new(points))
    }

    /// L, the number of messages that these generators serve.
    #[must_use]
    pub fn message_count(&self) -> usize {
        self.points.len() - 2
    }

    /// `P1`, the suite's fixed point.
    #[must_use]
    pub fn P1(&self) -> &NonZeroG1 {
        &self.points[0]
    }

    /// `Q_1`, the generator of the domain.
    #[must_use]
    pub fn Q_1(&self) -> &NonZeroG1 {
        &self.points[1]
    }

    /// `H_1 … H_L`, one for each message.
    #[must_use]
    pub fn H(&self) -> &[NonZeroG1] {
        &self.points[2..]
    }

    /// `P1, Q_1, H_1, …, H_L`, the points of `B` in their order.
    #[must_use]
    pub fn points(&self) -> &[NonZeroG1] {
        &self.points
    }

    /// The generators for the first `L` messages only.
    ///
    /// # Errors
    /// [`Error::GeneratorCount`] if there are fewer.
    pub fn first(&self, L: usize) -> Result<Self, Error> {
        let end = L.saturating_add(2);
        let points = self.points.get(..end).ok_or(Error::GeneratorCount)?.to_vec();
        let fixed = self.fixed.iter().take(end).cloned().collect();
        Ok(Self { points, fixed, start: Arc::clone(&self.start) })
    }

    /// These generators followed by `others` (any points whose discrete logarithms nobody knows).
    #[must_use]
    pub fn append(&self, others: &[NonZeroG1]) -> Self {
        let points = [&self.points, others].concat();
        let fixed = self.fixed.iter().cloned().chain(others.iter().map(FixedPoint::new)).collect();
        Self { points, fixed, start: Arc::clone(&self.start) }
    }

    /// [`points`](Self::points) with their tables.
    #[must_use]
    pub fn fixed_points(&self) -> &[FixedPoint] {
        &self.fixed
    }

    /// Builds now, in idle time, the tables for signing and proving: about 0.3 ms and 66 KiB a point.
    pub fn prepare_for_secrets(&self) {
        FixedPoint::prepare_for_proving(&self.fixed);
    }

    /// Builds now the tables for verifying: about 0.15 ms and 49 KiB a point.
    pub fn prepare_for_verifying(&self) {
        FixedPoint::prepare_for_verifying(&self.fixed);
    }

    /// `P1 + Q_1·domain`, once a domain is used for the second time in a row: a key with one header signs under one domain only.
    fn start(&self, domain: &Scalar) -> Option<FixedPoint> {
        let mut last = self.start.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *last {
            Some((known, Some(start))) if known == domain => Some(start.clone()),
            Some((known, start)) if known == domain => {
                let point = G1::from(*self.P1()) + G1::from(*self.Q_1()).mul_vartime(domain);
                *start = point.to_nonzero().map(FixedPoint::from);
                start.clone()
            }
            Some(_) | None => {
                *last = Some((*domain, None));
                None
            }
        }
    }

    /// The points and scalars of `factor·(P1 + Q_1·domain) + Σ scalar·H`.
    pub(crate) fn terms(
        &self,
        factor: Scalar,
        domain: &Scalar,
        scalars: &[Scalar],
    ) -> (Vec<FixedPoint>, Zeroizing<Vec<Scalar>>) {
        let mut points = self.fixed.clone();
        let mut all = Zeroizing::new(Vec::with_capacity(scalars.len() + 2));
        all.push(factor);
        match self.start(domain) {
            Some(start) => {
                points.splice(..2, [start]);
            }
            None => all.push(factor * *domain),
        }
        all.extend_from_slice(scalars);
        points.truncate(all.len());
        (points, all)
    }

    /// `P1 + Q_1·domain + Σ scalar·H`, in constant time but for the domain, which is public.
    pub(crate) fn sum(&self, domain: &Scalar, scalars: &[Scalar]) -> G1 {
        let (points, scalars) = self.terms(Scalar::ONE, domain, scalars);
        FixedPoint::msm(&points, &scalars)
    }

    /// Refuses generators for another number of messages.
    pub(crate) fn check_count(&self, L: usize) -> Result<(), Error> {
        if self.message_count() == L { Ok(()) } else { Err(Error::GeneratorCount) }
    }
}

/// Splits off the first `N` octets.
pub(crate) fn take<'a, const N: usize>(octets: &mut &'a [u8], what: &'static str) -> Result<&'a [u8; N], DecodeError> {
    let (head, tail) = octets.split_first_chunk().ok_or(DecodeError { what })?;
    *octets = tail;
    Ok(head)
}

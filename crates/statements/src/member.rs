//! Proof that a hidden scalar is an element of a signed set.
//!
//! Spec: `spec/statements.md`, Member (Camenisch–Chaabouni–shelat 2008, with the base of the set in place of a common generator).
//!
//! The set's authority holds y, publishes `Y = y·P2` and, for each element d, `S_d = P_D/(y+d)`, where `P_D` is hashed from the
//! whole content of the set. With `V = r·S_d`, `V̄ = r·P_D − d·V`:
//! ```text
//! PoK{(r, d): V̄ = r·P_D − d·V}  ∧  e(V, Y) = e(V̄, P2)  ∧  V ≠ 0
//! ```
//! Public: the base and Y ([`SetKey`]). Sent: V, V̄. Secret: r and d (the input). Only who proves needs elements and signatures
//! ([`PublicSet`]).
//!
//! Caution: one base serves one set only. A wallet must [check](PublicSet::check) a set before it first uses it: with one
//! bad `S_d`, whether the wallet answers at all would tell whether it has that element.

use std::sync::Arc;

use milchglas_curve::{Expander, G1, G2, NonZeroG1, NonZeroG2, PublicSum, Scalar};
use milchglas_sigma::{
    Commitment, Error, FixedPoint, Multiple, PairingChecks, PairingKey, Statement, System, Term, Var,
};
use rand_core::CryptoRngCore;
use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// For sets whose base is hashed from name, key and elements themselves.
const SET_DST: &[u8] = b"MILCHGLAS-V1-SET-BASE";
/// For sets whose base is hashed from a digest of all that.
const SET_DIGEST_DST: &[u8] = b"MILCHGLAS-V1-SET-DIGEST";
const WEIGHTS_DST: &[u8] = b"MILCHGLAS-V1-SET-WEIGHTS";
/// Weights that are expanded at once, 16 bytes each.
const WEIGHTS_AT_ONCE: usize = 256;

/// A set authority's secret key y. Independent of every other key.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SetSecretKey(Scalar);

impl SetSecretKey {
    /// A fresh key.
    pub fn random(mut rng: &mut dyn CryptoRngCore) -> Self {
        Self(Scalar::random(&mut rng))
    }

    /// Decodes a key, 32 bytes big-endian, not zero.
    ///
    /// # Errors
    /// [`Error::Decode`] if it is none.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, Error> {
        let key = Scalar::from_bytes(bytes)?;
        if key.is_zero() { Err(Error::Misuse("a set key is not zero")) } else { Ok(Self(key)) }
    }

    /// The key's encoding. A secret.
    #[must_use]
    pub fn to_bytes(&self) -> zeroize::Zeroizing<[u8; 32]> {
        zeroize::Zeroizing::new(self.0.to_bytes())
    }

    /// `Y = y·P2`.
    ///
    /// # Errors
    /// [`Error::Misuse`] for a zero key.
    pub fn public_key(&self) -> Result<NonZeroG2, Error> {
        (G2::generator() * self.0).to_nonzero().ok_or(Error::Misuse("a set key is not zero"))
    }

    /// Signs the set of the scalars `elements`, whose meaning `name` fixes.
    ///
    /// # Errors
    /// As [`SetSecretKey::sign_elements`].
    pub fn sign(&self, name: &[u8], elements: Vec<Scalar>) -> Result<PublicSet, Error> {
        let key = self.public_key()?;
        self.sign_set(SetKey::new(set_base(name, &key, &elements), &key), elements)
    }

    /// Signs the set of the scalars `elements`. `digest` covers what the set is, this key's public one and all elements.
    ///
    /// # Errors
    /// As [`SetSecretKey::sign_elements`].
    pub fn sign_under(&self, digest: &[u8; 32], elements: Vec<Scalar>) -> Result<PublicSet, Error> {
        self.sign_set(SetKey::of_digest(digest, &self.public_key()?), elements)
    }

    fn sign_set(&self, key: SetKey, elements: Vec<Scalar>) -> Result<PublicSet, Error> {
        if elements.is_empty() {
            return Err(Error::Misuse("a set has at least one element"));
        }
        let signatures = self.sign_elements(&key, &elements)?;
        Ok(PublicSet::assemble(key, elements, signatures))
    }

    /// `S_d` for some elements of a set, in their order: one inversion for all, then one fixed-base multiplication each, in constant
    /// time.
    ///
    /// # Errors
    /// [`Error::Misuse`] if the set is another key's, or for a key of `−d` for an element d (probability 2⁻²⁴⁷ or less for an honest
    /// key and few elements).
    pub fn sign_elements(&self, set: &SetKey, elements: &[Scalar]) -> Result<Vec<NonZeroG1>, Error> {
        const NONE: Error = Error::Misuse("a set key is not minus an element");
        if self.public_key()? != set.point {
            return Err(Error::Misuse("a set is signed with its own key"));
        }
        let divisors: Zeroizing<Vec<Scalar>> = Zeroizing::new(elements.iter().map(|d| self.0 + *d).collect());
        let inverses = Scalar::invert_all(&divisors).ok_or(NONE)?;
        let points: Vec<G1> = inverses.iter().map(|inverse| set.base.mul(inverse)).collect();
        G1::batch_to_nonzero(&points).into_iter().collect::<Option<_>>().ok_or(NONE)
    }
}

impl core::fmt::Debug for SetSecretKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SetSecretKey(..)")
    }
}

/// What both sides of a proof know of a set: its base P_D and its authority's key Y.
#[derive(Clone, Debug)]
pub struct SetKey {
    base: FixedPoint,
    point: NonZeroG2,
    key: Arc<PairingKey>,
}

impl SetKey {
    fn new(base: NonZeroG1, key: &NonZeroG2) -> Self {
        Self { base: FixedPoint::new(&base), point: *key, key: Arc::new(PairingKey::new(key)) }
    }

    /// The set of the authority with the key `key` whose whole content, that key included, `digest` covers:
    /// `P_D = H1(digest; MILCHGLAS-V1-SET-DIGEST)`.
    #[must_use]
    pub fn of_digest(digest: &[u8; 32], key: &NonZeroG2) -> Self {
        Self::new(G1::hash(Expander::XmdSha256, digest, SET_DIGEST_DST), key)
    }

    /// The set whose base is `base`, of the authority with the key `key`, which `pairing` is.
    pub(crate) fn of_base(base: FixedPoint, key: NonZeroG2, pairing: Arc<PairingKey>) -> Self {
        Self { base, point: key, key: pairing }
    }

    /// The base P_D, which every proof multiplies.
    #[must_use]
    pub fn base(&self) -> &FixedPoint {
        &self.base
    }

    /// The authority's key, for pairings.
    #[must_use]
    pub fn pairing(&self) -> &Arc<PairingKey> {
        &self.key
    }

    /// The authority's public key Y.
    #[must_use]
    pub fn key(&self) -> &NonZeroG2 {
        &self.point
    }
}

/// A set of scalars, each with its signature.
#[derive(Clone, Debug)]
pub struct PublicSet {
    key: SetKey,
    counting: bool,
    /// Whether every element is a number of eight bits.
    of_bytes: bool,
    elements: Vec<Scalar>,
    signatures: Vec<NonZeroG1>,
}

impl PublicSet {
    /// A set as published, its base hashed from name, key and elements. The signatures are not checked: a wallet calls
    /// [`PublicSet::check`]; a verifier need not.
    ///
    /// # Errors
    /// [`Error::Misuse`] for an empty set, or if the numbers of elements and signatures differ.
    pub fn new(name: &[u8], key: &NonZeroG2, elements: Vec<Scalar>, signatures: Vec<NonZeroG1>) -> Result<Self, Error> {
        let base = set_base(name, key, &elements);
        Self::from_parts(SetKey::new(base, key), elements, signatures)
    }

    /// As [`PublicSet::new`], for a set whose base is hashed from a digest.
    ///
    /// # Errors
    /// As there.
    pub fn from_parts(key: SetKey, elements: Vec<Scalar>, signatures: Vec<NonZeroG1>) -> Result<Self, Error> {
        if elements.is_empty() || elements.len() != signatures.len() {
            return Err(Error::Misuse("a set has at least one element, and one signature for each"));
        }
        Ok(Self::assemble(key, elements, signatures))
    }

    fn assemble(key: SetKey, elements: Vec<Scalar>, signatures: Vec<NonZeroG1>) -> Self {
        let counting = elements.iter().copied().eq((0..elements.len() as u64).map(Scalar::from));
        let of_bytes = elements.iter().all(|element| element.to_bytes()[..31] == [0; 31]);
        Self { key, counting, of_bytes, elements, signatures }
    }

    /// What both sides of a proof know of it.
    #[must_use]
    pub fn set_key(&self) -> &SetKey {
        &self.key
    }

    /// The base P_D, which every proof multiplies.
    #[must_use]
    pub fn base(&self) -> &FixedPoint {
        self.key.base()
    }

    /// The authority's public key Y.
    #[must_use]
    pub fn key(&self) -> &NonZeroG2 {
        self.key.key()
    }

    /// The signatures `S_d`, in the order of the elements.
    #[must_use]
    pub fn signatures(&self) -> &[NonZeroG1] {
        &self.signatures
    }

    /// Whether the elements are exactly 0, 1, … up to and without `end`, in order.
    #[must_use]
    pub fn is_counting_up_to(&self, end: u64) -> bool {
        self.counting && self.elements.len() as u64 == end
    }

    /// Checks every `S_d`: `e(S_d, Y) = e(P_D − d·S_d, P2)`, merged with random weights.
    ///
    /// # Errors
    /// [`Error::Invalid`] if one of them is bad.
    pub fn check(&self, rng: &mut dyn CryptoRngCore) -> Result<(), Error> {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let weights = weights(&self.elements, &self.signatures, &seed)?;
        let [left, mut right] = weighted(&self.elements, &self.signatures, &weights);
        right.add_fixed(self.base(), -weights.iter().fold(Scalar::ZERO, |sum, weight| sum + weight));
        let [left, right] = two(&PublicSum::finish_all_vartime(&[left, right]));
        // With a key of its own, whose lines go with it: who proves needs them for nothing else.
        verdict(&Arc::new(PairingKey::new(self.key())), left, -right, rng)
    }

    /// The witness for an element, found by a constant-time scan of the whole set.
    ///
    /// # Errors
    /// [`Error::Unsatisfied`] if `d` is not in the set.
    pub fn witness(&self, d: &Scalar) -> Result<MemberWitness, Error> {
        let mut S = self.signatures[0];
        let mut found = subtle::Choice::from(0);
        for (element, signature) in self.elements.iter().zip(&self.signatures) {
            let here = element.ct_eq(d);
            S.conditional_assign(signature, here);
            found |= here;
        }
        let of_bytes = self.of_bytes;
        if found.into() {
            Ok(MemberWitness { S: FixedPoint::new(&S), d: *d, of_bytes })
        } else {
            Err(Error::Unsatisfied)
        }
    }
}

/// An element with its signature.
pub struct MemberWitness {
    S: FixedPoint,
    d: Scalar,
    /// Whether the set, which is public, has numbers of eight bits only.
    of_bytes: bool,
}

impl MemberWitness {
    /// An element with its signature, found in some other way than [`PublicSet::witness`].
    #[must_use]
    pub fn new(S: NonZeroG1, d: Scalar) -> Self {
        Self { S: FixedPoint::new(&S), d, of_bytes: false }
    }

    /// An element of any size with a signature that is multiplied again and again.
    pub(crate) fn under(S: FixedPoint, d: &Scalar) -> Self {
        Self { S, d: *d, of_bytes: false }
    }

    /// A digit, from 0 to 255, from a signature that [`PublicSet::witness`] found for it before.
    pub(crate) fn digit(S: FixedPoint, d: &Scalar) -> Self {
        Self { S, d: *d, of_bytes: true }
    }

    /// The signature of the element.
    pub(crate) fn signature(&self) -> &FixedPoint {
        &self.S
    }
}

impl Drop for MemberWitness {
    fn drop(&mut self) {
        self.d.zeroize();
    }
}

/// The check of a whole set's signatures, part by part:
/// `e(Σ ρ_d·S_d, Y) = e((Σ ρ_d)·P_D − Σ ρ_d·d·S_d, P2)` with 128-bit weights ρ.
///
/// A bad `S_d` survives with probability at most 2⁻¹²⁷ (small-exponents test, Bellare–Garay–Rabin 1998). Parts may be checked on several
/// threads and [merged](SetCheck::merge).
#[derive(Clone, Copy, Debug, Default)]
pub struct SetCheck {
    /// Σ ρ·S
    signatures: G1,
    /// Σ ρ·d·S
    multiples: G1,
    /// Σ ρ
    weights: Scalar,
}

impl SetCheck {
    /// Adds a part. The weights follow from `seed`, 32 fresh random bytes that nobody could foresee, and from the part itself: were the
    /// bytes foreseen, the authority would still have to fix the part before it learns the weights.
    ///
    /// # Errors
    /// [`Error::Misuse`] if there is not one signature for each element.
    pub fn add(&mut self, elements: &[Scalar], signatures: &[NonZeroG1], seed: &[u8; 32]) -> Result<(), Error> {
        let weights = weights(elements, signatures, seed)?;
        let sums = weighted(elements, signatures, &weights);
        let [left, multiples] = two(&PublicSum::finish_all_vartime(&sums));
        self.signatures += left;
        self.multiples += multiples;
        self.weights += weights.iter().fold(Scalar::ZERO, |sum, weight| sum + weight);
        Ok(())
    }

    /// Joins the parts of another check.
    pub fn merge(&mut self, other: Self) {
        self.signatures += other.signatures;
        self.multiples += other.multiples;
        self.weights += other.weights;
    }

    /// The verdict on all parts.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a signature is bad, or where there are none.
    pub fn finish(self, set: &SetKey, rng: &mut dyn CryptoRngCore) -> Result<(), Error> {
        let right = G1::from(set.base.point()).mul_vartime(&self.weights) - self.multiples;
        verdict(&set.key, self.signatures, right, rng)
    }
}

/// The weights of some elements' signatures, 128 bits each, as in [`SetCheck::add`].
fn weights(elements: &[Scalar], signatures: &[NonZeroG1], seed: &[u8; 32]) -> Result<Vec<Scalar>, Error> {
    if elements.len() != signatures.len() {
        return Err(Error::Misuse("one signature for each element"));
    }
    let mut content = Vec::with_capacity(32 + 80 * elements.len());
    content.extend_from_slice(seed);
    for (d, S) in elements.iter().zip(signatures) {
        content.extend_from_slice(&d.to_bytes());
        content.extend_from_slice(&S.to_bytes());
    }
    let mut key = [0; 40];
    if let Some(key) = key.first_chunk_mut::<32>() {
        Expander::XmdSha256.expand(&content, WEIGHTS_DST, key);
    }
    let mut weights = Vec::with_capacity(elements.len());
    let mut block = [0; 16 * WEIGHTS_AT_ONCE];
    for (number, part) in (0u64..).zip(elements.chunks(WEIGHTS_AT_ONCE)) {
        if let Some(place) = key.last_chunk_mut::<8>() {
            *place = number.to_be_bytes();
        }
        let (halves, _) = block.as_chunks_mut::<8>();
        let (block, _) = halves.as_chunks_mut::<2>();
        let (block, _) = block.split_at_mut(part.len());
        Expander::XmdSha256.expand(&key, WEIGHTS_DST, block.as_flattened_mut().as_flattened_mut());
        weights.extend(block.iter().map(weight));
    }
    Ok(weights)
}

/// One of 2^128 weights.
fn weight([low, high]: &[[u8; 8]; 2]) -> Scalar {
    Scalar::weight(u64::from_be_bytes(*low), u64::from_be_bytes(*high))
}

/// Σ ρ_d·S_d and Σ ρ_d·d·S_d, still to be computed.
fn weighted<'a>(elements: &[Scalar], signatures: &[NonZeroG1], weights: &[Scalar]) -> [PublicSum<'a>; 2] {
    let mut sums = [PublicSum::with_room(elements.len()), PublicSum::with_room(elements.len() + 1)];
    for ((d, S), weight) in elements.iter().zip(signatures).zip(weights) {
        sums[0].add(S, *weight);
        sums[1].add(S, weight * d);
    }
    sums
}

/// Two sums, as `finish_all_vartime` returns them for two.
fn two(sums: &[G1]) -> [G1; 2] {
    core::array::from_fn(|i| sums.get(i).copied().unwrap_or_default())
}

/// Whether `e(left, Y) = e(right, P2)`, and neither is zero.
fn verdict(key: &Arc<PairingKey>, left: G1, right: G1, rng: &mut dyn CryptoRngCore) -> Result<(), Error> {
    let mut system = System::default();
    system.pairing(left.to_nonzero().ok_or(Error::Invalid)?, key, right.to_nonzero().ok_or(Error::Invalid)?);
    PairingChecks::of(system).check(rng)
}

/// The one input is an element of the set.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// The set.
    pub set: &'a SetKey,
}

impl Statement for Member<'_> {
    type Witness = MemberWitness;

    fn points(&self) -> usize {
        2
    }

    fn commit(&self, witness: &MemberWitness, mut rng: &mut dyn CryptoRngCore) -> Result<Commitment, Error> {
        let r = Scalar::random(&mut rng);
        let V = witness.S.mul(&r);
        let multiple = if witness.of_bytes {
            let bytes = Zeroizing::new(witness.d.to_bytes());
            V.mul_byte(bytes[31])
        } else {
            V * witness.d
        };
        let points = G1::batch_to_nonzero(&[V, self.set.base.mul(&r) - multiple]);
        let points = points.into_iter().collect::<Option<Vec<_>>>().ok_or(Error::Unsatisfied)?;
        let multiples = vec![Multiple { place: 0, base: witness.S.clone(), factor: r }];
        Ok(Commitment { points, secrets: vec![r], multiples })
    }

    fn constrain(&self, inputs: &[Var], points: &[NonZeroG1], system: &mut System) -> Result<(), Error> {
        let (&[d], &[V, V_bar]) = (inputs, points) else {
            return Err(Error::Misuse("a member statement has one input and sends two points"));
        };
        let r = system.secret();
        let image = vec![(Scalar::ONE, system.base(&V_bar))];
        let terms = vec![Term::plus(r, system.fixed(&self.set.base)), Term::minus(d, system.base(&V))];
        system.equation("member", image, terms);
        system.pairing(V, &self.set.key, V_bar);
        Ok(())
    }
}

/// `P_D`: hashed from the name, the authority's key and the elements, so that another set has another base.
fn set_base(name: &[u8], key: &NonZeroG2, elements: &[Scalar]) -> NonZeroG1 {
    let mut content = Vec::with_capacity(8 + name.len() + 96 + 8 + 32 * elements.len());
    content.extend_from_slice(&(name.len() as u64).to_be_bytes());
    content.extend_from_slice(name);
    content.extend_from_slice(&key.to_bytes());
    content.extend_from_slice(&(elements.len() as u64).to_be_bytes());
    for element in elements {
        content.extend_from_slice(&element.to_bytes());
    }
    G1::hash(Expander::XmdSha256, &content, SET_DST)
}

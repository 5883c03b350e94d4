//! Proof that a hidden scalar is an element of a signed set.
//!
//! Spec: `spec/statements.md`, Member (Camenisch–Chaabouni–shelat 2008, with the base of the set in place of a common generator).
//!
//! The set's authority holds y, publishes `Y = y·P2` and, for each element d, `S_d = P_D/(y+d)`, where `P_D` is hashed from the
//! whole content of the set. With `V = r·S_d`, `V̄ = r·P_D − d·V`:
//! ```text
//! PoK{(r, d): V̄ = r·P_D − d·V}  ∧  e(V, Y) = e(V̄, P2)  ∧  V ≠ 0
//! ```
//! Public: the set. Sent: V, V̄. Secret: r and d (the input).
//!
//! Caution: one base serves one set only. A wallet must [check](PublicSet::check) a set before it first uses it: with one
//! bad `S_d`, whether the wallet answers at all would tell whether it has that element.

use std::sync::Arc;

use milchglas_curve::{Expander, G1, G2, NonZeroG1, NonZeroG2, Scalar};
use milchglas_sigma::{
    Commitment, Error, FixedPoint, Multiple, PairingChecks, PairingKey, Statement, System, Term, Var,
};
use rand_core::CryptoRngCore;
use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const SET_DST: &[u8] = b"MILCHGLAS-V1-SET-BASE";

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
    /// [`Error::Misuse`] for a key of `−d` for an element d (probability 2⁻²⁴⁷ or less for an honest key).
    pub fn sign(&self, name: &[u8], elements: Vec<Scalar>) -> Result<PublicSet, Error> {
        let key = self.public_key()?;
        let base = set_base(name, &key, &elements);
        let signatures: Vec<NonZeroG1> = elements
            .iter()
            .map(|&d| {
                let inverse = (self.0 + d).invert().ok_or(Error::Misuse("a set key is not minus an element"))?;
                (base * inverse).to_nonzero().ok_or(Error::Misuse("a set key is not minus an element"))
            })
            .collect::<Result<_, _>>()?;
        Ok(PublicSet::assemble(base, &key, elements, signatures))
    }
}

impl core::fmt::Debug for SetSecretKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SetSecretKey(..)")
    }
}

/// A set of scalars, each with its signature.
#[derive(Clone, Debug)]
pub struct PublicSet {
    base: FixedPoint,
    counting: bool,
    point: NonZeroG2,
    key: Arc<PairingKey>,
    elements: Vec<Scalar>,
    signatures: Vec<NonZeroG1>,
}

impl PublicSet {
    /// A set as published. The signatures are not checked: a wallet calls [`PublicSet::check`]; a verifier need not.
    ///
    /// # Errors
    /// [`Error::Misuse`] for an empty set, or if the numbers of elements and signatures differ.
    pub fn new(name: &[u8], key: &NonZeroG2, elements: Vec<Scalar>, signatures: Vec<NonZeroG1>) -> Result<Self, Error> {
        if elements.is_empty() || elements.len() != signatures.len() {
            return Err(Error::Misuse("a set has at least one element, and one signature for each"));
        }
        let base = set_base(name, key, &elements);
        Ok(Self::assemble(base, key, elements, signatures))
    }

    fn assemble(base: NonZeroG1, key: &NonZeroG2, elements: Vec<Scalar>, signatures: Vec<NonZeroG1>) -> Self {
        let counting = elements.iter().copied().eq((0..elements.len() as u64).map(Scalar::from));
        let (base, pairing) = (FixedPoint::new(&base), Arc::new(PairingKey::new(key)));
        Self { base, counting, point: *key, key: pairing, elements, signatures }
    }

    /// The base P_D, which every proof multiplies.
    #[must_use]
    pub fn base(&self) -> &FixedPoint {
        &self.base
    }

    /// The authority's public key Y.
    #[must_use]
    pub fn key(&self) -> &NonZeroG2 {
        &self.point
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
        let mut system = System::default();
        for (d, S) in self.elements.iter().zip(&self.signatures) {
            let right = G1::from(*self.base.point()) - G1::from(*S).mul_vartime(d);
            system.pairing(*S, &self.key, right.to_nonzero().ok_or(Error::Invalid)?);
        }
        PairingChecks::of(system).check(rng)
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
        if found.into() { Ok(MemberWitness { S: FixedPoint::new(&S), d: *d }) } else { Err(Error::Unsatisfied) }
    }

    /// Whether every element is a number of eight bits.
    fn of_bytes(&self) -> bool {
        self.counting && self.elements.len() <= 256
    }
}

/// An element with its signature.
pub struct MemberWitness {
    S: FixedPoint,
    d: Scalar,
}

impl MemberWitness {
    /// From a signature that [`PublicSet::witness`] found for this element before.
    pub(crate) fn known(S: FixedPoint, d: &Scalar) -> Self {
        Self { S, d: *d }
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

/// The one input is an element of the set.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// The set.
    pub set: &'a PublicSet,
}

impl Statement for Member<'_> {
    type Witness = MemberWitness;

    fn points(&self) -> usize {
        2
    }

    fn commit(&self, witness: &MemberWitness, mut rng: &mut dyn CryptoRngCore) -> Result<Commitment, Error> {
        let r = Scalar::random(&mut rng);
        let V = witness.S.mul(&r);
        let multiple = if self.set.of_bytes() {
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

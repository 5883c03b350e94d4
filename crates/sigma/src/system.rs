//! The system of equations that a proof is about.

use std::sync::Arc;

use milchglas_curve::{G1, NonZeroG1, PublicSum, Scalar, SecretSum};
use rand_core::CryptoRngCore;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::elimination::Elimination;
use crate::{Error, FixedPoint, PairingKey};

/// A secret scalar of a [`System`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Var(pub(crate) u32);

/// A point that secret scalars multiply, interned in a [`System`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base(pub(crate) u32);

/// One summand of a linear equation: plus or minus a secret times a base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    pub(crate) var: Var,
    pub(crate) base: Base,
    pub(crate) negative: bool,
}

impl Term {
    /// `+ var·base`
    #[must_use]
    pub fn plus(var: Var, base: Base) -> Self {
        Self { var, base, negative: false }
    }

    /// `− var·base`
    #[must_use]
    pub fn minus(var: Var, base: Base) -> Self {
        Self { var, base, negative: true }
    }
}

/// What a statement's prover contributes: the points it sends, and the values of the variables that
/// [`Statement::constrain`] allocates, in the order of allocation.
#[derive(Default, Zeroize, ZeroizeOnDrop)]
pub struct Commitment {
    /// The points sent, [`Statement::points`] of them.
    #[zeroize(skip)]
    pub points: Vec<NonZeroG1>,
    /// The values of the statement's own variables.
    pub secrets: Vec<Scalar>,
    /// Which of the points are known multiples of fixed points, so that the prover need not multiply them afresh.
    pub multiples: Vec<Multiple>,
}

/// `points[place] = factor·base`, known to the prover alone. Several with one place are summands of that point.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Multiple {
    /// Which point of the commitment.
    #[zeroize(skip)]
    pub place: usize,
    /// The base.
    #[zeroize(skip)]
    pub base: FixedPoint,
    /// The factor, a secret.
    pub factor: Scalar,
}

impl Commitment {
    /// Appends another commitment, for statements made of smaller ones.
    pub fn append(&mut self, other: &Commitment) {
        for Multiple { place, base, factor } in &other.multiples {
            self.multiples.push(Multiple { place: self.points.len() + place, base: base.clone(), factor: *factor });
        }
        self.points.extend_from_slice(&other.points);
        self.secrets.extend_from_slice(&other.secrets);
    }
}

/// One provable fact.
pub trait Statement {
    /// What the prover must know, beside the values of the input variables.
    type Witness: ?Sized;

    /// How many points the statement sends.
    fn points(&self) -> usize;

    /// Prover only: randomises the witness.
    ///
    /// # Errors
    /// [`Error::Unsatisfied`] if the witness does not satisfy the statement.
    fn commit(&self, witness: &Self::Witness, rng: &mut dyn CryptoRngCore) -> Result<Commitment, Error>;

    /// Both sides: writes the statement's equations over the shared `inputs`, the `points` sent, and variables of its own.
    ///
    /// # Errors
    /// [`Error::Misuse`] if the number of inputs or points is not the statement's; [`Error::Invalid`] if no witness can exist.
    fn constrain(&self, inputs: &[Var], points: &[NonZeroG1], system: &mut System) -> Result<(), Error>;
}

/// `Σ image = Σ terms`.
#[derive(Debug)]
struct Equation {
    label: &'static str,
    image: Vec<(Scalar, Base)>,
    terms: Vec<Term>,
}

/// `e(left, key) = e(right, P2)`.
#[derive(Clone, Debug)]
pub(crate) struct PairingEquation {
    pub(crate) left: NonZeroG1,
    pub(crate) key: Arc<PairingKey>,
    pub(crate) right: NonZeroG1,
}

/// A base, and what is known about multiplying it.
#[derive(Debug)]
struct Multiplied {
    point: NonZeroG1,
    fixed: Option<FixedPoint>,
    /// Prover only: `point = Σ factor·base`; empty if nothing is known.
    multiples: Vec<(FixedPoint, Secret)>,
}

/// A scalar that is erased and not printed.
#[derive(Zeroize, ZeroizeOnDrop)]
struct Secret(Scalar);

impl core::fmt::Debug for Secret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Linear equations in secret scalars over points of G1, affine constraints between the scalars, and pairing equations over
/// public points.
#[derive(Debug, Default)]
pub struct System {
    vars: u32,
    bases: Vec<Multiplied>,
    equations: Vec<Equation>,
    constraints: Vec<(Vec<(Scalar, Var)>, Scalar)>,
    elimination: Elimination,
    pub(crate) pairings: Vec<PairingEquation>,
}

impl System {
    pub(crate) fn with_inputs(count: usize) -> Self {
        let mut system = Self::default();
        for _ in 0..count {
            system.secret();
        }
        system
    }

    /// A new secret scalar.
    pub fn secret(&mut self) -> Var {
        let var = Var(self.vars);
        self.vars += 1;
        var
    }

    /// Interns a point that secrets multiply. Equal points get the same `Base`.
    pub fn base(&mut self, point: &NonZeroG1) -> Base {
        let index = self.bases.iter().position(|base| base.point == *point).unwrap_or_else(|| {
            self.bases.push(Multiplied { point: *point, fixed: None, multiples: Vec::new() });
            self.bases.len() - 1
        });
        Base(index as u32)
    }

    /// Interns a point that many proofs multiply; its tables serve both sides.
    pub fn fixed(&mut self, point: &FixedPoint) -> Base {
        let base = self.base(point.point());
        self.bases[base.0 as usize].fixed.get_or_insert_with(|| point.clone());
        base
    }

    /// Prover only: tells how the points sent came about.
    pub(crate) fn learn_multiples(&mut self, commitment: &Commitment) {
        for (place, point) in commitment.points.iter().enumerate() {
            // Room for all, so that growing leaves no copy behind.
            let mut known = Vec::with_capacity(commitment.multiples.len());
            let here = commitment.multiples.iter().filter(|multiple| multiple.place == place);
            known.extend(here.map(|multiple| (multiple.base.clone(), Secret(multiple.factor))));
            if known.is_empty() {
                continue;
            }
            if let Some(base) = self.bases.iter_mut().find(|base| base.point == *point) {
                base.multiples = known;
            }
        }
    }

    /// Demands `Σ coefficient·base = Σ terms`, with public coefficients on the left: the image.
    pub fn equation(&mut self, label: &'static str, image: Vec<(Scalar, Base)>, terms: Vec<Term>) {
        self.equations.push(Equation { label, image, terms });
    }

    /// Demands `0 = constant + Σ coefficient·variable`. List first the variable that should be solved for.
    ///
    /// # Errors
    /// [`Error::Invalid`] if this contradicts an earlier constraint: no witness exists.
    pub fn constrain(&mut self, terms: Vec<(Scalar, Var)>, constant: Scalar) -> Result<(), Error> {
        self.elimination.add(&terms, constant)?;
        self.constraints.push((terms, constant));
        Ok(())
    }

    /// Demands `e(left, key) = e(right, P2)`, with P2 the generator of G2.
    pub fn pairing(&mut self, left: NonZeroG1, key: &Arc<PairingKey>, right: NonZeroG1) {
        self.pairings.push(PairingEquation { left, key: Arc::clone(key), right });
    }

    pub(crate) fn inputs(&self) -> Vec<Var> {
        (0..self.vars).map(Var).collect()
    }

    pub(crate) fn vars(&self) -> usize {
        self.vars as usize
    }

    /// Free variables: those with a nonce and a response.
    pub(crate) fn free(&self) -> impl Iterator<Item = usize> {
        (0..self.vars).filter(|&var| self.elimination.get(var).is_none()).map(|var| var as usize)
    }

    /// Fills in the entries of defined variables: `Σ coefficient·value + scale·constant`.
    ///
    /// `scale` is 1 for witnesses, 0 for nonces, and the challenge for responses.
    pub(crate) fn complete(&self, values: &mut [Scalar], scale: Scalar) {
        for (var, definition) in self.elimination.iter() {
            values[var as usize] = definition.combine(values) + scale * definition.constant;
        }
    }

    /// Whether every constraint holds for these values.
    pub(crate) fn constraints_hold(&self, values: &[Scalar]) -> bool {
        self.constraints.iter().all(|(terms, constant)| {
            let sum: Scalar = terms.iter().map(|&(coefficient, var)| coefficient * values[var.0 as usize]).sum();
            (sum + *constant).is_zero()
        })
    }

    /// A variable without an equation would prove nothing about itself.
    pub(crate) fn check_bound(&self) -> Result<(), Error> {
        let mut bound = vec![false; self.vars()];
        for term in self.equations.iter().flat_map(|equation| &equation.terms) {
            bound[term.var.0 as usize] = true;
        }
        if bound.iter().all(|&b| b) { Ok(()) } else { Err(Error::Misuse("a variable stands in no equation")) }
    }

    /// `Σ terms` of each equation for secret values, in constant time.
    pub(crate) fn announce(&self, nonces: &[Scalar]) -> Vec<G1> {
        let sum = |row: Row| {
            let room = row.bases.iter().map(|base| self.bases[base.0 as usize].multiples.len().max(1)).sum();
            let (mut fixed, mut sum) = (Merged::with_room(room), SecretSum::with_room(room));
            for (base, scalar) in row.bases.iter().zip(&row.scalars) {
                match &self.bases[base.0 as usize] {
                    Multiplied { multiples, .. } if !multiples.is_empty() => {
                        multiples.iter().for_each(|(fixed_point, factor)| fixed.add(fixed_point, *scalar * factor.0));
                    }
                    Multiplied { fixed: Some(fixed_point), .. } => fixed.add(fixed_point, *scalar),
                    Multiplied { point, .. } => sum.add(point, *scalar),
                }
            }
            for (fixed_point, scalar) in fixed.points.iter().zip(&fixed.scalars) {
                sum.add_fixed(fixed_point, *scalar);
            }
            sum.finish()
        };
        self.rows(nonces, None).map(sum).collect()
    }

    /// `Σ terms − challenge·image` of each equation for public values; and other sums over the same points, which are cheaper with them.
    pub(crate) fn recompute(
        &self,
        responses: &[Scalar],
        challenge: Scalar,
        others: Vec<PublicSum<'static>>,
    ) -> (Vec<G1>, Vec<G1>) {
        let summands = |row: Row| {
            let mut sum = PublicSum::with_room(row.bases.len());
            for (base, scalar) in row.bases.iter().zip(&row.scalars) {
                match &self.bases[base.0 as usize] {
                    Multiplied { fixed: Some(fixed), .. } => sum.add_fixed(fixed, *scalar),
                    Multiplied { point, .. } => sum.add(point, *scalar),
                }
            }
            sum
        };
        let sums: Vec<PublicSum<'_>> = self.rows(responses, Some(challenge)).map(summands).chain(others).collect();
        let mut announcements = PublicSum::finish_all_vartime(&sums);
        let others = announcements.split_off(self.equations.len());
        (announcements, others)
    }

    /// For each equation its bases, with the scalars of equal bases added up; where there is a challenge, minus it times the image.
    pub(crate) fn rows(&self, values: &[Scalar], challenge: Option<Scalar>) -> impl Iterator<Item = Row> {
        self.equations.iter().map(move |equation| {
            // Room for all, so that growing leaves no copy of a nonce behind.
            let room = equation.terms.len() + challenge.map_or(0, |_| equation.image.len());
            let mut row = Row {
                bases: Vec::with_capacity(room),
                points: Vec::with_capacity(room),
                scalars: Vec::with_capacity(room),
            };
            for term in &equation.terms {
                let value = values[term.var.0 as usize];
                row.add(term.base, &self.bases[term.base.0 as usize].point, if term.negative { -value } else { value });
            }
            for (challenge, (coefficient, base)) in
                challenge.iter().flat_map(|c| equation.image.iter().map(move |i| (c, i)))
            {
                row.add(*base, &self.bases[base.0 as usize].point, -(*challenge * *coefficient));
            }
            row
        })
    }

    /// An injective description of the whole system, for the transcript. Spec: `spec/transcript.md`, System.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 * (self.bases.len() + self.equations.len() + 4));
        let count = |out: &mut Vec<u8>, n: usize| out.extend_from_slice(&(n as u32).to_be_bytes());
        count(&mut out, self.vars());
        count(&mut out, self.bases.len());
        for base in &self.bases {
            out.extend_from_slice(&base.point.to_bytes());
        }
        count(&mut out, self.equations.len());
        for equation in &self.equations {
            count(&mut out, equation.label.len());
            out.extend_from_slice(equation.label.as_bytes());
            count(&mut out, equation.image.len());
            for (coefficient, base) in &equation.image {
                out.extend_from_slice(&coefficient.to_bytes());
                count(&mut out, base.0 as usize);
            }
            count(&mut out, equation.terms.len());
            for term in &equation.terms {
                out.push(u8::from(term.negative));
                count(&mut out, term.var.0 as usize);
                count(&mut out, term.base.0 as usize);
            }
        }
        count(&mut out, self.constraints.len());
        for (terms, constant) in &self.constraints {
            out.extend_from_slice(&constant.to_bytes());
            count(&mut out, terms.len());
            for (coefficient, var) in terms {
                out.extend_from_slice(&coefficient.to_bytes());
                count(&mut out, var.0 as usize);
            }
        }
        count(&mut out, self.pairings.len());
        for pairing in &self.pairings {
            out.extend_from_slice(&pairing.left.to_bytes());
            out.extend_from_slice(&pairing.key.to_bytes());
            out.extend_from_slice(&pairing.right.to_bytes());
        }
        out
    }
}

/// Multiples of fixed points, those of one point added up: the sum must not meet a point twice.
struct Merged<'a> {
    points: Vec<&'a FixedPoint>,
    scalars: Vec<Scalar>,
}

impl<'a> Merged<'a> {
    fn with_room(room: usize) -> Self {
        Self { points: Vec::with_capacity(room), scalars: Vec::with_capacity(room) }
    }

    fn add(&mut self, fixed: &'a FixedPoint, value: Scalar) {
        match self.points.iter().position(|known| known.point() == fixed.point()) {
            Some(i) => self.scalars[i] += value,
            None => {
                self.points.push(fixed);
                self.scalars.push(value);
            }
        }
    }
}

impl Drop for Merged<'_> {
    fn drop(&mut self) {
        self.scalars.zeroize();
    }
}

/// One equation with values in place of variables.
pub(crate) struct Row {
    bases: Vec<Base>,
    pub(crate) points: Vec<NonZeroG1>,
    pub(crate) scalars: Vec<Scalar>,
}

impl Row {
    fn add(&mut self, base: Base, point: &NonZeroG1, value: Scalar) {
        match self.bases.iter().position(|&b| b == base) {
            Some(i) => self.scalars[i] += value,
            None => {
                self.bases.push(base);
                self.points.push(*point);
                self.scalars.push(value);
            }
        }
    }
}

impl Drop for Row {
    fn drop(&mut self) {
        self.scalars.zeroize();
    }
}

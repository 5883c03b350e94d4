//! The system of equations: `spec/proofs.md` and `spec/transcript.md`, System.

use super::Reason;
use super::curve::{encode_g1, encode_scalar};
use ark_bls12_381::{Fr, G1Affine, G1Projective, G2Affine};
use ark_ff::{Field, Zero};
use ark_serialize::CanonicalSerialize;
use std::collections::BTreeMap;

struct Equation {
    label: &'static str,
    /// Coefficient, base.
    image: Vec<(Fr, usize)>,
    /// Whether it is subtracted, variable, base.
    terms: Vec<(bool, usize, usize)>,
}

/// A constant and coefficients of variables.
#[derive(Clone, Default)]
struct Affine {
    constant: Fr,
    coefficients: BTreeMap<usize, Fr>,
}

/// Equations, constraints and pairings in the order in which statements write them.
#[derive(Default)]
pub(crate) struct System {
    variables: usize,
    bases: Vec<G1Affine>,
    equations: Vec<Equation>,
    constraints: Vec<(Vec<(Fr, usize)>, Fr)>,
    /// Each over free variables only.
    definitions: BTreeMap<usize, Affine>,
    /// `e(left, key) = e(right, P2)`.
    pub(crate) pairings: Vec<(G1Affine, G2Affine, G1Affine)>,
}

impl Affine {
    fn add(&mut self, factor: Fr, other: &Self) {
        self.constant += factor * other.constant;
        for (variable, coefficient) in &other.coefficients {
            *self.coefficients.entry(*variable).or_default() += factor * coefficient;
        }
        self.coefficients.retain(|_, coefficient| !coefficient.is_zero());
    }
}

impl System {
    pub(crate) fn variable(&mut self) -> usize {
        self.variables += 1;
        self.variables - 1
    }

    pub(crate) fn variables(&self) -> usize {
        self.variables
    }

    pub(crate) fn is_free(&self, variable: usize) -> bool {
        !self.definitions.contains_key(&variable)
    }

    pub(crate) fn equation(
        &mut self,
        label: &'static str,
        image: Vec<(Fr, G1Affine)>,
        terms: Vec<(bool, usize, G1Affine)>,
    ) {
        let image = image.into_iter().map(|(coefficient, point)| (coefficient, self.base(point))).collect();
        let terms =
            terms.into_iter().map(|(negative, variable, point)| (negative, variable, self.base(point))).collect();
        self.equations.push(Equation { label, image, terms });
    }

    fn base(&mut self, point: G1Affine) -> usize {
        self.bases.iter().position(|base| *base == point).unwrap_or_else(|| {
            self.bases.push(point);
            self.bases.len() - 1
        })
    }

    /// `0 = constant + Σ coefficient·variable`.
    pub(crate) fn constrain(&mut self, terms: &[(Fr, usize)], constant: Fr) -> Result<(), Reason> {
        self.constraints.push((terms.to_vec(), constant));
        let mut row = Affine { constant, ..Affine::default() };
        for (coefficient, variable) in terms {
            let summand = self.definitions.get(variable).cloned().unwrap_or_else(|| Affine {
                coefficients: BTreeMap::from([(*variable, Fr::from(1u64))]),
                ..Affine::default()
            });
            row.add(*coefficient, &summand);
        }
        let listed = terms.iter().map(|(_, variable)| *variable).find(|v| row.coefficients.contains_key(v));
        let Some(solved) = listed.or_else(|| row.coefficients.keys().next().copied()) else {
            return if row.constant.is_zero() { Ok(()) } else { Err(Reason::Mismatch) };
        };
        let coefficient = row.coefficients.remove(&solved).ok_or(Reason::Mismatch)?;
        let mut definition = Affine::default();
        definition.add(-coefficient.inverse().ok_or(Reason::Mismatch)?, &row);
        for earlier in self.definitions.values_mut() {
            if let Some(coefficient) = earlier.coefficients.remove(&solved) {
                earlier.add(coefficient, &definition);
            }
        }
        self.definitions.insert(solved, definition);
        Ok(())
    }

    /// Computes the responses of defined variables from those of free ones.
    pub(crate) fn complete(&self, responses: &mut [Fr], challenge: Fr) {
        for (variable, definition) in &self.definitions {
            let sum: Fr =
                definition.coefficients.iter().map(|(free, coefficient)| *coefficient * responses[*free]).sum();
            responses[*variable] = sum + challenge * definition.constant;
        }
    }

    /// `T = Σ ± s·B − c·I` for each equation.
    pub(crate) fn announcements(&self, responses: &[Fr], challenge: Fr) -> Vec<G1Projective> {
        let announcement = |equation: &Equation| {
            let mut sum = G1Projective::zero();
            for (coefficient, base) in &equation.image {
                sum -= self.bases[*base] * (*coefficient * challenge);
            }
            for (negative, variable, base) in &equation.terms {
                let product = self.bases[*base] * responses[*variable];
                sum += if *negative { -product } else { product };
            }
            sum
        };
        self.equations.iter().map(announcement).collect()
    }

    /// The description that the transcript absorbs.
    pub(crate) fn describe(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let count = |out: &mut Vec<u8>, n: usize| out.extend_from_slice(&u32::try_from(n).unwrap().to_be_bytes());
        count(&mut out, self.variables);
        count(&mut out, self.bases.len());
        out.extend(self.bases.iter().flat_map(encode_g1));
        count(&mut out, self.equations.len());
        for equation in &self.equations {
            count(&mut out, equation.label.len());
            out.extend_from_slice(equation.label.as_bytes());
            count(&mut out, equation.image.len());
            for (coefficient, base) in &equation.image {
                out.extend(encode_scalar(coefficient));
                count(&mut out, *base);
            }
            count(&mut out, equation.terms.len());
            for (negative, variable, base) in &equation.terms {
                out.push(u8::from(*negative));
                count(&mut out, *variable);
                count(&mut out, *base);
            }
        }
        count(&mut out, self.constraints.len());
        for (terms, constant) in &self.constraints {
            out.extend(encode_scalar(constant));
            count(&mut out, terms.len());
            for (coefficient, variable) in terms {
                out.extend(encode_scalar(coefficient));
                count(&mut out, *variable);
            }
        }
        count(&mut out, self.pairings.len());
        for (left, key, right) in &self.pairings {
            out.extend(encode_g1(left));
            key.serialize_compressed(&mut out).unwrap();
            out.extend(encode_g1(right));
        }
        out
    }
}

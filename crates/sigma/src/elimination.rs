//! Affine constraints between variables, solved.
//!
//! Each constraint `0 = c + Σ a_j·x_j` that is independent of the earlier ones defines one variable by others. Defined variables
//! have no nonce and no response of their own: both follow by the same linear combination, so a constraint costs nothing in the
//! proof and saves one response. Spec: `spec/proofs.md`, Affine constraints.

use milchglas_curve::Scalar;

use crate::{Error, Var};

/// `variable = constant + Σ coefficient·free variable`.
#[derive(Debug, Default)]
pub(crate) struct Definition {
    pub(crate) constant: Scalar,
    /// Ascending by variable, each once, none with coefficient 0.
    pub(crate) terms: Vec<(u32, Scalar)>,
}

impl Definition {
    /// Adds `factor` times `other`, dropping what cancels.
    fn add_scaled(&mut self, factor: Scalar, other: &Self) {
        self.constant += factor * other.constant;
        for &(var, coefficient) in &other.terms {
            self.add_term(var, factor * coefficient);
        }
    }

    fn add_term(&mut self, var: u32, coefficient: Scalar) {
        let place = place(&self.terms, var).unwrap_or_else(|place| {
            self.terms.insert(place, (var, Scalar::ZERO));
            place
        });
        self.terms[place].1 += coefficient;
        if self.terms[place].1.is_zero() {
            self.terms.remove(place);
        }
    }

    /// Takes a variable out; gives its coefficient.
    fn take(&mut self, var: u32) -> Option<Scalar> {
        let place = place(&self.terms, var).ok()?;
        Some(self.terms.remove(place).1)
    }

    /// Replaces `var` by its definition, if it occurs.
    fn substitute(&mut self, var: u32, definition: &Self) {
        if let Some(coefficient) = self.take(var) {
            self.add_scaled(coefficient, definition);
        }
    }

    /// Σ coefficient·value, without the constant.
    pub(crate) fn combine(&self, values: &[Scalar]) -> Scalar {
        self.terms.iter().map(|&(var, coefficient)| coefficient * values[var as usize]).sum()
    }
}

/// All definitions, each in free variables only (a reduced echelon form that grows row by row).
#[derive(Debug, Default)]
pub(crate) struct Elimination {
    /// Ascending by variable.
    definitions: Vec<(u32, Definition)>,
}

impl Elimination {
    /// Adds `0 = constant + Σ coefficient·variable`.
    ///
    /// The variable that the row defines is the first listed one that the earlier definitions left in it, otherwise the
    /// lowest-numbered one. A row that follows from earlier ones changes nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the row contradicts earlier ones: no witness exists.
    pub(crate) fn add(&mut self, listed: &[(Scalar, Var)], constant: Scalar) -> Result<(), Error> {
        let mut row = Definition { constant, ..Definition::default() };
        for &(coefficient, var) in listed {
            match self.get(var.0) {
                Some(definition) => row.add_scaled(coefficient, definition),
                None => row.add_term(var.0, coefficient),
            }
        }
        let first_listed = listed.iter().map(|(_, var)| var.0).find(|var| place(&row.terms, *var).is_ok());
        let Some(pivot) = first_listed.or_else(|| row.terms.first().map(|(var, _)| *var)) else {
            return if row.constant.is_zero() { Ok(()) } else { Err(Error::Invalid) };
        };
        let definition = solve(row, pivot)?;
        for (_, earlier) in &mut self.definitions {
            earlier.substitute(pivot, &definition);
        }
        // The row was free of defined variables, so the pivot is a new one.
        let (Ok(place) | Err(place)) = place(&self.definitions, pivot);
        self.definitions.insert(place, (pivot, definition));
        Ok(())
    }

    /// The definition of a variable, or `None` if it is free.
    pub(crate) fn get(&self, var: u32) -> Option<&Definition> {
        place(&self.definitions, var).ok().map(|place| &self.definitions[place].1)
    }

    /// Defined variables and their definitions.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Definition)> {
        self.definitions.iter().map(|(var, definition)| (*var, definition))
    }
}

/// Where a variable is, or belongs.
fn place<T>(ascending: &[(u32, T)], var: u32) -> Result<usize, usize> {
    ascending.binary_search_by_key(&var, |(known, _)| *known)
}

/// Turns `0 = row` into `pivot = …`.
fn solve(mut row: Definition, pivot: u32) -> Result<Definition, Error> {
    let coefficient = row.take(pivot).unwrap_or(Scalar::ZERO);
    // Most pivots have coefficient ±1; an inversion costs more than everything else here.
    let factor = if coefficient == -Scalar::ONE {
        Scalar::ONE
    } else if coefficient == Scalar::ONE {
        -Scalar::ONE
    } else {
        -coefficient.invert().ok_or(Error::Misuse("a constraint without its pivot"))?
    };
    let mut solved = Definition::default();
    solved.add_scaled(factor, &row);
    Ok(solved)
}

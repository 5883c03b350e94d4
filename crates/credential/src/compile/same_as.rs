//! `same_as`: claims of two credentials of one answer, compared.
//!
//! Two hidden claims are compared by a constraint between their variables, a hidden one with a disclosed one by its value, two
//! disclosed ones as they are. Absence equals nothing: of two hidden claims that may both be absent, one is proven to be present.
//! Spec: `spec/presentation.md`, Building the system.

use milchglas_curve::Scalar;
use milchglas_statements::{Exactly, NotIn};

use super::{Plan, Shown, Step};
use crate::claim::{Claims, Value, absent_scalar, to_scalar};
use crate::error::Error;
use crate::predicate::{Bounds, Fact};
use crate::schema::{Claim, ClaimIndex};
use crate::set::Published;
use crate::text::{ClaimName, Label};

/// A claim of one of the credentials shown, which is given by its place.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) credential: usize,
    pub(super) claim: ClaimIndex,
}

/// How a claim takes part in the proof.
enum Part {
    Hidden { variable: usize },
    Disclosed { scalar: Scalar },
}

impl<'a> Plan<'a> {
    /// For each credential shown, for each predicate asked for, in order: whether these claims satisfy it, given published sets and lists. Not
    /// in constant time.
    ///
    /// # Errors
    /// [`Error::Misuse`] if there is not one list of claims for each credential; [`Error::Unfit`] if one is of another schema.
    pub fn satisfied(&self, claims: &[&Claims], published: &Published<'_>) -> Result<Vec<Vec<bool>>, Error> {
        if claims.len() != self.shown.len() {
            return Err(Error::Misuse("claims for each credential"));
        }
        for (shown, claims) in self.shown.iter().zip(claims) {
            shown.schema.check(claims)?;
        }
        let value = |place: Place| claims.get(place.credential).and_then(|claims| claims.get(place.claim));
        let each = |credential, fact: &Fact| {
            let here = Place { credential, claim: fact.claim };
            let value_here = value(here).ok_or(Error::Invalid)?;
            Ok(fact.holds(&self.claim(here)?.claim_type, value_here, published)?
                && match self.counterpart(fact)? {
                    Some(there) => {
                        self.scalar(here, value_here)? == self.scalar(there, value(there).ok_or(Error::Invalid)?)?
                    }
                    None => true,
                })
        };
        let of_one = |(credential, shown): (usize, &Shown<'_>)| {
            shown.facts.iter().map(|fact| each(credential, fact)).collect::<Result<Vec<_>, Error>>()
        };
        self.shown.iter().enumerate().map(of_one).collect()
    }

    /// Checks that every comparison is with a claim of the same type of another credential that is shown.
    pub(super) fn check_comparisons(&self) -> Result<(), Error> {
        for (credential, shown) in self.shown.iter().enumerate() {
            for fact in &shown.facts {
                let here = self.claim(Place { credential, claim: fact.claim })?;
                match self.counterpart(fact)? {
                    Some(there) if there.credential == credential => {
                        return Err(Error::unfit("a claim is compared with one of another credential"));
                    }
                    Some(there) if self.claim(there)?.claim_type != here.claim_type => {
                        return Err(Error::unfit("only claims of the same type are compared"));
                    }
                    Some(_) | None => {}
                }
            }
        }
        Ok(())
    }

    /// The steps that compare a claim with its counterpart, with what is disclosed checked at once.
    pub(super) fn compare(&self, here: Place, there: Place, disclosed: &[Vec<Value>]) -> Result<Vec<Step<'a>>, Error> {
        Ok(match (self.part(here, disclosed)?, self.part(there, disclosed)?) {
            (Part::Disclosed { scalar }, Part::Disclosed { scalar: other }) if scalar == other => Vec::new(),
            (Part::Disclosed { .. }, Part::Disclosed { .. }) => return Err(Error::Invalid),
            (Part::Disclosed { scalar }, Part::Hidden { variable })
            | (Part::Hidden { variable }, Part::Disclosed { scalar }) => {
                vec![Step::Exactly { statement: Exactly { value: scalar }, input: variable }]
            }
            (Part::Hidden { variable }, Part::Hidden { variable: other }) => {
                let mut steps = vec![Step::Same { inputs: [variable, other] }];
                if self.claim(here)?.optional && self.claim(there)?.optional {
                    steps.push(Step::NotIn { statement: NotIn::new(vec![absent_scalar()])?, input: variable });
                }
                steps
            }
        })
    }

    /// The claim that a fact compares with, if it does.
    pub(super) fn counterpart(&self, fact: &Fact) -> Result<Option<Place>, Error> {
        match &fact.bounds {
            Bounds::SameAs { credential, other } => self.find(credential, other).map(Some),
            Bounds::Range { .. }
            | Bounds::Exactly(_)
            | Bounds::NoneOf(_)
            | Bounds::Either(_)
            | Bounds::Member(_)
            | Bounds::NotListed(_) => Ok(None),
        }
    }

    fn find(&self, credential: &Label, claim: &ClaimName) -> Result<Place, Error> {
        let shown = self.shown.iter().enumerate().find(|(_, shown)| shown.ask.name == *credential);
        let (credential, shown) = shown.ok_or(Error::unfit("the credential to compare with is not shown"))?;
        let claim = shown.schema.index_of(claim.as_str());
        Ok(Place { credential, claim: claim.ok_or(Error::unfit("the schema has no claim of that name"))? })
    }

    fn claim(&self, place: Place) -> Result<&Claim, Error> {
        self.shown.get(place.credential).and_then(|shown| shown.schema.claim(place.claim)).ok_or(Error::Invalid)
    }

    fn scalar(&self, place: Place, value: &Value) -> Result<Scalar, Error> {
        to_scalar(&self.claim(place)?.claim_type, value)
    }

    fn part(&self, place: Place, disclosed: &[Vec<Value>]) -> Result<Part, Error> {
        let shown = self.shown.get(place.credential).ok_or(Error::Invalid)?;
        if let Some(at) = shown.disclosed().position(|index| index == place.claim) {
            let value = disclosed.get(place.credential).and_then(|values| values.get(at)).ok_or(Error::Invalid)?;
            if *value == Value::Absent {
                return Err(Error::Invalid);
            }
            return Ok(Part::Disclosed { scalar: self.scalar(place, value)? });
        }
        let earlier: usize = self.shown.iter().take(place.credential).map(Shown::inputs).sum();
        let at = shown.hidden().position(|index| index == place.claim).ok_or(Error::Invalid)?;
        // The holder secret comes first; then, for each credential, its handle, its claims, and what else is its own.
        Ok(Part::Hidden { variable: 1 + earlier + 1 + at })
    }
}

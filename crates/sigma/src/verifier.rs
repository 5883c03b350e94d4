//! The verifier's side.

use merlin::Transcript;
use milchglas_curve::{DecodeError, G1, NonZeroG1, PublicSum, Scalar};
use rand_core::CryptoRngCore;

use crate::pairing::Product;
use crate::system::PairingEquation;
use crate::transcript::{TranscriptExt, encode_all};
use crate::{Error, PairingChecks, Statement, System, Var};

/// Checks one proof: the same statements in the same order as the prover's.
pub struct Verifier<'p> {
    transcript: Transcript,
    system: System,
    points: Vec<NonZeroG1>,
    /// The first points of the rest, if they have been read already.
    ahead: std::vec::IntoIter<NonZeroG1>,
    rest: &'p [u8],
}

impl<'p> Verifier<'p> {
    /// Starts to check `proof` about `inputs` secrets. `transcript` is the prover's, rebuilt by the verifier.
    #[must_use]
    pub fn new(transcript: Transcript, inputs: usize, proof: &'p [u8]) -> Self {
        let (points, ahead) = (Vec::new(), Vec::new().into_iter());
        Self { transcript, system: System::with_inputs(inputs), points, ahead, rest: proof }
    }

    /// The input variables.
    #[must_use]
    pub fn inputs(&self) -> Vec<Var> {
        self.system.inputs()
    }

    /// Reads the next points of the proof all at once, for the statements that will be added: cheaper than to leave it to them, and
    /// otherwise without effect. Of points that can not be read the statement will say so to which they belong.
    pub fn read_ahead(&mut self, points: usize) {
        let bytes = self.rest.as_chunks().0.get(..points);
        let points = bytes.and_then(|bytes| NonZeroG1::from_bytes_many(bytes).ok());
        self.ahead = points.unwrap_or_default().into_iter();
    }

    /// Adds a statement, reading its points from the proof.
    ///
    /// # Errors
    /// [`Error::Decode`] if a point is missing or not a point; [`Error::Invalid`] if no witness can exist.
    pub fn add<S: Statement>(&mut self, statement: &S, inputs: &[Var]) -> Result<(), Error> {
        let first = self.points.len();
        if self.ahead.as_slice().is_empty() {
            self.read_ahead(statement.points());
        }
        for _ in 0..statement.points() {
            let bytes = self.take()?;
            let point = self.ahead.next().map_or_else(|| NonZeroG1::from_bytes(bytes), Ok)?;
            self.points.push(point);
        }
        statement.constrain(inputs, &self.points[first..], &mut self.system)
    }

    /// The points that the statements added so far have sent, in order. They are proven only once all of the proof is checked.
    #[must_use]
    pub fn points(&self) -> &[NonZeroG1] {
        &self.points
    }

    /// Checks the linear equations. The pairing equations are returned, still unchecked.
    ///
    /// # Errors
    /// [`Error::Decode`] if the proof is not exactly as long as the system says or a scalar is not canonical;
    /// [`Error::Invalid`] if it does not hold.
    pub fn verify(self) -> Result<PairingChecks, Error> {
        let (system, _) = self.check_equations(Vec::new())?;
        Ok(PairingChecks::new(system.pairings))
    }

    /// Checks everything: what [`Verifier::verify`] and [`PairingChecks::check`] check, but faster than one after the other, because
    /// announcements and weighted sums are multiples of the same points.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub fn finish(self, rng: &mut dyn CryptoRngCore) -> Result<(), Error> {
        let pairings = self.system.pairings.clone();
        let equations: Vec<&PairingEquation> = pairings.iter().collect();
        let mut product = Product::new(&equations, rng);
        let (_, sums) = self.check_equations(product.take_sums())?;
        if product.is_one(sums) { Ok(()) } else { Err(Error::Invalid) }
    }

    /// Checks the linear equations, and computes `others` on the way.
    fn check_equations(mut self, others: Vec<PublicSum<'static>>) -> Result<(System, Vec<G1>), Error> {
        self.system.check_bound()?;
        let challenge = self.scalar()?;
        let mut responses = vec![Scalar::ZERO; self.system.vars()];
        let free: Vec<usize> = self.system.free().collect();
        for var in free {
            responses[var] = self.scalar()?;
        }
        if !self.rest.is_empty() {
            return Err(DecodeError { what: "proof: trailing bytes" }.into());
        }
        self.system.complete(&mut responses, challenge);

        self.transcript.append_points(b"points", self.points.iter().map(NonZeroG1::to_bytes));
        self.transcript.append_message(b"system", &self.system.to_bytes());
        let (announcements, others) = self.system.recompute(&responses, challenge, others);
        self.transcript.append_points(b"announcements", encode_all(&announcements));
        if self.transcript.challenge_scalar(b"challenge") != challenge {
            return Err(Error::Invalid);
        }
        Ok((self.system, others))
    }

    fn scalar(&mut self) -> Result<Scalar, Error> {
        Ok(Scalar::from_bytes(self.take()?)?)
    }

    fn take<const N: usize>(&mut self) -> Result<&'p [u8; N], Error> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(DecodeError { what: "proof: too short" })?;
        self.rest = rest;
        Ok(head)
    }
}

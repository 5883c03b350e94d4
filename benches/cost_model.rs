//! What proofs should cost: how many operations each statement takes.
//!
//! The formulas and where they come from are in `spec/performance.md`; this is the same in code. The counts follow from
//! `crates/statements` and `crates/sigma`.
//! Not in the model: requests and plans, encodings, arithmetic modulo the group order, memory. They are the difference to what is measured.

use crate::measurements::Micros;
use crate::primitives::{Operation, Primitives};

/// What a piece of work is spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Reading points.
    Decoding,
    /// The linear equation of a signature.
    Signature,
    /// The linear equations of all other statements: of a range's digits, of non-revocation, and so on.
    Ranges,
    /// The pairing equations.
    Pairings,
    /// Transcripts and randomness.
    Transcript,
}

impl Part {
    /// All of them, in the order in which they are drawn.
    pub const ALL: [Self; 5] = [Self::Decoding, Self::Signature, Self::Ranges, Self::Pairings, Self::Transcript];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Decoding => "decoding points",
            Self::Signature => "signature equation",
            Self::Ranges => "other equations",
            Self::Pairings => "pairings",
            Self::Transcript => "transcript",
        }
    }
}

/// Operations, each with how often it is done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work(Vec<(Part, f64, Operation)>);

impl Work {
    fn add(&mut self, part: Part, times: usize, operation: Operation) {
        if times > 0 {
            self.0.push((part, times as f64, operation));
        }
    }

    /// What one of `count` equal pieces of this work takes.
    #[must_use]
    pub fn each(mut self, count: usize) -> Self {
        for (_, times, _) in &mut self.0 {
            *times /= count as f64;
        }
        self
    }

    /// How long it takes.
    #[must_use]
    pub fn cost(&self, primitives: &Primitives) -> Micros {
        Micros(Part::ALL.iter().map(|part| self.cost_of(*part, primitives).0).sum())
    }

    /// How long one part of it takes.
    #[must_use]
    pub fn cost_of(&self, part: Part, primitives: &Primitives) -> Micros {
        let costs = self.0.iter().filter(|(of, ..)| *of == part);
        Micros(costs.map(|(_, times, operation)| times * primitives.cost(*operation).0).sum())
    }
}

/// What a presentation proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statement {
    /// A signature on so many messages.
    Signature {
        /// Messages that stay hidden, holder secret and handle among them.
        hidden: usize,
        /// Messages that are shown.
        shown: usize,
    },
    /// Membership of one variable in the set of digits.
    Member,
    /// That a handle has not been revoked.
    NonRevocation,
    /// An integer between bounds.
    Range {
        /// 1, or 2 where the width is not a power of 256.
        sides: usize,
        /// Digits on each side.
        digits: usize,
    },
    /// A public value.
    Exactly,
    /// None of so many public values.
    NotIn {
        /// How many.
        values: usize,
    },
    /// An integer between one pair of bounds or the other.
    EitherRange {
        /// 1, or 2 where a width is not a power of 256.
        sides: usize,
        /// Digits on each side.
        digits: usize,
    },
    /// An integer of 64 bits that is not on a list.
    Gap,
    /// The name in a scope.
    Pseudonym,
    /// One of so many tokens.
    Rate {
        /// How many there are.
        limit: usize,
    },
    /// A message encrypted for an inspector.
    Encryption,
    /// Two messages are equal.
    Same,
}

/// Whether the points that a prover multiplies again and again have their tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// All have: generators, the base of the digits, the parts of the signature, the signatures of the digits.
    Warm,
    /// None has, and nothing is known about the card: a wallet's first answer.
    Cold,
}

/// What a statement consists of, apart from the signature's own equation.
#[derive(Default)]
struct Shape {
    /// Values proved to be in a signed set, digits above all: two points, a linear and a pairing equation each.
    members: usize,
    /// Pairing equations beside those, each with two points.
    pairings: usize,
    /// Keys of pairing equations beside those of signatures, digits and accumulators.
    keys: usize,
    /// Points beside those of pairing equations.
    points: usize,
    /// The other linear equations, each by its bases with tables and without.
    equations: Vec<(usize, usize)>,
    /// Variables beside two for each member: a digit and its r.
    variables: usize,
    /// Affine constraints, and how many variables each lists.
    constraints: usize,
    listed: usize,
}

impl Statement {
    fn shape(self) -> Shape {
        let none = Shape::default();
        let range = |sides, digits| Shape {
            members: sides * digits,
            constraints: sides,
            listed: digits + 1,
            ..Shape::default()
        };
        match self {
            // u and v beside the messages.
            Self::Signature { hidden, .. } => Shape { pairings: 1, variables: hidden + 2, ..none },
            // The element is a message of the signature.
            Self::Member => Shape { members: 1, ..none },
            Self::NonRevocation => Shape { pairings: 1, equations: vec![(1, 2)], variables: 1, ..none },
            Self::Range { sides, digits } => range(sides, digits),
            Self::Exactly => Shape { constraints: 1, listed: 1, ..none },
            Self::Same => Shape { constraints: 1, listed: 2, ..none },
            // K = m·G + s·H; 0 = t·K − a·G − w·H for each value.
            Self::NotIn { values } => Shape {
                points: 1,
                equations: vec![(2, 1); 1 + values],
                variables: 1 + 3 * values,
                constraints: values,
                listed: 2,
                ..none
            },
            // C = s·G + t·H, C = s·C + w·H; the side lists s, too.
            Self::EitherRange { sides, digits } => Shape {
                points: 1,
                equations: vec![(2, 1), (1, 1)],
                variables: 3,
                listed: digits + 2,
                ..range(sides, digits)
            },
            // The pair of neighbours, and 8 digits to either of them.
            Self::Gap => Shape { members: 17, keys: 1, constraints: 1, listed: 18, ..none },
            // N = k·P.
            Self::Pseudonym => Shape { points: 1, equations: vec![(0, 2)], ..none },
            // P = (k + i)·T. One token has no counter, 256 have a range with one side.
            Self::Rate { limit } => {
                let sides = match limit {
                    1 => 0,
                    256 => 1,
                    _ => 2,
                };
                let variables = usize::from(limit > 1);
                Shape { points: 1, equations: vec![(0, 2)], variables, ..range(sides, 1) }
            }
            // E₁ = r·G, E₂ = h·G' + r·I, Ê = r·Ĝ.
            Self::Encryption => Shape { points: 3, equations: vec![(1, 1), (1, 2), (1, 1)], variables: 1, ..none },
        }
    }

    /// Values proved to be in a signed set.
    fn members(self) -> usize {
        self.shape().members
    }

    /// Pairing equations.
    fn pairings(self) -> usize {
        let shape = self.shape();
        shape.members + shape.pairings
    }

    /// Points sent.
    #[must_use]
    pub fn points(self) -> usize {
        2 * self.pairings() + self.shape().points
    }

    /// Variables with a nonce and a response: those that no constraint defines.
    fn free(self) -> isize {
        let shape = self.shape();
        // The element of a member statement by itself is a message.
        let own = if self == Self::Member { 1 } else { 2 * shape.members };
        (own + shape.variables) as isize - shape.constraints as isize
    }

    /// Bytes of its part of the system's description, and its points and announcements.
    fn transcript(self) -> usize {
        let equation = |bases: usize| 48 * bases + 4 + 6 + 4 + 36 + 4 + 9 * bases + 48;
        let shape = self.shape();
        let mut bytes = shape.members * equation(2);
        bytes += shape.equations.iter().map(|(tables, fresh)| equation(tables + fresh)).sum::<usize>();
        if let Self::Signature { hidden, shown } = self {
            let bases = hidden + shown + 3;
            bytes += 48 * bases + 4 + 9 + 4 + 36 * (1 + shown) + 4 + 9 * (hidden + 2) + 48;
        }
        bytes += shape.constraints * (36 + 36 * shape.listed);
        bytes + 48 * self.points() + 192 * self.pairings()
    }

    /// The prover's work: points sent, then announcements.
    fn prove(self, tables: Tables, work: &mut Work) {
        match self {
            Self::Signature { hidden, shown } => {
                let part = Part::Signature;
                if tables == Tables::Cold {
                    // C over all messages, and e·A.
                    work.add(part, hidden + shown + 1, Operation::Multiply);
                    work.add(part, 1, Operation::Normalise);
                }
                // Ā and B̄.
                work.add_secret_sum(part, tables, 1);
                work.add_secret_sum(part, tables, 1);
                work.add(part, 1, Operation::Invert);
                work.add(part, 1, Operation::Normalise);
                work.add_secret_sum(part, tables, hidden + 2);
            }
            Self::NonRevocation => {
                let part = Part::Ranges;
                // V, r·Z, h·V: a handle has half as many bits as a scalar.
                work.add_secret_sum(part, tables, 1);
                work.add_secret_sum(part, tables, 1);
                work.0.push((part, 0.5, Operation::Multiply));
                work.add(part, 1, Operation::Normalise);
                work.add_secret_sum(part, tables, 2);
            }
            _ => {
                let part = Part::Ranges;
                self.prove_others(tables, work);
                for _ in 0..self.members() {
                    if tables == Tables::Cold {
                        work.add(part, 1, Operation::FindDigit);
                    }
                    // V, r·P_D, d·V.
                    work.add_secret_sum(part, tables, 1);
                    work.add_secret_sum(part, tables, 1);
                    work.add(part, 1, Operation::MultiplyByDigit);
                    work.add(part, 1, Operation::Normalise);
                    work.add_secret_sum(part, tables, 2);
                }
            }
        }
    }

    /// The prover's work for the equations that are not of the form of a member statement: points sent, then announcements.
    fn prove_others(self, tables: Tables, work: &mut Work) {
        let part = Part::Ranges;
        match self {
            Self::EitherRange { .. } => {
                // C, and its two announcements, of which the second has C itself as a base.
                work.add_secret_sum(part, tables, 2);
                work.add_secret_sum(part, tables, 2);
                work.add_secret_sum(part, tables, 1);
                work.add(part, 1, Operation::Multiply);
            }
            Self::NotIn { values } => {
                // K and its announcement; for each value the inverse of m − v, and the announcement, with K = m·G + s·H put in.
                work.add_secret_sum(part, tables, 2);
                work.add_secret_sum(part, tables, 2);
                for _ in 0..values {
                    work.add(part, 1, Operation::Invert);
                    work.add_secret_sum(part, tables, 2);
                }
            }
            Self::Pseudonym => {
                work.add(part, 1, Operation::Hash);
                work.add(part, 2, Operation::Multiply);
            }
            Self::Rate { .. } => {
                work.add(part, 1, Operation::Hash);
                work.add(part, 1, Operation::Invert);
                work.add(part, 2, Operation::Multiply);
            }
            Self::Encryption => {
                for _ in 0..2 {
                    // r·G, h·G' + r·I, r·Ĝ; the inspector's key has no table.
                    work.add_secret_sum(part, tables, 1);
                    work.add_secret_sum(part, tables, 1);
                    work.add(part, 1, Operation::Multiply);
                    work.add_secret_sum(part, tables, 1);
                }
            }
            _ => return,
        }
        work.add(part, 1, Operation::Normalise);
    }

    /// The verifier's work from the points to the pairings.
    fn check(self, work: &mut Work) {
        match self {
            Self::Signature { hidden, shown } => {
                work.add(Part::Signature, 1, Operation::PublicSum { tables: hidden + shown + 1, fresh: 2 });
            }
            _ => {
                let shape = self.shape();
                work.add(Part::Ranges, shape.members, Operation::PublicSum { tables: 1, fresh: 2 });
                for (tables, fresh) in shape.equations {
                    work.add(Part::Ranges, 1, Operation::PublicSum { tables, fresh });
                }
                if matches!(self, Self::Pseudonym | Self::Rate { .. }) {
                    work.add(Part::Ranges, 1, Operation::Hash);
                }
            }
        }
    }
}

impl Work {
    /// A sum over fixed points, with their tables or without.
    fn add_secret_sum(&mut self, part: Part, tables: Tables, points: usize) {
        match tables {
            Tables::Warm => self.add(part, 1, Operation::FixedSum(points)),
            Tables::Cold => self.add(part, points, Operation::Multiply),
        }
    }
}

/// A presentation: what it proves, and how many bytes its transcript has before that.
#[derive(Clone, Debug)]
pub struct Presentation {
    /// What it proves.
    pub statements: Vec<Statement>,
    /// Bytes of request, selection, parameters and disclosed values.
    pub envelope: usize,
}

/// A request of the suites with everything around it.
const ENVELOPE: usize = 800;

impl Presentation {
    /// "Adult" with a card of so many messages.
    #[must_use]
    pub fn adult(messages: usize, shown: usize) -> Self {
        Self::of(messages, shown, &[Statement::Range { sides: 1, digits: 2 }])
    }

    /// "Adult" and "valid".
    #[must_use]
    pub fn cafe(messages: usize, shown: usize) -> Self {
        Self::of(messages, shown, &[Statement::Range { sides: 1, digits: 2 }, Statement::Range { sides: 1, digits: 1 }])
    }

    /// One card of so many messages, and what is proved about it.
    #[must_use]
    pub fn of(messages: usize, shown: usize, about: &[Statement]) -> Self {
        let mut statements = vec![Statement::Signature { hidden: messages - shown, shown }];
        statements.extend_from_slice(about);
        Self { statements, envelope: ENVELOPE }
    }

    /// Points sent.
    #[must_use]
    pub fn points(&self) -> usize {
        self.statements.iter().map(|statement| statement.points()).sum()
    }

    /// Equations under an accumulator's key.
    fn revocations(&self) -> usize {
        self.statements.iter().filter(|statement| **statement == Statement::NonRevocation).count()
    }

    /// Equations proved with digits, which all have one key.
    fn members(&self) -> usize {
        self.statements.iter().map(|statement| statement.members()).sum()
    }

    fn pairings(&self) -> usize {
        self.statements.iter().map(|statement| statement.pairings()).sum()
    }

    fn transcript(&self) -> usize {
        self.envelope + self.statements.iter().map(|statement| statement.transcript()).sum::<usize>()
    }

    /// Variables with a nonce and a response.
    fn free(&self) -> usize {
        self.statements.iter().map(|statement| statement.free()).sum::<isize>().unsigned_abs()
    }

    /// The prover's work.
    #[must_use]
    pub fn prove(&self, tables: Tables) -> Work {
        let mut work = Work::default();
        for statement in &self.statements {
            statement.prove(tables, &mut work);
        }
        // The announcements, made affine together.
        work.add(Part::Transcript, 1, Operation::Normalise);
        // Twice a generator is keyed with the secrets.
        work.add(Part::Transcript, 1, Operation::Absorb(self.transcript() + 2 * 32 * self.free()));
        work.add(Part::Transcript, 1 + self.pairings() + self.free(), Operation::Draw);
        work
    }

    /// The verifier's work for so many presentations checked together.
    #[must_use]
    pub fn check(&self, batch: usize) -> Work {
        let mut work = Work::default();
        work.add(Part::Decoding, batch, Operation::Decode(self.points()));
        for _ in 0..batch {
            for statement in &self.statements {
                statement.check(&mut work);
            }
        }
        // The first equation of all has the weight 1.
        let (members, revocations) = (batch * self.members(), batch * self.revocations());
        let signatures = batch * self.pairings() - members - revocations;
        work.add(Part::Pairings, 1, Operation::WeightedSum(signatures + members + revocations - 1));
        work.add(Part::Pairings, 1, Operation::WeightedSum(signatures - 1));
        work.add(Part::Pairings, 1, Operation::WeightedSum(members));
        work.add(Part::Pairings, 1, Operation::WeightedSum(revocations));
        let own = self.statements.iter().map(|statement| statement.shape().keys).sum::<usize>();
        let keys = 2 + usize::from(members > 0) + usize::from(revocations > 0) + own;
        work.add(Part::Pairings, 1, Operation::Product(keys));
        // The announcements of each, made affine together.
        work.add(Part::Transcript, batch, Operation::Normalise);
        work.add(Part::Transcript, batch, Operation::Absorb(self.transcript() + 192 * self.pairings()));
        work.add(Part::Transcript, batch * (1 + self.pairings()), Operation::Draw);
        work
    }

    /// What no verifier of such a presentation can do without: reading its points and a product of two pairings.
    #[must_use]
    pub fn floor(&self) -> Work {
        let mut work = Work::default();
        work.add(Part::Decoding, 1, Operation::Decode(self.points()));
        work.add(Part::Pairings, 1, Operation::Product(2));
        work
    }
}

/// Signing a card for a checked application: its known messages, then the division. `long` claims are of any size, `short` ones have 32
/// bits; the handle comes on top.
#[must_use]
pub fn signing(long: usize, short: usize) -> Work {
    let mut work = Work::default();
    work.add(Part::Signature, 1, Operation::FixedSum(long));
    // Of a table's 44 points the handle takes 22, a claim of 32 bits 6.
    work.0.push((Part::Signature, (22 + 6 * short) as f64 / 44.0, Operation::FixedSum(1)));
    work.add(Part::Signature, 1, Operation::Invert);
    work.add(Part::Signature, 1, Operation::Multiply);
    work.add(Part::Signature, 2, Operation::Normalise);
    work
}

/// Checking an application: two points, two openings.
#[must_use]
pub fn checking_an_application() -> Work {
    let mut work = Work::default();
    work.add(Part::Decoding, 2, Operation::Decode(1));
    work.add(Part::Signature, 2, Operation::PublicSum { tables: 0, fresh: 2 });
    work.add(Part::Transcript, 1, Operation::Normalise);
    work.add(Part::Transcript, 1, Operation::Absorb(900));
    work.add(Part::Transcript, 1, Operation::Draw);
    work
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::tests::ones;

    #[test]
    fn counts_what_a_verifier_does() {
        let work = Presentation::adult(10, 3).check(1);
        let parts = Part::ALL.map(|part| work.cost_of(part, &ones()).0);
        // 2 + 2·2 points; 11 tables and 2 points; 2 digits of 1 table and 2 points; sums of 2, 0 and 2 and 3 pairings.
        assert_eq!(parts, [6.0, 13.0, 6.0, 7.0, 0.0]);
        let signature = Presentation::of(10, 3, &[]).check(1);
        assert_eq!(signature.cost_of(Part::Pairings, &ones()).0, 2.0, "two keys, and nothing to weigh");
    }

    #[test]
    fn counts_what_a_prover_does() {
        let adult = Presentation::adult(10, 3);
        let warm = adult.prove(Tables::Warm);
        // Ā, B̄, and 7 + 2 terms; for each digit V, r·P, d·V, and 2 terms.
        assert_eq!(warm.cost_of(Part::Signature, &ones()).0, 11.0);
        assert_eq!(warm.cost_of(Part::Ranges, &ones()).0, 10.0);
        let cold = adult.prove(Tables::Cold);
        assert_eq!(cold.cost_of(Part::Signature, &ones()).0, 11.0 + 11.0, "and C over ten messages, and e·A");
        assert_eq!(cold.cost_of(Part::Ranges, &ones()).0, 10.0);
        assert_eq!(Presentation::cafe(10, 3).prove(Tables::Warm).cost_of(Part::Ranges, &ones()).0, 15.0);
    }

    #[test]
    fn shares_a_batchs_pairings() {
        let adult = Presentation::adult(10, 3);
        let each = adult.check(100).each(100);
        assert!((each.cost_of(Part::Decoding, &ones()).0 - 6.0).abs() < 1e-9);
        // Sums of 299, 99 and 200 points, and 3 pairings, for all.
        assert!((each.cost_of(Part::Pairings, &ones()).0 - 6.01).abs() < 1e-9);
    }

    #[test]
    fn knows_the_size_of_proofs() {
        // As the statements' own tests have it: 48 a point, 32 for the challenge and for each free variable.
        let size = |presentation: &Presentation| 48 * presentation.points() + 32 * (1 + presentation.free());
        assert_eq!(size(&Presentation::adult(13, 0)), 896);
        assert_eq!(size(&Presentation::cafe(13, 0)), 896 + 2 * 48 + 32);
        let exact = Presentation::of(13, 0, &[Statement::Exactly]);
        assert_eq!(size(&exact), 2 * 48 + 32 * (1 + 13 + 2 - 1));
        assert_eq!(Presentation::of(13, 0, &[Statement::Member]).points(), 4);
        // As `spec/statements.md` has it.
        let added = |statement| size(&Presentation::of(13, 0, &[statement])) - size(&Presentation::of(13, 0, &[]));
        assert_eq!(added(Statement::NotIn { values: 2 }), 48 + 32 * 5);
        assert_eq!(added(Statement::Gap), 2_688);
        assert_eq!(added(Statement::Encryption), 176);
        assert_eq!(added(Statement::Pseudonym), 48);
        assert_eq!(added(Statement::Rate { limit: 1 }), 48);
        assert_eq!(added(Statement::Rate { limit: 256 }), 3 * 48 + 2 * 32);
        assert_eq!(added(Statement::Rate { limit: 3 }), 5 * 48 + 3 * 32);
        assert_eq!(added(Statement::EitherRange { sides: 2, digits: 2 }), 9 * 48 + (3 + 8 - 2) * 32);
        let not_revoked = Presentation::of(13, 0, &[Statement::NonRevocation]);
        assert_eq!(size(&not_revoked), 4 * 48 + 32 * (1 + 13 + 2 + 1));
        // Sums of one point under each key but the first, and of both right sides; three keys.
        assert_eq!(not_revoked.check(1).cost_of(Part::Pairings, &ones()).0, 1.0 + 1.0 + 3.0);
    }
}

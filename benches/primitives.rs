//! What the operations of the cost model take, read off the measurements of `curve.rs`.
//!
//! A sum's cost lies on straight lines between the sizes that were measured. A public sum is taken apart into its doublings, which all
//! points share, and what each point adds; a product of pairings into its final exponentiation and what each pair adds.

use crate::measurements::{Measurements, Micros, Missing};

/// An operation that takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Reading so many points together: square roots and checks of the subgroup.
    Decode(usize),
    /// Points from projective to affine coordinates: one field inversion for all of them.
    Normalise,
    /// The inverse of a scalar.
    Invert,
    /// A secret times a point without a table.
    Multiply,
    /// A secret digit, 8 bits, times a point without a table.
    MultiplyByDigit,
    /// A sum of so many secret multiples of points with tables.
    FixedSum(usize),
    /// A sum of public multiples of points with tables and of fresh ones.
    PublicSum {
        /// Points with tables.
        tables: usize,
        /// Points without.
        fresh: usize,
    },
    /// A sum of so many fresh points times weights of 128 bits.
    WeightedSum(usize),
    /// A product of so many pairings with prepared points of G2, and its final exponentiation.
    Product(usize),
    /// Writing so many bytes into a transcript.
    Absorb(usize),
    /// Drawing a scalar from a transcript.
    Draw,
    /// Hashing to the curve.
    Hash,
    /// Finding a digit's signature by a scan of all.
    FindDigit,
}

/// What each operation takes, as measured.
#[derive(Clone, Debug)]
pub struct Primitives {
    decode: Curve,
    normalise: Micros,
    invert: Micros,
    multiply: Micros,
    multiply_by_digit: Micros,
    fixed_sums: Curve,
    public_sum: [f64; 3],
    weighted_sums: Curve,
    product: [f64; 2],
    absorb_byte: f64,
    draw: Micros,
    hash: Micros,
    find_digit: Micros,
}

const FIXED_SUMS: [usize; 7] = [2, 3, 5, 8, 13, 30, 100];
const DECODED: [usize; 3] = [2, 8, 16];
const WEIGHTED_SUMS: [usize; 11] = [1, 2, 3, 4, 8, 16, 32, 64, 128, 256, 1024];
const PUBLIC_SUMS: [(usize, usize); 3] = [(1, 1), (1, 2), (13, 2)];

impl Primitives {
    /// The measurements that it takes.
    #[must_use]
    pub fn ids() -> Vec<String> {
        let single = [
            "g1_basics/decode",
            "g1_basics/to_nonzero",
            "g1_basics/scalar_invert",
            "g1_basics/double",
            "g1_basics/add_affine",
            "g1_mul/blst",
            "g1_mul/fixed_base",
            "pairing_product/affine/2",
            "pairing_product/affine/4",
            "other_basics/absorb_1024",
            "other_basics/draw",
            "other_basics/hash_to_g1",
            "other_basics/find_digit",
        ];
        let mut ids: Vec<String> = single.map(str::to_owned).into();
        ids.extend(FIXED_SUMS.map(|n| format!("g1_fixed_msm/fixed_base/{n}")));
        ids.extend(DECODED.map(|n| format!("g1_basics/decode_many_{n}")));
        ids.extend(WEIGHTED_SUMS.map(|n| format!("g1_msm_vartime_128_bits/milchglas/{n}")));
        ids.extend(PUBLIC_SUMS.map(|(tables, fresh)| format!("g1_msm_vartime_with/tables/{tables}+{fresh}")));
        ids
    }

    /// Reads them.
    ///
    /// # Errors
    /// [`Missing`] the first that was not measured.
    pub fn read(measurements: &Measurements) -> Result<Self, Missing> {
        let micros = |id: &str| measurements.median(id);
        let mut fixed_sums = vec![(1.0, micros("g1_mul/fixed_base")?.0)];
        for n in FIXED_SUMS {
            fixed_sums.push((n as f64, micros(&format!("g1_fixed_msm/fixed_base/{n}"))?.0));
        }
        let mut decode = vec![(1.0, micros("g1_basics/decode")?.0)];
        for n in DECODED {
            decode.push((n as f64, micros(&format!("g1_basics/decode_many_{n}"))?.0));
        }
        let mut weighted_sums = Vec::new();
        for n in WEIGHTED_SUMS {
            weighted_sums.push((n as f64, micros(&format!("g1_msm_vartime_128_bits/milchglas/{n}"))?.0));
        }
        let with = |tables, fresh| micros(&format!("g1_msm_vartime_with/tables/{tables}+{fresh}"));
        let (least, fresher, longer) = (with(1, 1)?.0, with(1, 2)?.0, with(13, 2)?.0);
        let (table, fresh) = ((longer - fresher) / 12.0, fresher - least);
        let (two, four) = (micros("pairing_product/affine/2")?.0, micros("pairing_product/affine/4")?.0);
        let pair = (four - two) / 2.0;
        let step = micros("g1_basics/double")?.0 + micros("g1_basics/add_affine")?.0;
        Ok(Self {
            decode: Curve(decode),
            normalise: micros("g1_basics/to_nonzero")?,
            invert: micros("g1_basics/scalar_invert")?,
            multiply: micros("g1_mul/blst")?,
            multiply_by_digit: Micros(8.0 * step),
            fixed_sums: Curve(fixed_sums),
            public_sum: [least - table - fresh, table, fresh],
            weighted_sums: Curve(weighted_sums),
            product: [two - 2.0 * pair, pair],
            absorb_byte: micros("other_basics/absorb_1024")?.0 / 1024.0,
            draw: micros("other_basics/draw")?,
            hash: micros("other_basics/hash_to_g1")?,
            find_digit: micros("other_basics/find_digit")?,
        })
    }

    /// How long an operation takes.
    #[must_use]
    pub fn cost(&self, operation: Operation) -> Micros {
        match operation {
            Operation::Decode(n) => self.decode.at(n),
            Operation::Normalise => self.normalise,
            Operation::Invert => self.invert,
            Operation::Multiply => self.multiply,
            Operation::MultiplyByDigit => self.multiply_by_digit,
            Operation::FixedSum(n) => self.fixed_sums.at(n),
            Operation::PublicSum { tables, fresh } => {
                let [doublings, table, point] = self.public_sum;
                Micros(doublings + tables as f64 * table + fresh as f64 * point)
            }
            Operation::WeightedSum(n) => self.weighted_sums.at(n),
            Operation::Product(pairs) => {
                let [exponentiation, pair] = self.product;
                Micros(exponentiation + pairs as f64 * pair)
            }
            Operation::Absorb(bytes) => Micros(bytes as f64 * self.absorb_byte),
            Operation::Draw => self.draw,
            Operation::Hash => self.hash,
            Operation::FindDigit => self.find_digit,
        }
    }

    /// What is worth a row in a table of primitives.
    #[must_use]
    pub fn table(&self) -> Vec<(&'static str, Micros)> {
        let public = |i: usize| Micros(self.public_sum[i]);
        let [exponentiation, pair] = self.product.map(Micros);
        vec![
            ("reading a point", self.decode.at(1)),
            ("reading 8 points together", self.decode.at(8)),
            ("making points affine", self.normalise),
            ("inverse of a scalar", self.invert),
            ("secret multiple, no table", self.multiply),
            ("secret 8-bit multiple, no table", self.multiply_by_digit),
            ("secret multiple, table", self.fixed_sums.at(1)),
            ("sum of 10 secret multiples, tables", self.fixed_sums.at(10)),
            ("public sum: doublings", public(0)),
            ("public sum: each point with a table", public(1)),
            ("public sum: each fresh point", public(2)),
            ("weighted sum of 2 points", self.weighted_sums.at(2)),
            ("weighted sum of 1,024 points", self.weighted_sums.at(1024)),
            ("product of pairings: final exponentiation", exponentiation),
            ("product of pairings: each pair", pair),
            ("transcript: 1 KiB", Micros(1024.0 * self.absorb_byte)),
            ("transcript: a scalar", self.draw),
            ("hash to the curve", self.hash),
            ("scan for a digit's signature", self.find_digit),
        ]
    }
}

/// Measured points, straight lines between them, and the last one's slope from zero beyond.
#[derive(Clone, Debug)]
struct Curve(Vec<(f64, f64)>);

impl Curve {
    fn at(&self, n: usize) -> Micros {
        let n = n as f64;
        let mut before = (0.0, 0.0);
        for &(x, y) in &self.0 {
            if n <= x {
                // Below the first point there is only nothing.
                let (x0, y0) = before;
                return Micros(if n == 0.0 { 0.0 } else { y0 + (y - y0) * (n - x0) / (x - x0) });
            }
            before = (x, y);
        }
        let (x, y) = before;
        Micros(y * n / x)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Every operation costs 1, a sum of n costs n, a product of n pairings n.
    pub(crate) fn ones() -> Primitives {
        let one = Micros(1.0);
        Primitives {
            decode: Curve(vec![(1.0, 1.0)]),
            normalise: Micros(0.0),
            invert: Micros(0.0),
            multiply: one,
            multiply_by_digit: one,
            fixed_sums: Curve(vec![(1.0, 1.0)]),
            public_sum: [0.0, 1.0, 1.0],
            weighted_sums: Curve(vec![(1.0, 1.0)]),
            product: [0.0, 1.0],
            absorb_byte: 0.0,
            draw: Micros(0.0),
            hash: one,
            find_digit: Micros(0.0),
        }
    }

    #[test]
    fn reads_between_what_was_measured_and_beyond() {
        let curve = Curve(vec![(1.0, 10.0), (3.0, 30.0), (5.0, 40.0)]);
        let at = |n| curve.at(n).0;
        assert_eq!([at(0), at(1), at(2), at(3), at(4), at(5), at(10)], [0.0, 10.0, 20.0, 30.0, 35.0, 40.0, 80.0]);
    }

    #[test]
    fn takes_primitives_apart() {
        let mut measured = Measurements::default();
        for id in Primitives::ids() {
            measured.insert(&id, Micros(1.0).into());
        }
        for (id, micros) in [
            ("g1_msm_vartime_with/tables/1+1", 100.0),
            ("g1_msm_vartime_with/tables/1+2", 120.0),
            ("g1_msm_vartime_with/tables/13+2", 240.0),
            ("pairing_product/affine/2", 600.0),
            ("pairing_product/affine/4", 800.0),
        ] {
            measured.insert(id, Micros(micros).into());
        }
        let primitives = Primitives::read(&measured).unwrap();
        assert_eq!(primitives.cost(Operation::PublicSum { tables: 4, fresh: 3 }), Micros(70.0 + 40.0 + 60.0));
        assert_eq!(primitives.cost(Operation::Product(3)), Micros(700.0));
        assert_eq!(primitives.cost(Operation::MultiplyByDigit), Micros(16.0));
        assert!(Primitives::read(&Measurements::default()).is_err());
    }
}

//! Points that are multiplied again and again: generators, the base of a set, the parts of one's own signature.

use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use zeroize::{Zeroize, Zeroizing};

use crate::backend::active;
use crate::fixed_base::sum_short;
use crate::g1::terms;
use crate::{FixedBase, G1, NonZeroG1, Scalar, VartimeTable};

/// From this use on tables pay: a table for secrets costs as much as about five multiplications, one for public scalars less.
const USES_BEFORE_TABLES: u32 = 6;

/// A point that builds tables for its multiplication once it has been used a few times, so that a program that proves once
/// does not pay for what it never wins back. Clones share the tables.
///
/// Memory: about 66 KiB (85 on the portable backend) with secret scalars, 49 KiB with public ones. Whether there is a table depends on
/// the number of uses alone, never on a scalar.
#[derive(Clone)]
pub struct FixedPoint(Arc<Inner>);

struct Inner {
    point: NonZeroG1,
    secret: Lazy<FixedBase>,
    public: Lazy<VartimeTable>,
}

struct Lazy<T> {
    uses: AtomicU32,
    table: OnceLock<T>,
}

impl<T> Lazy<T> {
    fn new() -> Self {
        Self { uses: AtomicU32::new(0), table: OnceLock::new() }
    }

    fn get(&self, build: impl FnOnce() -> T) -> Option<&T> {
        if let Some(table) = self.table.get() {
            return Some(table);
        }
        let uses = self.uses.fetch_add(1, Ordering::Relaxed);
        (uses >= USES_BEFORE_TABLES).then(|| self.table.get_or_init(build))
    }
}

impl FixedPoint {
    /// A point without tables.
    #[must_use]
    pub fn new(point: &NonZeroG1) -> Self {
        Self(Arc::new(Inner { point: *point, secret: Lazy::new(), public: Lazy::new() }))
    }

    /// The point.
    #[must_use]
    pub fn point(&self) -> &NonZeroG1 {
        &self.0.point
    }

    /// Builds the tables for secret scalars now, in idle time: about 0.3 ms a point.
    pub fn prepare_for_proving<'a>(points: impl IntoIterator<Item = &'a FixedPoint>) {
        let missing = different(points.into_iter().filter(|fixed| fixed.0.secret.table.get().is_none()));
        let bases: Vec<NonZeroG1> = missing.iter().map(|fixed| fixed.0.point).collect();
        for (fixed, table) in missing.iter().zip(FixedBase::batch(&bases)) {
            fixed.0.secret.table.get_or_init(|| table);
        }
    }

    /// Builds the tables for public scalars now: about 0.15 ms a point.
    pub fn prepare_for_verifying<'a>(points: impl IntoIterator<Item = &'a FixedPoint>) {
        let missing = different(points.into_iter().filter(|fixed| fixed.0.public.table.get().is_none()));
        let bases: Vec<NonZeroG1> = missing.iter().map(|fixed| fixed.0.point).collect();
        for (fixed, table) in missing.iter().zip(VartimeTable::batch(&bases)) {
            fixed.0.public.table.get_or_init(|| table);
        }
    }

    /// The point times a secret, in constant time.
    #[must_use]
    pub fn mul(&self, scalar: &Scalar) -> G1 {
        self.secret_table().map_or_else(|| self.0.point * scalar, |table| table.mul(scalar))
    }

    /// `Σ scalar·point` in constant time, by tables where there are any.
    ///
    /// # Panics
    /// When the two slices differ in length.
    #[must_use]
    pub fn msm(points: &[FixedPoint], scalars: &[Scalar]) -> G1 {
        assert_eq!(points.len(), scalars.len(), "a scalar for every point");
        let mut sum = SecretSum::with_room(points.len());
        for (point, scalar) in points.iter().zip(scalars) {
            sum.add_fixed(point, *scalar);
        }
        sum.finish()
    }

    /// How many bytes the tables take that it has now; clones share them.
    #[must_use]
    pub fn table_bytes(&self) -> usize {
        let secret = self.0.secret.table.get().map_or(0, |table| table.0.bytes());
        secret + self.0.public.table.get().map_or(0, |table| table.0.bytes())
    }

    fn secret_table(&self) -> Option<&FixedBase> {
        self.0.secret.get(|| FixedBase::new(&self.0.point))
    }

    fn public_table(&self) -> Option<&VartimeTable> {
        self.0.public.get(|| VartimeTable::new(&self.0.point))
    }
}

/// Leaves out clones of points that came before.
fn different<'a>(points: impl Iterator<Item = &'a FixedPoint>) -> Vec<&'a FixedPoint> {
    let mut different: Vec<&FixedPoint> = Vec::new();
    for point in points {
        if !different.iter().any(|earlier| Arc::ptr_eq(&earlier.0, &point.0)) {
            different.push(point);
        }
    }
    different
}

impl From<NonZeroG1> for FixedPoint {
    fn from(point: NonZeroG1) -> Self {
        Self::new(&point)
    }
}

impl fmt::Debug for FixedPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FixedPoint").field(&self.0.point).finish()
    }
}

/// A sum over points with and without tables, in constant time in the scalars.
pub struct SecretSum<'a> {
    tables: Vec<&'a FixedBase>,
    table_scalars: Zeroizing<Vec<Scalar>>,
    points: Vec<NonZeroG1>,
    point_scalars: Zeroizing<Vec<Scalar>>,
    /// Multiples by numbers of 32 bits, and of 128.
    short: [ShortTerms<'a>; 2],
}

/// Tables with short numbers.
type ShortTerms<'a> = Vec<(&'a FixedBase, u128)>;

impl<'a> SecretSum<'a> {
    /// With room for all, so that growing leaves no copy of a secret behind.
    #[must_use]
    pub fn with_room(room: usize) -> Self {
        Self {
            tables: Vec::with_capacity(room),
            table_scalars: Vec::with_capacity(room).into(),
            points: Vec::with_capacity(room),
            point_scalars: Vec::with_capacity(room).into(),
            short: [Vec::with_capacity(room), Vec::with_capacity(room)],
        }
    }

    /// Adds a multiple of a point that is multiplied again and again, by a number of 32 bits: a seventh of the work. Which numbers are
    /// short must be public.
    pub fn add_fixed_u32(&mut self, fixed: &'a FixedPoint, number: u32) {
        match fixed.secret_table() {
            Some(table) => self.short[0].push((table, number.into())),
            None => self.add(fixed.point(), Scalar::from(u64::from(number))),
        }
    }

    /// The same by a number of 128 bits: half of the work.
    pub fn add_fixed_u128(&mut self, fixed: &'a FixedPoint, number: u128) {
        match fixed.secret_table() {
            Some(table) => self.short[1].push((table, number)),
            None => {
                let mut wide = Zeroizing::new([0; 64]);
                wide[48..].copy_from_slice(&number.to_be_bytes());
                self.add(fixed.point(), Scalar::from_wide(&wide));
            }
        }
    }

    /// Adds a multiple of a point that is multiplied again and again.
    pub fn add_fixed(&mut self, fixed: &'a FixedPoint, scalar: Scalar) {
        match fixed.secret_table() {
            Some(table) => {
                self.tables.push(table);
                self.table_scalars.push(scalar);
            }
            None => self.add(fixed.point(), scalar),
        }
    }

    /// Adds a multiple of a point.
    pub fn add(&mut self, point: &NonZeroG1, scalar: Scalar) {
        self.points.push(*point);
        self.point_scalars.push(scalar);
    }

    /// The sum.
    #[must_use]
    pub fn finish(self) -> G1 {
        let mut sum = FixedBase::msm(&self.tables, &self.table_scalars);
        // Which kinds of terms there are is public.
        if !self.points.is_empty() {
            sum += G1::msm(&self.points, &self.point_scalars);
        }
        for (terms, bits) in self.short.iter().zip([32, 128]) {
            if !terms.is_empty() {
                sum += sum_short(terms, bits);
            }
        }
        sum
    }
}

impl Drop for SecretSum<'_> {
    fn drop(&mut self) {
        self.short.iter_mut().flatten().for_each(|(_, number)| number.zeroize());
    }
}

impl fmt::Debug for SecretSum<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretSum(..)")
    }
}

/// A sum over points with and without tables, in variable time, for public inputs only.
#[derive(Debug)]
pub struct PublicSum<'a> {
    tables: Vec<(&'a VartimeTable, Scalar)>,
    points: Vec<NonZeroG1>,
    scalars: Vec<Scalar>,
}

impl<'a> PublicSum<'a> {
    /// With room for all.
    #[must_use]
    pub fn with_room(room: usize) -> Self {
        let (tables, points, scalars) = (Vec::with_capacity(room), Vec::with_capacity(room), Vec::with_capacity(room));
        Self { tables, points, scalars }
    }

    /// Adds a multiple of a point that is multiplied again and again.
    pub fn add_fixed(&mut self, fixed: &'a FixedPoint, scalar: Scalar) {
        match fixed.public_table() {
            Some(table) => self.tables.push((table, scalar)),
            None => self.add(fixed.point(), scalar),
        }
    }

    /// Adds a multiple of a point.
    pub fn add(&mut self, point: &NonZeroG1, scalar: Scalar) {
        self.points.push(*point);
        self.scalars.push(scalar);
    }

    /// The sum.
    #[must_use]
    pub fn finish_vartime(self) -> G1 {
        G1::msm_vartime_with(&self.tables, &self.points, &self.scalars)
    }

    /// Several sums, cheaper together than one by one.
    #[must_use]
    pub fn finish_all_vartime(sums: &[Self]) -> Vec<G1> {
        let terms: Vec<_> = sums.iter().map(|sum| terms(&sum.tables, &sum.points, &sum.scalars)).collect();
        active::g1::sums_vartime(&terms).into_iter().map(G1).collect()
    }
}

//! Arithmetic by the `blst` library: audited C and assembly.
//!
//! All `unsafe` of the workspace is in this file and in `blst/lanes.rs`; what is built on the two lies in the folder. Every call here
//! passes pointers made from references to initialised values of the very `#[repr(C)]` types that the function expects, and no
//! function keeps a pointer. Outputs are separate values, or one of the inputs where the library works in place too. The comments at
//! the blocks say "plain call" for this and more where there is more to say.
//!
//! Timing: constant in the values, unless a name ends in `_vartime` or the function's comment says otherwise.
//! Caution: the multiplications of blst decompose the scalar by the curve's endomorphism, which is correct in the subgroup only,
//! and they take another path for a scalar that is zero; `mul` hides the latter.

#![allow(unsafe_code)]

/// The scalar field, in Montgomery form, always fully reduced.
pub mod fr {
    use blst::{
        blst_fr, blst_fr_add, blst_fr_cneg, blst_fr_from_scalar, blst_fr_from_uint64, blst_fr_inverse, blst_fr_mul,
        blst_fr_sub, blst_scalar, blst_scalar_fr_check, blst_scalar_from_be_bytes, blst_scalar_from_bendian,
        blst_scalar_from_fr,
    };
    use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
    use zeroize::Zeroize;

    /// A scalar.
    pub type Fr = blst_fr;

    /// 0.
    pub const ZERO: Fr = blst_fr { l: [0; 4] };
    /// 1, which in Montgomery form is 2^256 mod r.
    pub const ONE: Fr =
        blst_fr { l: [0x0000_0001_ffff_fffe, 0x5884_b7fa_0003_4802, 0x998c_4fef_ecbc_4ff5, 0x1824_b159_acc5_056f] };

    /// The scalar of a small integer.
    pub fn from_u64(value: u64) -> Fr {
        from_limbs([value, 0])
    }

    /// The scalar of an integer of two limbs, least significant first.
    pub(super) fn from_limbs(limbs: [u64; 2]) -> Fr {
        let limbs = [limbs[0], limbs[1], 0, 0];
        let mut out = ZERO;
        // SAFETY: plain call; the input is the four limbs that it reads.
        unsafe { blst_fr_from_uint64(&mut out, limbs.as_ptr()) };
        out
    }

    /// 64 bytes, big-endian, reduced.
    pub fn from_wide(bytes: &[u8; 64]) -> Fr {
        let mut scalar = blst_scalar::default();
        let mut out = ZERO;
        // SAFETY: plain calls; the length passed is that of the array. The returned flag says only whether the result is zero.
        unsafe {
            blst_scalar_from_be_bytes(&mut scalar, bytes.as_ptr(), bytes.len());
            blst_fr_from_scalar(&mut out, &scalar);
        }
        out
    }

    /// 32 bytes, big-endian, canonical.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Fr> {
        let mut scalar = blst_scalar::default();
        let mut out = ZERO;
        // SAFETY: plain calls; `blst_scalar_from_bendian` reads 32 bytes.
        unsafe {
            blst_scalar_from_bendian(&mut scalar, bytes.as_ptr());
            if !blst_scalar_fr_check(&scalar) {
                return None;
            }
            blst_fr_from_scalar(&mut out, &scalar);
        }
        Some(out)
    }

    /// Little-endian bytes, as the multiplications want them; erased when dropped.
    pub(super) fn to_scalar(a: &Fr) -> blst_scalar {
        let mut scalar = blst_scalar::default();
        // SAFETY: plain call.
        unsafe { blst_scalar_from_fr(&mut scalar, a) };
        scalar
    }

    /// 32 bytes, big-endian.
    pub fn to_bytes(a: &Fr) -> [u8; 32] {
        let mut bytes = to_scalar(a).b;
        bytes.reverse();
        bytes
    }

    /// a + b.
    pub fn add(a: &Fr, b: &Fr) -> Fr {
        let mut out = ZERO;
        // SAFETY: plain call.
        unsafe { blst_fr_add(&mut out, a, b) };
        out
    }

    /// a − b.
    pub fn sub(a: &Fr, b: &Fr) -> Fr {
        let mut out = ZERO;
        // SAFETY: plain call.
        unsafe { blst_fr_sub(&mut out, a, b) };
        out
    }

    /// a·b.
    pub fn mul(a: &Fr, b: &Fr) -> Fr {
        let mut out = ZERO;
        // SAFETY: plain call.
        unsafe { blst_fr_mul(&mut out, a, b) };
        out
    }

    /// −a.
    pub fn neg(a: &Fr) -> Fr {
        let mut out = ZERO;
        // SAFETY: plain call.
        unsafe { blst_fr_cneg(&mut out, a, true) };
        out
    }

    /// 1/a, and 0 for 0. In constant time (a fixed number of binary Euclidean steps).
    pub fn invert(a: &Fr) -> Fr {
        let mut out = ZERO;
        // SAFETY: plain call.
        unsafe { blst_fr_inverse(&mut out, a) };
        out
    }

    /// Whether a = b.
    pub fn ct_eq(a: &Fr, b: &Fr) -> Choice {
        a.l.ct_eq(&b.l)
    }

    /// b where `choice` is set, else a.
    pub fn select(a: &Fr, b: &Fr, choice: Choice) -> Fr {
        let mut out = *a;
        for (limb, other) in out.l.iter_mut().zip(&b.l) {
            limb.conditional_assign(other, choice);
        }
        out
    }

    /// Overwrites with 0.
    pub fn zeroize(a: &mut Fr) {
        a.l.zeroize();
    }
}

/// How many bits a little-endian integer has.
fn bit_length(bytes: &[u8; 32]) -> usize {
    let top = bytes.iter().rposition(|byte| *byte != 0);
    top.map_or(0, |i| 8 * i + (8 - bytes[i].leading_zeros() as usize))
}

/// What G1 and G2 have in common, over the library's parallel function names.
macro_rules! group {
    ($bytes:literal, $point:ident, $affine:ident,
     $generator:ident, $add:ident, $add_affine:ident, $double:ident, $cneg:ident, $is_inf:ident, $is_equal:ident, $mult:ident,
     $to_affine:ident, $from_affine:ident, $many_to_affine:ident, $compress:ident, $affine_compress:ident, $uncompress:ident,
     $affine_in_group:ident, $affine_is_inf:ident, $affine_is_equal:ident, $pippenger:ident, $scratch_size:ident) => {
        use super::bit_length;
        use super::fr::{self, Fr};
        use blst::{
            BLST_ERROR, $add, $add_affine, $affine, $affine_compress, $affine_in_group, $affine_is_equal,
            $affine_is_inf, $cneg, $compress, $double, $from_affine, $generator, $is_equal, $is_inf, $many_to_affine,
            $mult, $pippenger, $point, $scratch_size, $to_affine, $uncompress,
        };
        use core::ptr::null;
        use subtle::Choice;

        /// A point in Jacobian coordinates; the identity has z = 0.
        pub type Point = $point;
        /// A point in affine coordinates, never the identity.
        pub type Affine = $affine;

        /// The identity.
        pub fn identity() -> Point {
            Point::default()
        }

        /// The standard generator.
        pub fn generator() -> Affine {
            // SAFETY: the library returns the address of a constant with static lifetime.
            unsafe { *$generator() }
        }

        /// p + q, for all p and q alike.
        pub fn add(p: &Point, q: &Point) -> Point {
            let mut out = identity();
            // SAFETY: plain call.
            unsafe { $add(&mut out, p, q) };
            out
        }

        /// p + q, for all p and q alike.
        pub fn add_affine(p: &Point, q: &Affine) -> Point {
            let mut out = identity();
            // SAFETY: plain call.
            unsafe { $add_affine(&mut out, p, q) };
            out
        }

        /// p + p.
        pub fn double(p: &Point) -> Point {
            let mut out = identity();
            // SAFETY: plain call.
            unsafe { $double(&mut out, p) };
            out
        }

        /// −p.
        pub fn neg(p: &Point) -> Point {
            let mut out = *p;
            // SAFETY: plain call, in place by design.
            unsafe { $cneg(&mut out, true) };
            out
        }

        /// −p.
        pub fn neg_affine(p: &Affine) -> Affine {
            let point = neg(&from_affine(p));
            Affine { x: point.x, y: point.y }
        }

        /// Whether p is the identity.
        pub fn is_identity(p: &Point) -> Choice {
            // SAFETY: plain call.
            Choice::from(u8::from(unsafe { $is_inf(p) }))
        }

        /// Whether p = q as points, whatever their coordinates.
        pub fn ct_eq(p: &Point, q: &Point) -> Choice {
            // SAFETY: plain call.
            Choice::from(u8::from(unsafe { $is_equal(p, q) }))
        }

        /// Whether p = q.
        pub fn ct_eq_affine(p: &Affine, q: &Affine) -> Choice {
            // SAFETY: plain call.
            Choice::from(u8::from(unsafe { $affine_is_equal(p, q) }))
        }

        /// q where `choice` is set, else p.
        pub fn select(p: &Point, q: &Point, choice: Choice) -> Point {
            let mut out = *p;
            assign(&mut out.x, &q.x, choice);
            assign(&mut out.y, &q.y, choice);
            assign(&mut out.z, &q.z, choice);
            out
        }

        /// q where `choice` is set, else p.
        pub fn select_affine(p: &Affine, q: &Affine, choice: Choice) -> Affine {
            let mut out = *p;
            assign(&mut out.x, &q.x, choice);
            assign(&mut out.y, &q.y, choice);
            out
        }

        /// k·p, in constant time for every k, zero included.
        pub fn mul(p: &Point, k: &Fr) -> Point {
            // blst leaves its fast path for zero, which would show in the time; so multiply by one and discard.
            let zero = fr::ct_eq(k, &fr::ZERO);
            let scalar = fr::to_scalar(&fr::select(k, &fr::ONE, zero));
            let mut out = identity();
            // SAFETY: plain call; 255 bits are read from the 32 bytes of the scalar.
            unsafe { $mult(&mut out, p, scalar.b.as_ptr(), 255) };
            select(&out, &identity(), zero)
        }

        /// Affine coordinates, none for the identity. Time depends on whether z is 0, 1 or another number.
        pub fn to_affine(p: &Point) -> Option<Affine> {
            if is_identity(p).into() {
                return None;
            }
            let mut out = Affine::default();
            // SAFETY: plain call.
            unsafe { $to_affine(&mut out, p) };
            Some(out)
        }

        /// `to_affine` of each with one inversion for all.
        pub fn batch_to_affine(points: &[Point]) -> Vec<Option<Affine>> {
            if points.is_empty() {
                return Vec::new();
            }
            let mut out = vec![Affine::default(); points.len()];
            let pointers = [points.as_ptr(), null()];
            // SAFETY: a null second pointer means that the points are contiguous from the first; `points.len()` are read, and as
            // many written to `out`, which has that length.
            unsafe { $many_to_affine(out.as_mut_ptr(), pointers.as_ptr(), points.len()) };
            let identity_or_point = |affine: Affine| {
                // SAFETY: plain call.
                let is_identity = unsafe { $affine_is_inf(&affine) };
                if is_identity { None } else { Some(affine) }
            };
            out.into_iter().map(identity_or_point).collect()
        }

        /// Jacobian coordinates.
        pub fn from_affine(p: &Affine) -> Point {
            let mut out = identity();
            // SAFETY: plain call.
            unsafe { $from_affine(&mut out, p) };
            out
        }

        /// The compressed encoding. Time depends on whether z is 0, 1 or another number.
        pub fn encode(p: &Point) -> [u8; $bytes] {
            let mut out = [0; $bytes];
            // SAFETY: plain call; writes exactly the length of the array.
            unsafe { $compress(out.as_mut_ptr(), p) };
            out
        }

        /// The compressed encoding.
        pub fn encode_affine(p: &Affine) -> [u8; $bytes] {
            let mut out = [0; $bytes];
            // SAFETY: plain call; writes exactly the length of the array.
            unsafe { $affine_compress(out.as_mut_ptr(), p) };
            out
        }

        /// Decodes a compressed point of the subgroup: `None` for bytes that are none, `Some(None)` for the identity.
        ///
        /// blst checks the flags, that coordinates are reduced and that the point is on the curve; the subgroup is checked here.
        pub fn decode(bytes: &[u8; $bytes]) -> Option<Option<Affine>> {
            let mut out = Affine::default();
            // SAFETY: plain call; reads exactly the length of the array.
            let result = unsafe { $uncompress(&mut out, bytes.as_ptr()) };
            if result != BLST_ERROR::BLST_SUCCESS {
                return None;
            }
            // SAFETY: plain calls.
            let (is_identity, in_group) = unsafe { ($affine_is_inf(&out), $affine_in_group(&out)) };
            match (is_identity, in_group) {
                (true, _) => Some(None),
                (false, true) => Some(Some(out)),
                (false, false) => None,
            }
        }

        /// Overwrites with the identity.
        pub fn zeroize(p: &mut Point) {
            clear(&mut p.x);
            clear(&mut p.y);
            clear(&mut p.z);
        }

        /// Σ k·p for public inputs.
        pub fn msm_vartime<'a>(terms: impl Iterator<Item = (&'a Affine, &'a Fr)>) -> Point {
            let (points, scalars): (Vec<Affine>, Vec<[u8; 32]>) =
                terms.filter(|(_, k)| **k != fr::ZERO).map(|(p, k)| (*p, fr::to_scalar(k).b)).unzip();
            let mut out = identity();
            match (points.as_slice(), scalars.as_slice()) {
                ([], _) | (_, []) => {}
                ([point], [scalar]) => {
                    // SAFETY: plain call; 255 bits are read from the 32 bytes of the scalar.
                    unsafe { $mult(&mut out, &from_affine(point), scalar.as_ptr(), 255) };
                }
                (points, scalars) => out = buckets(points, scalars),
            }
            out
        }

        /// Σ k·p over two points or more, as many as scalars, by Pippenger's method: additions and doublings only.
        fn buckets(points: &[Affine], scalars: &[[u8; 32]]) -> Point {
            let mut out = identity();
            let bits = scalars.iter().map(bit_length).max().unwrap_or(0);
            // SAFETY: plain call, returning a number of bytes.
            let scratch_bytes = unsafe { $scratch_size(points.len()) };
            let mut scratch = vec![0_u64; scratch_bytes.div_ceil(8)];
            let point_pointers = [points.as_ptr(), null()];
            let scalar_pointers: Vec<*const u8> = scalars.iter().map(|scalar| scalar.as_ptr()).collect();
            // SAFETY: a null second pointer means contiguous points, of which `points.len()` are read; there are as many
            // pointers to scalars, none of them null, each to 32 bytes, of which (bits + 7)/8 ≤ 32 are read. The
            // scratch space has the size that the library asked for.
            unsafe {
                $pippenger(
                    &mut out,
                    point_pointers.as_ptr(),
                    points.len(),
                    scalar_pointers.as_ptr(),
                    bits,
                    scratch.as_mut_ptr(),
                );
            }
            out
        }
    };
}

/// The base field, as far as points need it.
mod fp {
    use blst::{
        blst_bendian_from_fp, blst_fp, blst_fp_add, blst_fp_cneg, blst_fp_from_bendian, blst_fp_inverse, blst_fp_mul,
        blst_fp_sqr, blst_fp_sub,
    };
    use subtle::{Choice, ConditionallySelectable};
    use zeroize::Zeroize;

    /// An element, in Montgomery form, always fully reduced.
    pub(super) type Fp = blst_fp;

    /// 0.
    pub(super) const ZERO: Fp = Fp { l: [0; 6] };

    /// 1, which in Montgomery form is 2^384 mod p.
    pub(super) const ONE: Fp = Fp {
        l: [
            0x7609_0000_0002_fffd,
            0xebf4_000b_c40c_0002,
            0x5f48_9857_53c7_58ba,
            0x77ce_5853_7052_5745,
            0x5c07_1a97_a256_ec6d,
            0x15f6_5ec3_fa80_e493,
        ],
    };

    /// p, big-endian.
    const P: [u8; 48] = [
        0x1a, 0x01, 0x11, 0xea, 0x39, 0x7f, 0xe6, 0x9a, 0x4b, 0x1b, 0xa7, 0xb6, 0x43, 0x4b, 0xac, 0xd7, 0x64, 0x77,
        0x4b, 0x84, 0xf3, 0x85, 0x12, 0xbf, 0x67, 0x30, 0xd2, 0xa0, 0xf6, 0xb0, 0xf6, 0x24, 0x1e, 0xab, 0xff, 0xfe,
        0xb1, 0x53, 0xff, 0xff, 0xb9, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xaa, 0xab,
    ];

    /// 2·a.
    pub(super) fn twice(a: &Fp) -> Fp {
        let mut out = Fp::default();
        // SAFETY: plain call.
        unsafe { blst_fp_add(&mut out, a, a) };
        out
    }

    /// a + b, into its place.
    pub(super) fn add_to(out: &mut Fp, a: &Fp, b: &Fp) {
        // SAFETY: plain call.
        unsafe { blst_fp_add(out, a, b) };
    }

    /// a − b, into its place.
    pub(super) fn sub_to(out: &mut Fp, a: &Fp, b: &Fp) {
        // SAFETY: plain call.
        unsafe { blst_fp_sub(out, a, b) };
    }

    /// a − b.
    pub(super) fn sub(a: &Fp, b: &Fp) -> Fp {
        let mut out = Fp::default();
        // SAFETY: plain call.
        unsafe { blst_fp_sub(&mut out, a, b) };
        out
    }

    /// a·b.
    pub(super) fn mul(a: &Fp, b: &Fp) -> Fp {
        let mut out = Fp::default();
        mul_to(&mut out, a, b);
        out
    }

    /// a·b, into its place: a copy of what was just computed costs as much as a subtraction.
    pub(super) fn mul_to(out: &mut Fp, a: &Fp, b: &Fp) {
        // SAFETY: plain call.
        unsafe { blst_fp_mul(out, a, b) };
    }

    /// Multiplies a by b.
    pub(super) fn mul_assign(a: &mut Fp, b: &Fp) {
        let a: *mut Fp = a;
        // SAFETY: plain call, in place as the library itself calls it.
        unsafe { blst_fp_mul(a, a, b) };
    }

    /// Subtracts b from a.
    pub(super) fn sub_assign(a: &mut Fp, b: &Fp) {
        let a: *mut Fp = a;
        // SAFETY: plain call, in place as the library itself calls it.
        unsafe { blst_fp_sub(a, a, b) };
    }

    /// Subtracts a from b, in the place of a.
    pub(super) fn sub_from(a: &mut Fp, b: &Fp) {
        let a: *mut Fp = a;
        // SAFETY: plain call, in place as the library itself calls it.
        unsafe { blst_fp_sub(a, b, a) };
    }

    /// a².
    pub(super) fn square(a: &Fp) -> Fp {
        let mut out = Fp::default();
        // SAFETY: plain call.
        unsafe { blst_fp_sqr(&mut out, a) };
        out
    }

    /// −a where `negative` is set, else a.
    pub(super) fn negate_if(a: &Fp, negative: bool) -> Fp {
        let mut out = Fp::default();
        // SAFETY: plain call.
        unsafe { blst_fp_cneg(&mut out, a, negative) };
        out
    }

    /// Negates a.
    pub(super) fn negate(a: &mut Fp) {
        let a: *mut Fp = a;
        // SAFETY: plain call, in place as the library itself calls it.
        unsafe { blst_fp_cneg(a, a, true) };
    }

    /// a², into its place.
    pub(super) fn square_to(out: &mut Fp, a: &Fp) {
        // SAFETY: plain call.
        unsafe { blst_fp_sqr(out, a) };
    }

    /// The x coordinate of a compressed point: bits for "compressed", "identity" and the sign of y, of which the first must be set and
    /// the second not, then 381 bits of a number below p.
    pub(super) fn from_compressed(bytes: &[u8; 48]) -> Option<Fp> {
        let mut number = *bytes;
        number[0] &= 0x1f;
        if bytes[0] >> 6 != 0b10 || number >= P {
            return None;
        }
        let mut out = ZERO;
        // SAFETY: plain call; reads exactly the length of the array.
        unsafe { blst_fp_from_bendian(&mut out, number.as_ptr()) };
        Some(out)
    }

    /// The one of a and −a that is larger as a number from 0 to p − 1 if `larger` is set, else the smaller one. In variable time.
    pub(super) fn with_sign(a: &Fp, larger: bool) -> Fp {
        let opposite = negate_if(a, true);
        let number = |a: &Fp| {
            let mut bytes = [0; 48];
            // SAFETY: plain call; writes exactly the length of the array.
            unsafe { blst_bendian_from_fp(bytes.as_mut_ptr(), a) };
            bytes
        };
        if (number(a) > number(&opposite)) == larger { *a } else { opposite }
    }

    /// 1/a, and 0 for 0. In constant time, but for a branch on whether blst's check of its own result failed, which it never does.
    pub(super) fn invert(a: &Fp) -> Fp {
        let mut out = Fp::default();
        // SAFETY: plain call.
        unsafe { blst_fp_inverse(&mut out, a) };
        out
    }

    /// 1/a of each, with one inversion for all. None may be 0.
    pub(super) fn invert_all(mut elements: Vec<Fp>) -> Vec<Fp> {
        let mut product = ONE;
        let before: Vec<Fp> = elements
            .iter()
            .map(|element| {
                let before = product;
                mul_assign(&mut product, element);
                before
            })
            .collect();
        let mut inverse = invert(&product);
        for (element, before) in elements.iter_mut().zip(before).rev() {
            let this = mul(&inverse, &before);
            mul_assign(&mut inverse, element);
            *element = this;
        }
        elements
    }

    /// Overwrites a with b where `choice` is set.
    pub(super) fn assign(a: &mut Fp, b: &Fp, choice: Choice) {
        for (limb, other) in a.l.iter_mut().zip(&b.l) {
            limb.conditional_assign(other, choice);
        }
    }

    /// Overwrites with 0.
    pub(super) fn clear(a: &mut Fp) {
        a.l.zeroize();
    }
}

mod affine_sum;
mod comb;
mod endomorphism;
mod final_exponentiation;
#[cfg_attr(not(target_arch = "x86_64"), path = "blst/lanes/none.rs")]
mod lanes;
mod straus;

/// G1.
pub mod g1 {
    use super::fp::{self, assign, clear};
    use super::lanes::{LANES, Processor};
    use blst::{blst_fp, blst_p1_add_affine, blst_p1_in_g1};

    pub use super::comb::{Comb, comb_sum, comb_sum_short, combs};
    pub use super::straus::{Terms, VartimeTable, sums_vartime, vartime_tables};

    group!(
        48,
        blst_p1,
        blst_p1_affine,
        blst_p1_affine_generator,
        blst_p1_add_or_double,
        blst_p1_add_or_double_affine,
        blst_p1_double,
        blst_p1_cneg,
        blst_p1_is_inf,
        blst_p1_is_equal,
        blst_p1_mult,
        blst_p1_to_affine,
        blst_p1_from_affine,
        blst_p1s_to_affine,
        blst_p1_compress,
        blst_p1_affine_compress,
        blst_p1_uncompress,
        blst_p1_affine_in_g1,
        blst_p1_affine_is_inf,
        blst_p1_affine_is_equal,
        blst_p1s_mult_pippenger,
        blst_p1s_mult_pippenger_scratch_sizeof
    );

    /// The second half of RFC 9380 hash_to_curve: two field elements of 64 bytes each, mapped, added, cofactor cleared.
    pub fn map_from_okm(okm: &[u8; 128]) -> Point {
        let mut u = [blst_fp::default(); 2];
        let mut out = identity();
        let [u0, u1] = &mut u;
        // SAFETY: plain calls; the two halves of 64 bytes each lie inside the array of 128.
        unsafe {
            blst::blst_fp_from_be_bytes(u0, okm.as_ptr(), 64);
            blst::blst_fp_from_be_bytes(u1, okm.as_ptr().add(64), 64);
            blst::blst_map_to_g1(&mut out, u0, u1);
        }
        out
    }

    /// [`decode`] of each, where all are points other than the identity: several at once where the processor can do that.
    pub fn decode_many(bytes: &[[u8; 48]]) -> Option<Vec<Affine>> {
        decode_many_with(bytes, Processor::detect())
    }

    fn decode_many_with(bytes: &[[u8; 48]], lanes: Option<Processor>) -> Option<Vec<Affine>> {
        let mut points = Vec::with_capacity(bytes.len());
        for bytes in bytes.chunks(LANES) {
            match (lanes, bytes) {
                (Some(processor), [first, _, ..]) => {
                    let first_x = fp::from_compressed(first)?;
                    let mut x = [first_x; LANES];
                    for (x, bytes) in x.iter_mut().zip(bytes) {
                        *x = fp::from_compressed(bytes)?;
                    }
                    let y = processor.complete_points(x.each_ref());
                    for ((x, y), bytes) in x.into_iter().zip(y).zip(bytes) {
                        points.push(Affine { x, y: fp::with_sign(&y?, bytes[0] & 0x20 != 0) });
                    }
                }
                _ => {
                    for bytes in bytes {
                        points.push(decode(bytes).flatten()?);
                    }
                }
            }
        }
        Some(points)
    }

    /// Decodes a compressed point of the curve, other than the identity; whether it is in the subgroup is not checked.
    pub fn decode_on_curve(bytes: &[u8; 48]) -> Option<Affine> {
        let mut out = Affine::default();
        // SAFETY: plain calls, the first of which reads exactly the length of the array.
        let (result, is_identity) =
            unsafe { (blst_p1_uncompress(&mut out, bytes.as_ptr()), blst_p1_affine_is_inf(&out)) };
        (result == BLST_ERROR::BLST_SUCCESS && !is_identity).then_some(out)
    }

    /// Whether p is in the subgroup of order r.
    pub fn is_in_subgroup(p: &Point) -> bool {
        // SAFETY: plain call.
        unsafe { blst_p1_in_g1(p) }
    }

    /// Σ k·p for public inputs, all of them anywhere on the curve.
    pub fn msm_on_curve_vartime<'a>(terms: impl Iterator<Item = (&'a Affine, &'a Fr)>) -> Point {
        let (mut points, mut scalars): (Vec<Affine>, Vec<[u8; 32]>) =
            terms.filter(|(_, k)| **k != fr::ZERO).map(|(p, k)| (*p, fr::to_scalar(k).b)).unzip();
        match points.as_slice() {
            [] => return identity(),
            // The multiplication of a single point knows the subgroup only; a second one makes it a sum.
            [_] => {
                points.push(generator());
                scalars.push([0; 32]);
            }
            _ => {}
        }
        buckets(&points, &scalars)
    }

    /// Doubles p.
    pub(super) fn double_assign(p: &mut Point) {
        let p: *mut Point = p;
        // SAFETY: plain call, in place as the library itself calls it.
        unsafe { blst_p1_double(p, p) };
    }

    /// Adds q to p, for all p and q alike.
    pub(super) fn add_assign_affine(p: &mut Point, q: &Affine) {
        let p: *mut Point = p;
        // SAFETY: plain call, in place as the library itself calls it.
        unsafe { blst_p1_add_or_double_affine(p, p, q) };
    }

    /// p + q for p ≠ q, either of which may be the identity. Gives a point with z = 0 for p = q, as it does for p = −q.
    pub(super) fn add_unequal_affine_to(out: &mut Point, p: &Point, q: &Affine) {
        // SAFETY: plain call.
        unsafe { blst_p1_add_affine(out, p, q) };
    }

    /// Adds q to p, as `add_unequal_affine_to`.
    pub(super) fn add_assign_unequal_affine(p: &mut Point, q: &Affine) {
        let p: *mut Point = p;
        // SAFETY: plain call, in place as the library itself calls it.
        unsafe { blst_p1_add_affine(p, p, q) };
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::hash::Expander;

        /// k·p anywhere on the curve, the most significant limb of k first.
        fn times(p: &Point, k: &[u128]) -> Point {
            let bits = k.iter().flat_map(|limb| (0..128).rev().map(move |i| limb >> i & 1));
            bits.fold(identity(), |sum, bit| {
                let sum = double(&sum);
                if bit == 1 { add(&sum, p) } else { sum }
            })
        }

        /// Encodings of all kinds: of points of the subgroup, of other points of the curve, of small order, and of none.
        fn encodings() -> Vec<[u8; 48]> {
            let mut encodings = vec![[0; 48], [0xff; 48], encode(&identity())];
            for i in 0..40_u32 {
                let mut wide = [0; 128];
                Expander::XofShake256.expand(&i.to_be_bytes(), b"decode test", &mut wide);
                let encoding = encode(&map_from_okm(&wide));
                let mut opposite = encoding;
                opposite[0] ^= 0x20;
                encodings.extend([encoding, opposite]);
                for flag in [0x80, 0x40, 0xc0, 0x01] {
                    let mut other = encoding;
                    other[0] ^= flag;
                    encodings.push(other);
                }
                // Small x: half of them on the curve, 0 of order 3; and p + x, which is not reduced.
                let mut small = [0; 48];
                (small[0], small[47]) = (0x80, i as u8);
                encodings.push(small);
                let mut not_reduced = encode_affine(&generator());
                not_reduced[1..].fill(0xff);
                not_reduced[47] = i as u8;
                encodings.push(not_reduced);
            }
            // Points of small order: the check of these comes to equal points and to the identity.
            let cofactor = 0x396c_8c00_5555_e156_8c00_aaab_0000_aaab_u128;
            let r = [0x73ed_a753_299d_7d48_3339_d808_09a1_d805, 0x53bd_a402_fffe_5bfe_ffff_ffff_0000_0001];
            let mut small_orders = 0;
            for x in 1..40 {
                let mut encoding = [0; 48];
                (encoding[0], encoding[47]) = (0x80, x);
                for d in [1, 3, 11, 3 * 121] {
                    let point = decode_on_curve(&encoding).map(|point| from_affine(&point));
                    let multiple = point.map(|point| times(&times(&point, &r), &[cofactor / d]));
                    if let Some(multiple) = multiple.filter(|multiple| !bool::from(is_identity(multiple))) {
                        assert!(bool::from(is_identity(&times(&multiple, &[d]))));
                        encodings.push(encode(&multiple));
                        small_orders += 1;
                    }
                }
            }
            assert!(small_orders > 20);
            encodings
        }

        #[test]
        fn decodes_several_as_one_by_one() {
            let encodings = encodings();
            let mut valid = Vec::new();
            for encoding in &encodings {
                let expected = decode(encoding).flatten();
                valid.extend(expected.map(|_| *encoding));
                for lanes in [Processor::detect(), None] {
                    let good = encode_affine(&generator());
                    for all in [vec![*encoding, good], vec![good, good, *encoding]] {
                        let points = decode_many_with(&all, lanes);
                        assert_eq!(points.is_some(), expected.is_some());
                        if let (Some(points), Some(expected)) = (points, expected) {
                            assert!(points.iter().any(|point| bool::from(ct_eq_affine(point, &expected))));
                        }
                    }
                }
            }
            assert!(valid.len() >= 80);
            for lanes in [Processor::detect(), None] {
                for count in [0, 1, 2, 7, 8, 9, 17, 80] {
                    let points = decode_many_with(&valid[..count], lanes).unwrap();
                    assert!(points.iter().map(encode_affine).eq(valid[..count].iter().copied()));
                }
            }
        }
    }
}

/// G2.
pub mod g2 {
    use super::fp;
    use blst::blst_fp2;

    fn assign(a: &mut blst_fp2, b: &blst_fp2, choice: Choice) {
        for (coordinate, other) in a.fp.iter_mut().zip(&b.fp) {
            fp::assign(coordinate, other, choice);
        }
    }

    fn clear(a: &mut blst_fp2) {
        a.fp.iter_mut().for_each(fp::clear);
    }

    group!(
        96,
        blst_p2,
        blst_p2_affine,
        blst_p2_affine_generator,
        blst_p2_add_or_double,
        blst_p2_add_or_double_affine,
        blst_p2_double,
        blst_p2_cneg,
        blst_p2_is_inf,
        blst_p2_is_equal,
        blst_p2_mult,
        blst_p2_to_affine,
        blst_p2_from_affine,
        blst_p2s_to_affine,
        blst_p2_compress,
        blst_p2_affine_compress,
        blst_p2_uncompress,
        blst_p2_affine_in_g2,
        blst_p2_affine_is_inf,
        blst_p2_affine_is_equal,
        blst_p2s_mult_pippenger,
        blst_p2s_mult_pippenger_scratch_sizeof
    );
}

/// The quadratic extension Fp(i), as far as pairings need it.
mod fp2 {
    use super::fp::{self, Fp};
    use blst::{blst_fp2, blst_fp2_add, blst_fp2_inverse, blst_fp2_mul, blst_fp2_sqr, blst_fp2_sub};

    /// An element, always fully reduced.
    pub(super) type Fp2 = blst_fp2;

    /// 0.
    pub(super) const ZERO: Fp2 = Fp2 { fp: [fp::ZERO, fp::ZERO] };
    /// 1.
    pub(super) const ONE: Fp2 = Fp2 { fp: [fp::ONE, fp::ZERO] };
    /// ξ = 1 + i.
    pub(super) const XI: Fp2 = Fp2 { fp: [fp::ONE, fp::ONE] };

    /// x + y.
    pub(super) fn add(x: &Fp2, y: &Fp2) -> Fp2 {
        let mut out = Fp2::default();
        // SAFETY: plain call.
        unsafe { blst_fp2_add(&mut out, x, y) };
        out
    }

    /// x − y.
    pub(super) fn sub(x: &Fp2, y: &Fp2) -> Fp2 {
        let mut out = Fp2::default();
        // SAFETY: plain call.
        unsafe { blst_fp2_sub(&mut out, x, y) };
        out
    }

    /// x·y.
    pub(super) fn mul(x: &Fp2, y: &Fp2) -> Fp2 {
        let mut out = Fp2::default();
        // SAFETY: plain call.
        unsafe { blst_fp2_mul(&mut out, x, y) };
        out
    }

    /// x·y, into its place.
    pub(super) fn mul_to(out: &mut Fp2, x: &Fp2, y: &Fp2) {
        // SAFETY: plain call.
        unsafe { blst_fp2_mul(out, x, y) };
    }

    /// k·x, into its place.
    pub(super) fn scale_to(out: &mut Fp2, x: &Fp2, k: &Fp) {
        for (out, coordinate) in out.fp.iter_mut().zip(&x.fp) {
            fp::mul_to(out, coordinate, k);
        }
    }

    /// x².
    pub(super) fn square(x: &Fp2) -> Fp2 {
        let mut out = Fp2::default();
        // SAFETY: plain call.
        unsafe { blst_fp2_sqr(&mut out, x) };
        out
    }

    /// ξ·x.
    pub(super) fn mul_by_xi(x: &Fp2) -> Fp2 {
        let mut out = Fp2::default();
        mul_by_xi_to(&mut out, x);
        out
    }

    /// x + y, into its place.
    pub(super) fn add_to(out: &mut Fp2, x: &Fp2, y: &Fp2) {
        // SAFETY: plain call.
        unsafe { blst_fp2_add(out, x, y) };
    }

    /// x², into its place.
    pub(super) fn square_to(out: &mut Fp2, x: &Fp2) {
        // SAFETY: plain call.
        unsafe { blst_fp2_sqr(out, x) };
    }

    /// ξ·x, into its place.
    pub(super) fn mul_by_xi_to(out: &mut Fp2, x: &Fp2) {
        let ([out_re, out_im], [re, im]) = (&mut out.fp, &x.fp);
        fp::sub_to(out_re, re, im);
        fp::add_to(out_im, re, im);
    }

    /// Squares x.
    pub(super) fn square_assign(x: &mut Fp2) {
        let x: *mut Fp2 = x;
        // SAFETY: plain call, in place as the library itself calls it.
        unsafe { blst_fp2_sqr(x, x) };
    }

    /// Doubles x.
    pub(super) fn double_assign(x: &mut Fp2) {
        let x: *mut Fp2 = x;
        // SAFETY: plain call, in place as the library itself calls it.
        unsafe { blst_fp2_add(x, x, x) };
    }

    /// Adds y to x.
    pub(super) fn add_assign(x: &mut Fp2, y: &Fp2) {
        let x: *mut Fp2 = x;
        // SAFETY: plain call, in place as the library itself calls it.
        unsafe { blst_fp2_add(x, x, y) };
    }

    /// Subtracts y from x.
    pub(super) fn sub_assign(x: &mut Fp2, y: &Fp2) {
        let x: *mut Fp2 = x;
        // SAFETY: plain call, in place as the library itself calls it.
        unsafe { blst_fp2_sub(x, x, y) };
    }

    /// Subtracts x from y, in the place of x.
    pub(super) fn sub_from(x: &mut Fp2, y: &Fp2) {
        let x: *mut Fp2 = x;
        // SAFETY: plain call, in place as the library itself calls it.
        unsafe { blst_fp2_sub(x, y, x) };
    }

    /// k·x.
    pub(super) fn scale(x: &Fp2, k: &Fp) -> Fp2 {
        Fp2 { fp: [fp::mul(&x.fp[0], k), fp::mul(&x.fp[1], k)] }
    }

    /// 1/x, and 0 for 0.
    pub(super) fn invert(x: &Fp2) -> Fp2 {
        let mut out = Fp2::default();
        // SAFETY: plain call.
        unsafe { blst_fp2_inverse(&mut out, x) };
        out
    }

    /// 1/x of each, with one inversion for all. None may be 0.
    pub(super) fn invert_all(elements: &[Fp2]) -> Vec<Fp2> {
        // 1/(a + b·i) = (a − b·i)/(a² + b²)
        let norm = |x: &Fp2| fp::sub(&fp::square(&x.fp[0]), &fp::negate_if(&fp::square(&x.fp[1]), true));
        let inverses = fp::invert_all(elements.iter().map(norm).collect());
        let conjugate_times = |(x, inverse): (&Fp2, Fp)| Fp2 {
            fp: [fp::mul(&x.fp[0], &inverse), fp::negate_if(&fp::mul(&x.fp[1], &inverse), true)],
        };
        elements.iter().zip(inverses).map(conjugate_times).collect()
    }

    /// Whether x = 0.
    pub(super) fn is_zero(x: &Fp2) -> bool {
        x.fp.iter().all(|coordinate| coordinate.l == [0; 6])
    }
}

/// The field of pairing values: c₀ + c₁·w with c₀ and c₁ in Fp(i)(v), where w² = v and v³ = ξ.
mod fp12 {
    use super::fp2;
    use blst::{
        blst_final_exp, blst_fp12, blst_fp12_conjugate, blst_fp12_cyclotomic_sqr, blst_fp12_frobenius_map,
        blst_fp12_inverse, blst_fp12_is_one, blst_fp12_mul, blst_fp12_mul_by_xy00z0, blst_fp12_sqr,
    };

    pub(super) use blst::blst_fp6 as Fp6;
    /// An element, always fully reduced.
    pub(super) type Fp12 = blst_fp12;

    /// 1.
    pub(super) const ONE: Fp12 =
        Fp12 { fp6: [Fp6 { fp2: [fp2::ONE, fp2::ZERO, fp2::ZERO] }, Fp6 { fp2: [fp2::ZERO; 3] }] };

    /// a·b.
    pub(super) fn mul(a: &Fp12, b: &Fp12) -> Fp12 {
        let mut out = Fp12::default();
        // SAFETY: plain call.
        unsafe { blst_fp12_mul(&mut out, a, b) };
        out
    }

    /// Multiplies a by b.
    pub(super) fn mul_assign(a: &mut Fp12, b: &Fp12) {
        let a: *mut Fp12 = a;
        // SAFETY: plain call, in place as the library itself calls it.
        unsafe { blst_fp12_mul(a, a, b) };
    }

    /// Multiplies by s + t·v + u·v·w, given as s, t, u.
    pub(super) fn mul_assign_by_line(a: &mut Fp12, line: &Fp6) {
        let a: *mut Fp12 = a;
        // SAFETY: plain call, in place as the library itself calls it; a sparse factor is passed as its three coefficients that
        // are not 0.
        unsafe { blst_fp12_mul_by_xy00z0(a, a, line) };
    }

    /// Squares a.
    pub(super) fn square_assign(a: &mut Fp12) {
        let a: *mut Fp12 = a;
        // SAFETY: plain call, in place as the library itself calls it.
        unsafe { blst_fp12_sqr(a, a) };
    }

    /// a² for a of order dividing p⁴ − p² + 1.
    pub(super) fn cyclotomic_square(a: &Fp12) -> Fp12 {
        let mut out = Fp12::default();
        // SAFETY: plain call.
        unsafe { blst_fp12_cyclotomic_sqr(&mut out, a) };
        out
    }

    /// a^(p⁶), which is 1/a where the order of a divides p⁶ + 1.
    pub(super) fn conjugate(a: &Fp12) -> Fp12 {
        let mut out = *a;
        // SAFETY: plain call, in place by design.
        unsafe { blst_fp12_conjugate(&mut out) };
        out
    }

    /// a^(pⁿ) for n from 1 to 3.
    pub(super) fn frobenius(a: &Fp12, n: usize) -> Fp12 {
        let mut out = Fp12::default();
        // SAFETY: plain call; the library reads a table of three rows at n − 1.
        unsafe { blst_fp12_frobenius_map(&mut out, a, n.clamp(1, 3)) };
        out
    }

    /// 1/a, and 0 for 0.
    pub(super) fn invert(a: &Fp12) -> Fp12 {
        let mut out = Fp12::default();
        // SAFETY: plain call.
        unsafe { blst_fp12_inverse(&mut out, a) };
        out
    }

    /// Whether a = 1.
    pub(super) fn is_one(a: &Fp12) -> bool {
        // SAFETY: plain call.
        unsafe { blst_fp12_is_one(a) }
    }

    /// a^(3·(p¹² − 1)/r), by the library's own chain.
    pub(super) fn final_exponentiation(a: &Fp12) -> Fp12 {
        let mut out = Fp12::default();
        // SAFETY: plain call.
        unsafe { blst_final_exp(&mut out, a) };
        out
    }
}

/// Pairing products.
pub mod pairing {
    use super::fp::{self, Fp};
    use super::fp2::{self, Fp2, ONE, XI};
    use super::fp12::{self, Fp6, Fp12};
    use super::lanes::Processor;
    use super::{final_exponentiation, g1, g2};
    use blst::blst_precompute_lines;

    /// The parameter of the curve, without its sign: the Miller loop doubles for each of its bits and adds for each that is set.
    pub(super) const Z: u64 = 0xd201_0000_0001_0000;
    /// How many line functions that makes: the leading bit needs none.
    pub(super) const LINES: usize = 63 + Z.count_ones() as usize - 1;

    /// The precomputed lines of a G2 point: s, t for s/(2y) − t·(x/y)·v + v·w at a point (x, y). Factors of subfields are left out; the
    /// final exponentiation removes them.
    #[derive(Clone)]
    pub struct Prepared(Box<[[Fp2; 2]; LINES]>);

    /// Precomputes the lines of q.
    pub fn prepare(q: &g2::Affine) -> Prepared {
        let mut raw = [Fp6::default(); LINES];
        // SAFETY: plain call; writes exactly 68 elements.
        unsafe { blst_precompute_lines(raw.as_mut_ptr(), q) };
        // The last coefficient is 0 for vertical lines only; there is none among the multiples of q below z, because the order of q is r.
        let last: Vec<Fp2> = raw.iter().map(|line| line.fp2[2]).collect();
        let mut lines = Box::new([[Fp2::default(); 2]; LINES]);
        for ((line, raw), inverse) in lines.iter_mut().zip(&raw).zip(fp2::invert_all(&last)) {
            *line = [fp2::mul(&raw.fp2[0], &inverse), fp2::mul(&raw.fp2[1], &inverse)];
        }
        Prepared(lines)
    }

    /// A point (x, y) with the lines that are evaluated there.
    pub(super) struct Evaluation<'a> {
        /// 1/(2y).
        pub(super) s: Fp,
        /// −x/y.
        pub(super) t: Fp,
        pub(super) lines: &'a [[Fp2; 2]; LINES],
    }

    /// Whether Π e(p, q) = 1 over pairs without the identity. One chain of squarings serves all pairs, lines are multiplied two at a
    /// time, and there is one final exponentiation.
    pub fn product_is_one<'a>(terms: impl Iterator<Item = (g1::Point, &'a Prepared)>) -> bool {
        let (points, prepared): (Vec<g1::Point>, Vec<&Prepared>) = terms.unzip();
        // In Jacobian coordinates x = X/Z² and y = Y/Z³. No point of order r has Y = 0; one that had would make everything 1.
        if points.iter().any(|p| p.y.l == [0; 6]) {
            return false;
        }
        let inverses = fp::invert_all(points.iter().map(|p| fp::twice(&p.y)).collect());
        let evaluation = |((p, inverse), q): ((&g1::Point, Fp), &&'a Prepared)| {
            let z_over_2y = fp::mul(&p.z, &inverse);
            let t = fp::mul(&fp::twice(&p.x), &z_over_2y);
            Evaluation { s: fp::mul(&fp::square(&p.z), &z_over_2y), t: fp::negate_if(&t, true), lines: &q.0 }
        };
        let terms: Vec<Evaluation<'_>> = points.iter().zip(inverses).zip(&prepared).map(evaluation).collect();
        let product = miller_loop(&terms, Processor::detect());
        // The parameter is negative.
        final_exponentiation::gives_one(&fp12::conjugate(&product))
    }

    /// The product of all lines, each coefficient of them in a lane of its own where the processor can do that.
    fn miller_loop(terms: &[Evaluation<'_>], lanes: Option<Processor>) -> Fp12 {
        if let Some(processor) = lanes {
            return processor.miller_loop(terms);
        }
        let mut product = fp12::ONE;
        let (mut one, mut other) = ([fp2::ZERO; 2], [fp2::ZERO; 2]);
        let mut lines = fp12::ONE;
        let mut line = 0;
        for bit in (0..63).rev() {
            if line > 0 {
                fp12::square_assign(&mut product);
            }
            for _ in 0..1 + (Z >> bit & 1) {
                for terms in terms.chunks(2) {
                    if let [first, second] = terms {
                        first.evaluate_to(&mut one, line);
                        second.evaluate_to(&mut other, line);
                        multiply_to(&mut lines, &mut one, &mut other);
                        fp12::mul_assign(&mut product, &lines);
                    } else {
                        terms.iter().for_each(|term| multiply_by_line(&mut product, &term.at(line)));
                    }
                }
                line += 1;
            }
        }
        product
    }

    impl Evaluation<'_> {
        /// The coefficients of a line here.
        fn at(&self, line: usize) -> [Fp2; 2] {
            let [s, t] = &self.lines[line];
            [fp2::scale(s, &self.s), fp2::scale(t, &self.t)]
        }

        /// The same, into their place.
        fn evaluate_to(&self, [s_here, t_here]: &mut [Fp2; 2], line: usize) {
            let [s, t] = &self.lines[line];
            fp2::scale_to(s_here, s, &self.s);
            fp2::scale_to(t_here, t, &self.t);
        }
    }

    /// Multiplies by s + t·v + v·w.
    fn multiply_by_line(product: &mut Fp12, [s, t]: &[Fp2; 2]) {
        fp12::mul_assign_by_line(product, &Fp6 { fp2: [*s, *t, ONE] });
    }

    /// (s + t·v + v·w)·(s' + t'·v + v·w), where (v·w)² = v³. Uses up the coefficients; the one of w in the product stays 0.
    fn multiply_to(product: &mut Fp12, [s, t]: &mut [Fp2; 2], [other_s, other_t]: &mut [Fp2; 2]) {
        let [Fp6 { fp2: [ss, cross, tt] }, Fp6 { fp2: [_, sum_s, sum_t] }] = &mut product.fp6;
        fp2::mul_to(ss, s, other_s);
        fp2::mul_to(tt, t, other_t);
        fp2::add_to(sum_s, s, other_s);
        fp2::add_to(sum_t, t, other_t);
        fp2::add_assign(s, t);
        fp2::add_assign(other_s, other_t);
        fp2::mul_to(cross, s, other_s);
        fp2::sub_assign(cross, ss);
        fp2::sub_assign(cross, tt);
        fp2::add_assign(ss, &XI);
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::backend::blst::fr;

        #[test]
        fn lines_multiply_alike_with_and_without_lanes() {
            let multiples = |k: u64| {
                let k = fr::mul(&fr::from_u64(k), &fr::invert(&fr::from_u64(k + 7)));
                let (p, q) = (g1::from_affine(&g1::generator()), g2::from_affine(&g2::generator()));
                (g1::to_affine(&g1::mul(&p, &k)).unwrap(), prepare(&g2::to_affine(&g2::mul(&q, &k)).unwrap()))
            };
            let terms: Vec<_> = (1..6).map(multiples).collect();
            for count in 0..=terms.len() {
                let evaluation = |(p, q): &'_ (g1::Affine, Prepared)| (fp::sub(&p.x, &p.y), p.y, q.0.clone());
                let values: Vec<_> = terms[..count].iter().map(evaluation).collect();
                let evaluations: Vec<Evaluation<'_>> =
                    values.iter().map(|(s, t, lines)| Evaluation { s: *s, t: *t, lines }).collect();
                let [one, other] = [Processor::detect(), None].map(|lanes| miller_loop(&evaluations, lanes));
                let coordinates = |f: &Fp12| f.fp6.map(|half| half.fp2.map(|x| x.fp.map(|x| x.l)));
                assert_eq!(coordinates(&one), coordinates(&other), "{count} terms");
            }
        }
    }
}

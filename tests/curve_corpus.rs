//! Encodings of points and scalars, each with the verdict that every decoder must give.
//!
//! Made with arkworks, the independent third implementation.

use ark_bls12_381::{Fq, Fq2, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, BigInteger, Field, One, PrimeField, Zero};
use ark_serialize::CanonicalSerialize;

/// What a decoder must say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A point of the subgroup other than the identity; or a reduced scalar.
    Valid,
    /// The identity, properly encoded.
    Identity,
    /// Not an encoding.
    Invalid,
}

/// One encoding with its verdict.
pub(crate) struct Case<const N: usize> {
    pub(crate) name: String,
    pub(crate) bytes: [u8; N],
    pub(crate) verdict: Verdict,
}

const COMPRESSED: u8 = 0x80;
const INFINITY: u8 = 0x40;
const SORT: u8 = 0x20;

/// The compressed encoding, by arkworks.
pub(crate) fn compress<const N: usize>(point: &impl CanonicalSerialize) -> [u8; N] {
    let mut bytes = Vec::new();
    point.serialize_compressed(&mut bytes).unwrap();
    bytes.try_into().unwrap()
}

/// 32 bytes, big-endian, by arkworks.
pub(crate) fn scalar_bytes(scalar: &Fr) -> [u8; 32] {
    scalar.into_bigint().to_bytes_be().try_into().unwrap()
}

/// The big-endian sum of two numbers of equal length, none if it is longer.
fn sum<const N: usize>(a: [u8; N], b: [u8; N]) -> Option<[u8; N]> {
    let mut out = a;
    let mut carry = 0;
    for (byte, other) in out.iter_mut().zip(b).rev() {
        let total = u16::from(*byte) + u16::from(other) + carry;
        *byte = total as u8;
        carry = total >> 8;
    }
    (carry == 0).then_some(out)
}

fn field_modulus() -> [u8; 48] {
    Fq::MODULUS.to_bytes_be().try_into().unwrap()
}

fn group_order() -> [u8; 32] {
    Fr::MODULUS.to_bytes_be().try_into().unwrap()
}

/// Scalars: 32 bytes, big-endian.
pub(crate) fn scalars() -> Vec<Case<32>> {
    let mut cases = Vec::new();
    let mut case = |name: &str, bytes, verdict| cases.push(Case { name: name.to_owned(), bytes, verdict });
    let small = |value: u64| scalar_bytes(&Fr::from(value));
    case("0", small(0), Verdict::Valid);
    case("1", small(1), Verdict::Valid);
    case("r - 1", scalar_bytes(&-Fr::one()), Verdict::Valid);
    case("2^254", scalar_bytes(&Fr::from(2).pow([254])), Verdict::Valid);
    case("r", group_order(), Verdict::Invalid);
    for addend in [1, 2, 7, 1 << 40, u64::MAX] {
        case(&format!("{addend}"), small(addend), Verdict::Valid);
        case(&format!("r + {addend}"), sum(group_order(), small(addend)).unwrap(), Verdict::Invalid);
    }
    case("2r - 1", sum(group_order(), scalar_bytes(&-Fr::one())).unwrap(), Verdict::Invalid);
    case("2r", sum(group_order(), group_order()).unwrap(), Verdict::Invalid);
    case(
        "2^255",
        {
            let mut bytes = [0; 32];
            bytes[0] = 0x80;
            bytes
        },
        Verdict::Invalid,
    );
    case("2^256 - 1", [0xff; 32], Verdict::Invalid);
    case(
        "1 in little-endian",
        {
            let mut bytes = [0; 32];
            bytes[0] = 1;
            bytes
        },
        Verdict::Valid,
    );
    cases
}

/// What all compressed encodings of points have in common. The x coordinate that arkworks refuses as off the curve, and points
/// outside the subgroup, come with each group.
fn flags<const N: usize>(valid: [u8; N], case: &mut impl FnMut(&str, [u8; N], Verdict)) {
    let first = |change: &dyn Fn(u8) -> u8| {
        let mut bytes = valid;
        bytes[0] = change(bytes[0]);
        bytes
    };
    case("generator", valid, Verdict::Valid);
    case("generator negated", first(&|b| b ^ SORT), Verdict::Valid);
    case("no flags", first(&|b| b & 0x1f), Verdict::Invalid);
    case("not compressed", first(&|b| b & !COMPRESSED), Verdict::Invalid);
    case("not compressed, sorted", first(&|b| b & !COMPRESSED | SORT), Verdict::Invalid);
    case("infinity flag on a point", first(&|b| b | INFINITY), Verdict::Invalid);
    case("infinity flag on an uncompressed point", first(&|b| b & !COMPRESSED | INFINITY), Verdict::Invalid);
    case("all flags on a point", first(&|b| b | COMPRESSED | INFINITY | SORT), Verdict::Invalid);

    let lone = |byte: u8| {
        let mut bytes = [0; N];
        bytes[0] = byte;
        bytes
    };
    case("identity", lone(COMPRESSED | INFINITY), Verdict::Identity);
    case("identity, sorted", lone(COMPRESSED | INFINITY | SORT), Verdict::Invalid);
    case("identity, not compressed", lone(INFINITY), Verdict::Invalid);
    case("identity, not compressed, sorted", lone(INFINITY | SORT), Verdict::Invalid);
    case("all zeros", lone(0), Verdict::Invalid);
    case("sort flag alone", lone(SORT), Verdict::Invalid);
    case("all ones", [0xff; N], Verdict::Invalid);
    for bit in [1, 0x10] {
        case("identity with a bit after the flags", lone(COMPRESSED | INFINITY | bit), Verdict::Invalid);
    }
    for i in [1, N / 2 - 1, N / 2, N - 1] {
        let mut bytes = lone(COMPRESSED | INFINITY);
        bytes[i] = 1;
        case(&format!("identity with byte {i} set"), bytes, Verdict::Invalid);
    }
}

/// G1: 48 bytes.
pub(crate) fn g1() -> Vec<Case<48>> {
    let mut cases = Vec::new();
    let mut case = |name: &str, bytes, verdict| cases.push(Case { name: name.to_owned(), bytes, verdict });
    flags(compress(&G1Affine::generator()), &mut case);

    let mut non_reduced = 0;
    for i in 2..40_u64 {
        let bytes: [u8; 48] = compress(&(G1Affine::generator() * Fr::from(i)).into_affine());
        case("multiple of the generator", bytes, Verdict::Valid);
        // x + p where that still fits below the flags, which needs x < 2^381 - p.
        let mut x = bytes;
        x[0] &= 0x1f;
        if let Some(mut wrapped) = sum(x, field_modulus()).filter(|sum| sum[0] < 0x20) {
            wrapped[0] |= bytes[0] & 0xe0;
            case("x + p", wrapped, Verdict::Invalid);
            non_reduced += 1;
        }
    }
    assert!(non_reduced > 2, "the corpus has points whose x + p fits");
    for sort in [0, SORT] {
        let mut bytes = field_modulus();
        bytes[0] |= COMPRESSED | sort;
        case("x = p", bytes, Verdict::Invalid);
        let mut bytes = [0xff; 48];
        bytes[0] = 0x1f | COMPRESSED | sort;
        case("x = 2^381 - 1", bytes, Verdict::Invalid);
    }

    let (mut off_curve, mut off_subgroup) = (0, 0);
    for x in (0..32_u64).map(Fq::from) {
        let mut bytes: [u8; 48] = x.into_bigint().to_bytes_be().try_into().unwrap();
        bytes[0] |= COMPRESSED;
        match G1Affine::get_point_from_x_unchecked(x, true) {
            None => {
                case("off the curve", bytes, Verdict::Invalid);
                off_curve += 1;
            }
            Some(point) => {
                assert!(!point.is_in_correct_subgroup_assuming_on_curve());
                case("outside the subgroup", compress(&point), Verdict::Invalid);
                case("outside the subgroup", compress(&-point), Verdict::Invalid);
                // A point of the cofactor's group added to one of the subgroup.
                let shifted: G1Projective = point.mul_bigint(Fr::MODULUS) + G1Affine::generator();
                case("generator plus torsion", compress(&shifted.into_affine()), Verdict::Invalid);
                case("torsion", compress(&point.mul_bigint(Fr::MODULUS).into_affine()), Verdict::Invalid);
                case(
                    "cofactor cleared",
                    compress(&point.clear_cofactor()),
                    if x.is_zero() { Verdict::Identity } else { Verdict::Valid },
                );
                off_subgroup += 1;
            }
        }
    }
    assert!(off_curve > 4 && off_subgroup > 4, "the corpus has both kinds");
    cases
}

/// G2: 96 bytes, the second coordinate of x first.
pub(crate) fn g2() -> Vec<Case<96>> {
    let mut cases = Vec::new();
    let mut case = |name: &str, bytes, verdict| cases.push(Case { name: name.to_owned(), bytes, verdict });
    flags(compress(&G2Affine::generator()), &mut case);

    let mut non_reduced = [0, 0];
    for i in 2..24_u64 {
        let bytes: [u8; 96] = compress(&(G2Affine::generator() * Fr::from(i)).into_affine());
        case("multiple of the generator", bytes, Verdict::Valid);
        let mut x = bytes;
        x[0] &= 0x1f;
        for (half, start) in [0, 48].into_iter().enumerate() {
            let coordinate: [u8; 48] = x[start..start + 48].try_into().unwrap();
            // Below the flags in the first half; the second half has no flags but 384 bits.
            let limit = if start == 0 { 0x20 } else { 0xff };
            if let Some(wrapped) = sum(coordinate, field_modulus()).filter(|sum| sum[0] < limit) {
                let mut changed = x;
                changed[start..start + 48].copy_from_slice(&wrapped);
                changed[0] |= bytes[0] & 0xe0;
                case("a coordinate of x plus p", changed, Verdict::Invalid);
                non_reduced[half] += 1;
            }
        }
        let mut flagged = bytes;
        flagged[48] |= 0x80;
        case("a flag in the second half", flagged, Verdict::Invalid);
    }
    assert!(non_reduced[0] > 2 && non_reduced[1] > 2, "the corpus has points of which x + p fits");

    let (mut off_curve, mut off_subgroup) = (0, 0);
    for i in 0..24_u64 {
        let x = Fq2::new(Fq::from(i), if i % 2 == 0 { Fq::ZERO } else { Fq::from(i) });
        let mut bytes = [0; 96];
        bytes[..48].copy_from_slice(&x.c1.into_bigint().to_bytes_be());
        bytes[48..].copy_from_slice(&x.c0.into_bigint().to_bytes_be());
        bytes[0] |= COMPRESSED;
        match G2Affine::get_point_from_x_unchecked(x, true) {
            None => {
                case("off the curve", bytes, Verdict::Invalid);
                off_curve += 1;
            }
            Some(point) => {
                assert!(!point.is_in_correct_subgroup_assuming_on_curve());
                case("outside the subgroup", compress(&point), Verdict::Invalid);
                case("outside the subgroup", compress(&-point), Verdict::Invalid);
                let shifted: G2Projective = point.mul_bigint(Fr::MODULUS) + G2Affine::generator();
                case("generator plus torsion", compress(&shifted.into_affine()), Verdict::Invalid);
                case("cofactor cleared", compress(&point.clear_cofactor()), Verdict::Valid);
                off_subgroup += 1;
            }
        }
    }
    assert!(off_curve > 4 && off_subgroup > 4, "the corpus has both kinds");
    cases
}

/// Every encoding that differs from `bytes` in one bit.
pub(crate) fn bit_flips<const N: usize>(bytes: [u8; N]) -> impl Iterator<Item = [u8; N]> {
    (0..8 * N).map(move |i| {
        let mut flipped = bytes;
        flipped[i / 8] ^= 1 << (i % 8);
        flipped
    })
}

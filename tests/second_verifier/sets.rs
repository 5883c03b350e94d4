//! `spec/encodings.md`, Sets and Lists; `spec/statements.md`, Member and Gap.

use super::cbor::Item;
use super::curve::{decode_g2, digest, hash_to_curve, integer};
use super::parameters::Parameters;
use super::system::System;
use super::value::Kind;
use super::{Reason, digits, take_point};
use ark_bls12_381::{Fr, G1Affine, G2Affine};

/// The base and the key of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SetKey {
    base: G1Affine,
    key: G2Affine,
}

impl SetKey {
    /// An accumulator with its key: non-revocation is membership under it.
    pub(crate) fn of_accumulator(base: G1Affine, key: G2Affine) -> Self {
        Self { base, key }
    }
}

/// What a request says of a set or a list, its values apart.
pub(crate) struct Named {
    key: Vec<u8>,
    digest: Vec<u8>,
}

impl Named {
    /// A published set, `[name, authority, Y, digest]`.
    pub(crate) fn published(item: Item<'_>) -> Option<Self> {
        let [_name, _authority, key, digest]: [Item<'_>; 4] = item.array()?.try_into().ok()?;
        Some(Self { key: key.bytes()?.to_vec(), digest: digest.bytes()?.to_vec() })
    }

    /// A set in the request, `[Y, values, signatures]`, and its values.
    pub(crate) fn signed(item: Item<'_>) -> Option<(Self, Vec<Item<'_>>)> {
        let [key, values, _signatures]: [Item<'_>; 3] = item.array()?.try_into().ok()?;
        let content = Item::Array(vec![key.clone(), values.clone()]).encode();
        let named = Self { key: key.bytes()?.to_vec(), digest: digest("milchglas signed-set/1", &content).to_vec() };
        Some((named, values.array()?))
    }

    /// A list, `[name, authority, Y, epoch, digest]`.
    pub(crate) fn list(item: Item<'_>) -> Option<Self> {
        let [_name, _authority, key, _epoch, digest]: [Item<'_>; 5] = item.array()?.try_into().ok()?;
        Some(Self { key: key.bytes()?.to_vec(), digest: digest.bytes()?.to_vec() })
    }

    /// As a set of a claim's type.
    pub(crate) fn set_key(&self, kind: &Kind) -> Option<SetKey> {
        let only = |number| vec![Item::Uint(number)];
        let encoded = match kind {
            Kind::Text => only(0),
            Kind::Integer { bits, signed } => vec![Item::Uint(1), Item::Uint(u64::from(*bits)), Item::Bool(*signed)],
            Kind::Date => only(2),
            Kind::Month => only(3),
            Kind::Boolean => only(4),
            Kind::Code(codes) => {
                vec![Item::Uint(5), Item::Array(codes.iter().map(|code| Item::Text(code)).collect())]
            }
            Kind::Digest => only(6),
        };
        self.key_under("milchglas set-base/1", vec![self.digest(), self.key(), Item::Array(encoded)])
    }

    /// As a list.
    pub(crate) fn list_key(&self) -> Option<SetKey> {
        self.key_under("milchglas list-base/1", vec![self.digest(), self.key()])
    }

    fn digest(&self) -> Item<'_> {
        Item::Bytes(&self.digest)
    }

    fn key(&self) -> Item<'_> {
        Item::Bytes(&self.key)
    }

    fn key_under(&self, tag: &str, content: Vec<Item<'_>>) -> Option<SetKey> {
        let hashed = digest(tag, &Item::Array(content).encode());
        Some(SetKey { base: hash_to_curve(&hashed, b"MILCHGLAS-V1-SET-DIGEST"), key: decode_g2(&self.key)? })
    }
}

pub(super) fn member(
    system: &mut System,
    points: &mut Vec<G1Affine>,
    rest: &mut &[u8],
    d: usize,
    set: &SetKey,
) -> Result<(), Reason> {
    let [v, v_bar] = [take_point(rest)?, take_point(rest)?];
    points.extend([v, v_bar]);
    let r = system.variable();
    system.equation("member", vec![(Fr::from(1u64), v_bar)], vec![(false, r, set.base), (true, d, v)]);
    system.pairings.push((v, set.key, v_bar));
    Ok(())
}

pub(super) fn gap(
    system: &mut System,
    points: &mut Vec<G1Affine>,
    rest: &mut &[u8],
    m: usize,
    list: &SetKey,
    parameters: &Parameters,
) -> Result<(), Reason> {
    let one = Fr::from(1u64);
    let shift = integer(1 << 66);
    let d = system.variable();
    member(system, points, rest, d, list)?;
    let mut terms = vec![(-one, d), (one + shift, m)];
    terms.extend(digits(system, points, rest, 8, parameters)?);
    let above = digits(system, points, rest, 8, parameters)?;
    terms.extend(above.into_iter().map(|(power, digit)| (-power * shift, digit)));
    system.constrain(&terms, shift + shift)
}

//! A second verifier for presentations, written from `spec/` alone.
//!
//! Groups and pairings are those of arkworks, the transcript is merlin, the hash `sha2`; everything else stands in these files and shares no
//! code with the crates under test. It is slow and plain: its only duty is to agree.
//!
//! Source: `spec/presentation.md`, Building the system and Verifier, steps 1 and 3 to 6. The parameters are taken as trusted, and single use is not here.

pub(crate) mod calendar;
pub(crate) mod cbor;
pub(crate) mod curve;
pub(crate) mod issuance;
pub(crate) mod parameters;
pub(crate) mod predicate;
pub(crate) mod request;
pub(crate) mod revocation;
pub(crate) mod sets;
pub(crate) mod system;
pub(crate) mod text;
pub(crate) mod value;
mod values;

use ark_bls12_381::{Bls12_381, Fr, G1Affine, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup};
use cbor::Item;
use curve::{decode_g1, decode_scalar, encode_g1, reduce};
use merlin::Transcript;
use parameters::{CredentialKey, Parameters, Schema};
use predicate::Bound;
use request::{Ask, CredentialAsk, Request};
use std::collections::BTreeMap;
use system::System;
use value::Value;

/// Why a presentation is refused, by the step that refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Bytes that are not a presentation, or not points and scalars of the number that follows from the request.
    Encoding,
    /// It is not an answer to this request.
    Mismatch,
    /// The challenge is another.
    Proof,
    /// A pairing equation does not hold.
    Pairing,
}

/// What a verified presentation shows of one credential.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) issuer: [u8; 32],
    pub(crate) schema: [u8; 32],
    pub(crate) disclosed: Vec<(String, Value)>,
    /// The epoch by which it has not been revoked, where that was asked.
    pub(crate) epoch: Option<u64>,
}

/// A verified presentation, with what an implementer compares on the way.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) shown: Vec<Shown>,
    pub(crate) system: Vec<u8>,
    pub(crate) announcements: Vec<u8>,
    pub(crate) challenge: Fr,
}

struct Entry {
    accept: usize,
    key: usize,
    schema: usize,
    back: usize,
}

/// One credential of the answer, resolved against the parameters.
struct Leaf<'a> {
    name: String,
    parameters: &'a Parameters,
    key: &'a CredentialKey,
    schema: &'a Schema,
    disclosed: Vec<usize>,
    facts: Vec<(usize, Bound)>,
    /// The epoch by which the card has not been revoked, with its accumulator.
    not_revoked: Option<(u64, sets::SetKey)>,
    /// The base of the holder's name.
    pseudonym: Option<G1Affine>,
    /// The base of the holder's tokens, and the limit.
    rate: Option<(G1Affine, u64)>,
    /// The key to which the handle is encrypted.
    encrypt_to: Option<G1Affine>,
}

struct Presentation<'b> {
    nonce: Vec<u8>,
    selection: Vec<u8>,
    branches: Vec<usize>,
    shown: Vec<Entry>,
    disclosed: Vec<Vec<Value>>,
    proof: &'b [u8],
}

/// Checks a presentation against the canonical bytes of the request that it must answer.
pub(crate) fn verify(bytes: &[u8], request: &[u8], trusted: &[&Parameters]) -> Result<Accepted, Reason> {
    let presentation = decode(bytes).ok_or(Reason::Encoding)?;
    let request = Request::decode(request).ok_or(Reason::Mismatch)?;
    if presentation.nonce != request.nonce {
        return Err(Reason::Mismatch);
    }
    let leaves = resolve(&presentation, &request, trusted).ok_or(Reason::Mismatch)?;
    if presentation.disclosed.len() != leaves.len() {
        return Err(Reason::Mismatch);
    }
    let transcript = transcript(&presentation, &request, &leaves).ok_or(Reason::Mismatch)?;
    check(&presentation, &leaves, transcript)
}

fn decode(bytes: &[u8]) -> Option<Presentation<'_>> {
    if bytes.len() > 1 << 21 {
        return None;
    }
    let [format, nonce, selection, disclosed, proof] = cbor::decode(bytes)?.array()?.try_into().ok()?;
    let small = |item: &Item<'_>| item.uint().filter(|place| *place < 256).map(|place| place as usize);
    let encoded_selection = selection.encode();
    let [branches, shown] = selection.array()?.try_into().ok()?;
    let branches: Vec<usize> = branches.array()?.iter().map(small).collect::<Option<_>>()?;
    let mut entries = Vec::new();
    for entry in shown.array()? {
        let [accept, key, schema, back]: [Item<'_>; 4] = entry.array()?.try_into().ok()?;
        let (accept, key, schema, back) = (small(&accept)?, small(&key)?, small(&schema)?, small(&back)?);
        entries.push(Entry { accept, key, schema, back });
    }
    let mut values = Vec::new();
    for list in disclosed.array()? {
        values.push(list.array()?.iter().map(Value::decode).collect::<Option<Vec<_>>>()?);
    }
    if format.text()? != "P1" || branches.len() > 16 || entries.len() > 16 || values.len() > 16 {
        return None;
    }
    if values.iter().any(|values| values.len() > 64) {
        return None;
    }
    let nonce = nonce.bytes()?.to_vec();
    (nonce.len() == 16).then_some(())?;
    Some(Presentation {
        nonce,
        selection: encoded_selection,
        branches,
        shown: entries,
        disclosed: values,
        proof: proof.bytes()?,
    })
}

fn walk<'r>(
    ask: &'r Ask,
    branches: &mut std::slice::Iter<'_, usize>,
    leaves: &mut Vec<&'r CredentialAsk>,
) -> Option<()> {
    match ask {
        Ask::All(asks) => asks.iter().try_for_each(|ask| walk(ask, branches, leaves)),
        Ask::Any(asks) => walk(asks.get(*branches.next()?)?, branches, leaves),
        Ask::Credential(ask) => {
            leaves.push(ask);
            Some(())
        }
    }
}

fn resolve<'a>(
    presentation: &Presentation<'_>,
    request: &Request,
    trusted: &[&'a Parameters],
) -> Option<Vec<Leaf<'a>>> {
    let mut branches = presentation.branches.iter();
    let mut asks = Vec::new();
    walk(&request.ask, &mut branches, &mut asks)?;
    if branches.next().is_some() || asks.len() != presentation.shown.len() {
        return None;
    }
    let mut leaves = Vec::new();
    for (ask, entry) in asks.into_iter().zip(&presentation.shown) {
        let (issuer, digest) = ask.accept.get(entry.accept)?;
        let parameters = trusted.iter().find(|known| known.digest == *digest && known.fingerprint == *issuer)?;
        if parameters.keys.get(entry.key)?.1 < request.as_of {
            return None;
        }
        let digest = ask.schemas.get(entry.schema)?;
        let (place, schema) = parameters.schemas.iter().enumerate().find(|(_, schema)| schema.digest == *digest)?;
        let mut disclosed = ask.disclose.iter().map(|name| schema.index_of(name)).collect::<Option<Vec<_>>>()?;
        disclosed.sort_unstable();
        let facts =
            ask.prove.iter().map(|predicate| predicate.resolve(schema, request.as_of)).collect::<Option<Vec<_>>>()?;
        let key = parameters.credential_keys.get(&(entry.key, place))?;
        let not_revoked = not_revoked(ask, key, entry.back)?;
        let base = |texts: &[&String], tag: &str| {
            let texts = texts.iter().flat_map(|text| request::with_length(text.as_bytes()));
            curve::hash_to_curve(&request.scope.iter().copied().chain(texts).collect::<Vec<u8>>(), tag.as_bytes())
        };
        let pseudonym = ask.pseudonym.as_ref().map(|scope| base(&[scope], "MILCHGLAS-V1-PSEUDONYM"));
        let rate = ask.rate.as_ref().map(|(scope, epoch, limit)| (base(&[scope, epoch], "MILCHGLAS-V1-RATE"), *limit));
        let (name, encrypt_to) = (ask.name.clone(), ask.encrypt_to);
        leaves.push(Leaf { name, parameters, key, schema, disclosed, facts, not_revoked, pseudonym, rate, encrypt_to });
    }
    for (place, leaf) in leaves.iter().enumerate() {
        for (index, bound) in &leaf.facts {
            if let Bound::SameAs(credential, other) = bound {
                let (there, other) = counterpart(&leaves, credential, other)?;
                let same_type = leaves[there].schema.claims[other].kind == leaf.schema.claims[*index].kind;
                (there != place && same_type).then_some(())?;
            }
        }
    }
    Some(leaves)
}

/// `spec/presentation.md`, Building the system: the epoch that the answer names, with its accumulator.
fn not_revoked(ask: &CredentialAsk, key: &CredentialKey, back: usize) -> Option<Option<(u64, sets::SetKey)>> {
    if ask.not_revoked.is_empty() {
        return (back == 0).then_some(None);
    }
    let (_, newest, accumulators) = ask.not_revoked.iter().find(|(id, ..)| *id == key.id)?;
    let base = decode_g1(accumulators.get(back)?)?;
    Some(Some((newest.checked_sub(back as u64)?, sets::SetKey::of_accumulator(base, key.revocation))))
}

/// The places of a leaf and of its claim, by their names.
fn counterpart(leaves: &[Leaf<'_>], credential: &str, claim: &str) -> Option<(usize, usize)> {
    let place = leaves.iter().position(|leaf| leaf.name == credential)?;
    Some((place, leaves[place].schema.index_of(claim)?))
}

/// The transcript before the proof; none if a disclosed value is not what it must be.
fn transcript(presentation: &Presentation<'_>, request: &Request, leaves: &[Leaf<'_>]) -> Option<Transcript> {
    let mut transcript = Transcript::new(b"milchglas presentation/1");
    transcript.append_message(b"request", &request.bytes);
    transcript.append_message(b"selection", &presentation.selection);
    for (leaf, values) in leaves.iter().zip(&presentation.disclosed) {
        if leaf.disclosed.len() != values.len() {
            return None;
        }
        transcript.append_message(b"parameters", &leaf.parameters.digest);
        transcript.append_message(b"key", &leaf.key.encoded);
        transcript.append_message(b"schema", &leaf.schema.digest);
        transcript.append_message(b"messages", &(leaf.schema.claims.len() as u32 + 2).to_be_bytes());
        for (index, value) in leaf.disclosed.iter().zip(values) {
            if !leaf.schema.claims[*index].permits(value) {
                return None;
            }
            let message = [&(*index as u32).to_be_bytes()[..], &value.encode()].concat();
            transcript.append_message(b"disclosed", &message);
        }
    }
    Some(transcript)
}

fn check(presentation: &Presentation<'_>, leaves: &[Leaf<'_>], mut transcript: Transcript) -> Result<Accepted, Reason> {
    let mut rest = presentation.proof;
    let mut system = System::default();
    let mut points = Vec::new();
    let k = system.variable();
    // All inputs are numbered before the variables of any statement.
    let mut inputs = Vec::new();
    for leaf in leaves {
        let handle = system.variable();
        let mut claims = BTreeMap::new();
        for index in (0..leaf.schema.claims.len()).filter(|index| !leaf.disclosed.contains(index)) {
            claims.insert(index, system.variable());
        }
        let counter = leaf.rate.filter(|(_, limit)| *limit > 1).map(|_| system.variable());
        inputs.push((handle, claims, counter));
    }
    for (here, ((leaf, values), (handle, hidden, counter))) in
        leaves.iter().zip(&presentation.disclosed).zip(&inputs).enumerate()
    {
        let mut shown = vec![(Fr::from(1u64), leaf.key.empty.into_affine())];
        for (index, value) in leaf.disclosed.iter().zip(values) {
            shown.push((leaf.schema.claims[*index].scalar(value), leaf.key.generators[index + 2]));
        }
        let mut messages = vec![(k, leaf.key.generators[0]), (*handle, leaf.key.generators[1])];
        messages.extend(hidden.iter().map(|(index, variable)| (*variable, leaf.key.generators[index + 2])));
        signature(&mut system, &mut points, &mut rest, shown, &messages, leaf.key)?;
        if let Some((_, accumulator)) = &leaf.not_revoked {
            sets::member(&mut system, &mut points, &mut rest, *handle, accumulator)?;
        }
        for (index, bound) in &leaf.facts {
            if let Bound::SameAs(credential, other) = bound {
                let there = counterpart(leaves, credential, other).ok_or(Reason::Mismatch)?;
                let sides =
                    [(here, *index), there].map(|(leaf, index)| side(presentation, leaves, &inputs, leaf, index));
                match sides {
                    [Some(Side::Shown(one)), Some(Side::Shown(other))] if one == other => {}
                    [Some(Side::Shown(value)), Some(Side::Hidden(variable, _))]
                    | [Some(Side::Hidden(variable, _)), Some(Side::Shown(value))] => {
                        system.constrain(&[(-Fr::from(1u64), variable)], value)?;
                    }
                    [Some(Side::Hidden(one, optional)), Some(Side::Hidden(other, other_optional))] => {
                        system.constrain(&[(Fr::from(1u64), one), (-Fr::from(1u64), other)], Fr::from(0u64))?;
                        if optional && other_optional {
                            let absent = leaf.schema.claims[*index].scalar(&Value::Absent);
                            values::not_in(&mut system, &mut points, &mut rest, one, &[absent])?;
                        }
                    }
                    _ => return Err(Reason::Mismatch),
                }
                continue;
            }
            let Some(variable) = hidden.get(index) else {
                let place = leaf.disclosed.iter().position(|other| other == index).ok_or(Reason::Mismatch)?;
                let value = &values[place];
                let holds = match bound {
                    Bound::Range(lo, hi) => value.number().is_some_and(|number| *lo <= number && number < *hi),
                    Bound::Exactly(scalar) => leaf.schema.claims[*index].scalar(value) == *scalar,
                    Bound::NoneOf(scalars) => {
                        *value != Value::Absent && !scalars.contains(&leaf.schema.claims[*index].scalar(value))
                    }
                    Bound::Either(ranges) => {
                        value.number().is_some_and(|number| ranges.iter().any(|(lo, hi)| *lo <= number && number < *hi))
                    }
                    Bound::In(_, Some(elements)) => {
                        *value != Value::Absent && elements.contains(&leaf.schema.claims[*index].scalar(value))
                    }
                    Bound::In(_, None) | Bound::NotListed(_) | Bound::SameAs(..) => return Err(Reason::Mismatch),
                };
                if !holds {
                    return Err(Reason::Mismatch);
                }
                continue;
            };
            match bound {
                Bound::Range(lo, hi) => {
                    range(&mut system, &mut points, &mut rest, *variable, (*lo, *hi), leaf.parameters)?;
                }
                Bound::Exactly(value) => system.constrain(&[(-Fr::from(1u64), *variable)], *value)?,
                Bound::NoneOf(scalars) => values::not_in(&mut system, &mut points, &mut rest, *variable, scalars)?,
                Bound::Either(ranges) => {
                    let parameters = leaf.parameters;
                    values::either_range(&mut system, &mut points, &mut rest, *variable, *ranges, parameters)?;
                }
                Bound::In(set, _) => sets::member(&mut system, &mut points, &mut rest, *variable, set)?,
                Bound::NotListed(list) => {
                    sets::gap(&mut system, &mut points, &mut rest, *variable, list, leaf.parameters)?;
                }
                Bound::SameAs(..) => return Err(Reason::Mismatch),
            }
        }
        if let Some(base) = leaf.pseudonym {
            // `spec/statements.md`, Pseudonym.
            let name = take_point(&mut rest)?;
            points.push(name);
            system.equation("pseudonym", vec![(Fr::from(1u64), name)], vec![(false, k, base)]);
        }
        if let Some((base, limit)) = leaf.rate {
            // `spec/statements.md`, Rate.
            let token = take_point(&mut rest)?;
            points.push(token);
            let terms = std::iter::once(k).chain(*counter).map(|variable| (false, variable, token));
            system.equation("rate", vec![(Fr::from(1u64), base)], terms.collect());
            if let Some(counter) = counter {
                range(&mut system, &mut points, &mut rest, *counter, (0, i128::from(limit)), leaf.parameters)?;
            }
        }
        if let Some(key) = leaf.encrypt_to {
            encryption(&mut system, &mut points, &mut rest, *handle, key)?;
        }
    }

    let challenge = take_scalar(&mut rest)?;
    let mut responses = Vec::new();
    for variable in 0..system.variables() {
        responses.push(if system.is_free(variable) { take_scalar(&mut rest)? } else { Fr::from(0u64) });
    }
    if !rest.is_empty() {
        return Err(Reason::Encoding);
    }
    system.complete(&mut responses, challenge);

    let description = system.describe();
    transcript.append_message(b"points", &points.iter().flat_map(encode_g1).collect::<Vec<u8>>());
    transcript.append_message(b"system", &description);
    let announcements: Vec<u8> =
        system.announcements(&responses, challenge).iter().flat_map(|point| encode_g1(&point.into_affine())).collect();
    transcript.append_message(b"announcements", &announcements);
    let mut wide = [0; 64];
    transcript.challenge_bytes(b"challenge", &mut wide);
    if reduce(&wide) != challenge {
        return Err(Reason::Proof);
    }
    for (left, key, right) in &system.pairings {
        // One by one, without weights: there is no need to be quick.
        if Bls12_381::pairing(*left, *key) != Bls12_381::pairing(*right, G2Affine::generator()) {
            return Err(Reason::Pairing);
        }
    }
    let shown = leaves
        .iter()
        .zip(&presentation.disclosed)
        .map(|(leaf, values)| Shown {
            issuer: leaf.parameters.fingerprint,
            schema: leaf.schema.digest,
            epoch: leaf.not_revoked.as_ref().map(|(epoch, _)| *epoch),
            disclosed: (leaf.disclosed.iter())
                .zip(values)
                .map(|(index, value)| (leaf.schema.claims[*index].name.clone(), value.clone()))
                .collect(),
        })
        .collect();
    Ok(Accepted { shown, system: description, announcements, challenge })
}

/// `spec/statements.md`, Signature.
fn signature(
    system: &mut System,
    points: &mut Vec<G1Affine>,
    rest: &mut &[u8],
    shown: Vec<(Fr, G1Affine)>,
    messages: &[(usize, G1Affine)],
    key: &CredentialKey,
) -> Result<(), Reason> {
    let [a_bar, b_bar] = [take_point(rest)?, take_point(rest)?];
    points.extend([a_bar, b_bar]);
    let (u, v) = (system.variable(), system.variable());
    let mut terms = vec![(false, u, b_bar), (false, v, a_bar)];
    terms.extend(messages.iter().map(|(variable, generator)| (true, *variable, *generator)));
    system.equation("signature", shown, terms);
    system.pairings.push((a_bar, key.point, b_bar));
    Ok(())
}

/// `spec/statements.md`, Range and Member.
fn range(
    system: &mut System,
    points: &mut Vec<G1Affine>,
    rest: &mut &[u8],
    m: usize,
    (lo, hi): (i128, i128),
    parameters: &Parameters,
) -> Result<(), Reason> {
    let count = (1..=8).find(|n| 256i128.pow(*n) >= hi - lo).ok_or(Reason::Mismatch)?;
    let one = Fr::from(1u64);
    let mut sides = vec![(one, -curve::integer(lo))];
    if 256i128.pow(count) != hi - lo {
        sides.push((-one, curve::integer(hi - 1)));
    }
    for (sign, offset) in sides {
        let mut terms = vec![(sign, m)];
        terms.extend(digits(system, points, rest, count, parameters)?);
        system.constrain(&terms, offset)?;
    }
    Ok(())
}

/// Digits from the lowest, each with minus its power of 256.
fn digits(
    system: &mut System,
    points: &mut Vec<G1Affine>,
    rest: &mut &[u8],
    count: u32,
    parameters: &Parameters,
) -> Result<Vec<(Fr, usize)>, Reason> {
    let mut terms = Vec::new();
    let mut power = Fr::from(1u64);
    for _ in 0..count {
        let digit = system.variable();
        let [v, v_bar] = [take_point(rest)?, take_point(rest)?];
        points.extend([v, v_bar]);
        let r = system.variable();
        let member = vec![(false, r, parameters.digit_base), (true, digit, v)];
        system.equation("member", vec![(Fr::from(1u64), v_bar)], member);
        system.pairings.push((v, parameters.digit_key, v_bar));
        terms.push((-power, digit));
        power *= Fr::from(256u64);
    }
    Ok(terms)
}

/// `spec/statements.md`, Encryption.
fn encryption(
    system: &mut System,
    points: &mut Vec<G1Affine>,
    rest: &mut &[u8],
    handle: usize,
    key: G1Affine,
) -> Result<(), Reason> {
    let sent = [take_point(rest)?, take_point(rest)?, take_point(rest)?];
    points.extend(sent);
    let hashed = |tag: &str| curve::hash_to_curve(b"", tag.as_bytes());
    let r = system.variable();
    let image = |point| vec![(Fr::from(1u64), point)];
    let [first, second, check] = sent.map(image);
    system.equation("encryption randomness", first, vec![(false, r, G1Affine::generator())]);
    let base = hashed("MILCHGLAS-V1-INSPECTOR-BASE");
    system.equation("encryption", second, vec![(false, handle, base), (false, r, key)]);
    system.equation("encryption check", check, vec![(false, r, hashed("MILCHGLAS-V1-INSPECTOR-CHECK"))]);
    Ok(())
}

/// How a claim takes part in a comparison.
enum Side {
    /// The variable, and whether the claim is optional.
    Hidden(usize, bool),
    Shown(Fr),
}

/// None for a disclosed absence.
fn side(
    presentation: &Presentation<'_>,
    leaves: &[Leaf<'_>],
    inputs: &[(usize, BTreeMap<usize, usize>, Option<usize>)],
    place: usize,
    index: usize,
) -> Option<Side> {
    let (leaf, claim) = (&leaves[place], &leaves[place].schema.claims[index]);
    if let Some(variable) = inputs[place].1.get(&index) {
        return Some(Side::Hidden(*variable, claim.optional));
    }
    let value = &presentation.disclosed[place][leaf.disclosed.iter().position(|other| *other == index)?];
    (*value != Value::Absent).then(|| Side::Shown(claim.scalar(value)))
}

fn take_point(rest: &mut &[u8]) -> Result<G1Affine, Reason> {
    let (head, tail) = rest.split_at_checked(48).ok_or(Reason::Encoding)?;
    *rest = tail;
    decode_g1(head).ok_or(Reason::Encoding)
}

fn take_scalar(rest: &mut &[u8]) -> Result<Fr, Reason> {
    let (head, tail) = rest.split_at_checked(32).ok_or(Reason::Encoding)?;
    *rest = tail;
    decode_scalar(head).ok_or(Reason::Encoding)
}

//! Predicates and their ranges: `spec/request-language.md`, Predicates.

use super::calendar::{last_birth, month_of, parse_date, parse_month};
use super::cbor::Item;
use super::parameters::Schema;
use super::sets::{Named, SetKey};
use super::value::{Claim, Kind, Value};
use ark_bls12_381::Fr;

/// A predicate as the request has it.
pub(crate) struct Predicate {
    kind: u64,
    claim: Option<String>,
    first: Operand,
    second: i128,
    values: Vec<Operand>,
    ranges: Vec<Predicate>,
    /// A credential's name and a claim's.
    counterpart: Option<(String, String)>,
    /// A set or a list, and whether it is a published one.
    named: Option<(Named, bool)>,
}

enum Operand {
    Number(i128),
    Boolean(bool),
    Text(String),
}

/// What the claim's scalar must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// lo ≤ m < hi.
    Range(i128, i128),
    /// m is this.
    Exactly(Fr),
    /// m is none of these; absence is among them if the claim is optional.
    NoneOf(Vec<Fr>),
    /// m is in one of these.
    Either([(i128, i128); 2]),
    /// m is an element of this set; those of one in the request.
    In(SetKey, Option<Vec<Fr>>),
    /// m is not on this list.
    NotListed(SetKey),
    /// m is this claim of that credential.
    SameAs(String, String),
}

impl Predicate {
    pub(crate) fn decode(item: Item<'_>) -> Option<Self> {
        let mut items = item.array()?.into_iter();
        let kind = items.next()?.uint()?;
        let claim = items.next().and_then(|name| name.text()).map(str::to_owned);
        let mut predicate = Self {
            kind,
            claim,
            first: Operand::Number(0),
            second: 0,
            values: Vec::new(),
            ranges: Vec::new(),
            counterpart: None,
            named: None,
        };
        match kind {
            10 => predicate.values = items.next()?.array()?.into_iter().map(literal).collect::<Option<_>>()?,
            11 => {
                let [form, content]: [Item<'_>; 2] = items.next()?.array()?.try_into().ok()?;
                match form.uint()? {
                    0 => predicate.named = Some((Named::published(content)?, true)),
                    1 => {
                        let (named, values) = Named::signed(content)?;
                        predicate.named = Some((named, false));
                        predicate.values = values.into_iter().map(literal).collect::<Option<_>>()?;
                    }
                    _ => return None,
                }
            }
            12 => predicate.named = Some((Named::list(items.next()?)?, true)),
            13 => {
                for interval in items.next()?.array()? {
                    let mut interval = interval.array()?;
                    interval.insert(1, Item::Text(predicate.claim.as_deref()?));
                    predicate.ranges.push(Self::decode(Item::Array(interval))?);
                }
            }
            14 => predicate.counterpart = Some((items.next()?.text()?.to_owned(), items.next()?.text()?.to_owned())),
            _ => {
                (predicate.first, predicate.second) = operands(&mut items)?;
            }
        }
        items.next().is_none().then_some(predicate)
    }

    /// The claim's place and its bound.
    pub(crate) fn resolve(&self, schema: &Schema, as_of: i128) -> Option<(usize, Bound)> {
        let index = match &self.claim {
            None => schema.until?,
            Some(name) => schema.index_of(name)?,
        };
        let claim = &schema.claims[index];
        let scalar = |operand: &Operand| Some(claim.scalar(&value_of(operand, claim)?));
        match self.kind {
            8 => return Some((index, Bound::Exactly(scalar(&self.first)?))),
            9 | 10 => {
                let one = (self.kind == 9).then_some(&self.first);
                let mut excluded = self.values.iter().chain(one).map(scalar).collect::<Option<Vec<_>>>()?;
                if claim.optional {
                    excluded.push(claim.scalar(&Value::Absent));
                }
                return Some((index, Bound::NoneOf(excluded)));
            }
            11 => {
                let (named, published) = self.named.as_ref()?;
                let elements = self.values.iter().map(scalar).collect::<Option<Vec<_>>>()?;
                return Some((index, Bound::In(named.set_key(&claim.kind)?, (!published).then_some(elements))));
            }
            12 => {
                matches!(claim.kind, Kind::Integer { bits: 64, signed: false }).then_some(())?;
                return Some((index, Bound::NotListed(self.named.as_ref()?.0.list_key()?)));
            }
            13 => {
                let range = |predicate: &Self| match predicate.resolve(schema, as_of)?.1 {
                    Bound::Range(lo, hi) if predicate.kind != 0 => Some((lo, hi)),
                    _ => None,
                };
                let [one, other] = &self.ranges[..] else { return None };
                return Some((index, Bound::Either([range(one)?, range(other)?])));
            }
            14 => {
                let (credential, other) = self.counterpart.clone()?;
                return Some((index, Bound::SameAs(credential, other)));
            }
            _ => {}
        }
        let Operand::Number(v) = self.first else { return None };
        let dates_only = || matches!(claim.kind, Kind::Date).then_some(());
        let birth = || last_birth(as_of, Some(v).filter(|years| (1..=150).contains(years))?);
        let (lo, hi) = match self.kind {
            0 => (month_of(as_of), month_of(as_of) + 256),
            1 => {
                dates_only()?;
                (birth()? + 1 - 65_536, birth()? + 1)
            }
            2 => {
                dates_only()?;
                (birth()? + 1, birth()? + 1 + 65_536)
            }
            3 | 4 => {
                let (place, window) = match claim.kind {
                    Kind::Date => (v, 65_536),
                    Kind::Month => (month_of(v), 256),
                    _ => return None,
                };
                if self.kind == 3 { (place + 1 - window, place + 1) } else { (place, place + window) }
            }
            5 | 6 => {
                let range = claim.integers()?;
                range.contains(&v).then_some(())?;
                let width = range.end - range.start;
                if self.kind == 5 { (v, v + width) } else { (v + 1 - width, v + 1) }
            }
            7 => {
                let range = claim.integers()?;
                (range.start <= v && v < self.second && self.second <= range.end).then_some(())?;
                (v, self.second)
            }
            _ => return None,
        };
        Some((index, Bound::Range(lo, hi)))
    }
}

/// A value as a request spells it.
fn literal(item: Item<'_>) -> Option<Operand> {
    Some(match <[Item<'_>; 2]>::try_from(item.array()?).ok()? {
        [Item::Uint(0), Item::Bool(value)] => Operand::Boolean(value),
        [Item::Uint(1), number] => Operand::Number(number.int()?),
        [Item::Uint(2), Item::Text(text)] => Operand::Text(text.to_owned()),
        _ => return None,
    })
}

/// A value or a number, and perhaps one number more.
fn operands<'a>(items: &mut impl Iterator<Item = Item<'a>>) -> Option<(Operand, i128)> {
    let first = match items.next() {
        Some(value @ Item::Array(_)) => literal(value)?,
        Some(number) => Operand::Number(number.int()?),
        None => Operand::Number(0),
    };
    Some((first, items.next().map_or(Some(0), |number| number.int())?))
}

/// A spelled value as one of the claim's type.
fn value_of(operand: &Operand, claim: &Claim) -> Option<Value> {
    let value = match (&claim.kind, operand) {
        (Kind::Text, Operand::Text(text)) => Value::Text(text.clone()),
        (Kind::Integer { bits: 64, .. }, Operand::Text(text)) => {
            let number: i128 = text.parse().ok()?;
            (number.to_string() == *text).then_some(Value::Integer(number))?
        }
        (Kind::Integer { bits: 8 | 16 | 32, .. }, Operand::Number(number)) => Value::Integer(*number),
        (Kind::Date, Operand::Text(text)) => Value::Date(parse_date(text)?),
        (Kind::Month, Operand::Text(text)) => Value::Month(parse_month(text)?),
        (Kind::Boolean, Operand::Boolean(value)) => Value::Boolean(*value),
        (Kind::Code(_), Operand::Text(text)) => Value::Code(text.clone()),
        (Kind::Digest, Operand::Text(text)) if !text.contains(|c: char| c.is_ascii_uppercase()) => {
            Value::Digest(hex::decode(text).ok()?.try_into().ok()?)
        }
        _ => return None,
    };
    claim.permits(&value).then_some(value)
}

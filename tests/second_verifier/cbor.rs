//! Deterministic CBOR as `spec/encodings.md` restricts it.

/// One decoded item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item<'b> {
    /// Major type 0.
    Uint(u64),
    /// Major type 1: the number −1 − n.
    Nint(u64),
    /// A byte string.
    Bytes(&'b [u8]),
    /// A text string.
    Text(&'b str),
    /// An array.
    Array(Vec<Item<'b>>),
    /// `false` or `true`.
    Bool(bool),
    /// `null`.
    Null,
}

/// Decodes one item that fills the input.
pub(crate) fn decode(bytes: &[u8]) -> Option<Item<'_>> {
    let mut rest = bytes;
    let item = item(&mut rest, 0)?;
    rest.is_empty().then_some(item)
}

fn item<'b>(rest: &mut &'b [u8], depth: usize) -> Option<Item<'b>> {
    if depth > 16 {
        return None;
    }
    let (first, tail) = rest.split_first()?;
    *rest = tail;
    let argument = match first & 0x1f {
        info @ 0..=23 => u64::from(info),
        info @ 24..=27 => {
            let len = 1 << (info - 24);
            let (head, tail) = rest.split_at_checked(len)?;
            *rest = tail;
            let argument = head.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
            let least = [24, 1 << 8, 1 << 16, 1 << 32][usize::from(info - 24)];
            if first >> 5 == 7 || argument < least {
                return None;
            }
            argument
        }
        _ => return None,
    };
    Some(match first >> 5 {
        0 => Item::Uint(argument),
        1 => Item::Nint(argument),
        2 => Item::Bytes(take(rest, argument)?),
        3 => Item::Text(std::str::from_utf8(take(rest, argument)?).ok()?),
        4 => {
            let mut items = Vec::new();
            for _ in 0..argument {
                items.push(item(rest, depth + 1)?);
            }
            Item::Array(items)
        }
        7 => match argument {
            20 => Item::Bool(false),
            21 => Item::Bool(true),
            22 => Item::Null,
            _ => return None,
        },
        _ => return None,
    })
}

fn take<'b>(rest: &mut &'b [u8], len: u64) -> Option<&'b [u8]> {
    let (head, tail) = rest.split_at_checked(usize::try_from(len).ok()?)?;
    *rest = tail;
    Some(head)
}

impl<'b> Item<'b> {
    pub(crate) fn uint(&self) -> Option<u64> {
        if let Self::Uint(value) = self { Some(*value) } else { None }
    }

    pub(crate) fn int(&self) -> Option<i128> {
        match self {
            Self::Uint(value) => Some(i128::from(*value)),
            Self::Nint(value) => Some(-1 - i128::from(*value)),
            _ => None,
        }
    }

    pub(crate) fn bytes(&self) -> Option<&'b [u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    pub(crate) fn text(&self) -> Option<&'b str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(crate) fn array(self) -> Option<Vec<Self>> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The one encoding.
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Uint(value) => head(0, *value),
            Self::Nint(value) => head(1, *value),
            Self::Bytes(bytes) => [head(2, bytes.len() as u64), bytes.to_vec()].concat(),
            Self::Text(text) => [head(3, text.len() as u64), text.as_bytes().to_vec()].concat(),
            Self::Array(items) => {
                let mut out = head(4, items.len() as u64);
                out.extend(items.iter().flat_map(Item::encode));
                out
            }
            Self::Bool(value) => vec![if *value { 0xf5 } else { 0xf4 }],
            Self::Null => vec![0xf6],
        }
    }
}

fn head(major: u8, argument: u64) -> Vec<u8> {
    let bytes = argument.to_be_bytes();
    let (info, len) = match argument {
        0..=23 => return vec![major << 5 | bytes[7]],
        24..=0xff => (24, 1),
        0x100..=0xffff => (25, 2),
        0x1_0000..=0xffff_ffff => (26, 4),
        _ => (27, 8),
    };
    [&[major << 5 | info][..], &bytes[8 - len..]].concat()
}

//! Text rules: names that stand for something, and words that people read.

use crate::cbor::{Reader, Wire, Writer};
use crate::error::DecodeError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Most bytes of a claim's name, its number in a list included.
const CLAIM_NAME_MAX: usize = 64;
/// Most bytes of a label.
const LABEL_MAX: usize = 32;
/// Most bytes of a scope's text.
const SCOPE_TEXT_MAX: usize = 64;
/// Most bytes of an origin: scheme, a host of 253 bytes, port.
const ORIGIN_MAX: usize = 8 + 253 + 6;

/// The name of a claim: `[a-z][a-z0-9_]*`, with `.n` behind it for the n-th of a list.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClaimName(String);

/// A short name inside an object: `[a-z][a-z0-9_-]*`, at most 32 bytes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Label(String);

/// Where a verifier asks: `https://host` or `https://host:port`, or `milchglas:name` for one that is not on the network.
///
/// The host is lower-case ASCII without a final dot, a port other than 443 in its shortest form; there is no path. So one place has one
/// spelling.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

/// What sets one use of pseudonyms or tokens apart from another, or one period from the next: 1 to 64 lower-case letters, digits and
/// `.`, `_`, `-` between them. So one scope has one spelling, and none looks like another.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScopeText(String);

fn is_word(text: &str, also: &[u8]) -> bool {
    text.bytes().next().is_some_and(|first| first.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || also.contains(&b))
}

fn is_claim_name(text: &str) -> bool {
    if text.len() > CLAIM_NAME_MAX {
        return false;
    }
    match text.split_once('.') {
        None => is_word(text, b"_"),
        Some((base, number)) => {
            is_word(base, b"_")
                && (1..=2).contains(&number.len())
                && number.bytes().all(|byte| byte.is_ascii_digit())
                && (number == "0" || !number.starts_with('0'))
        }
    }
}

fn is_label(text: &str) -> bool {
    text.len() <= LABEL_MAX && is_word(text, b"_-")
}

fn is_scope_text(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= SCOPE_TEXT_MAX
        && text.bytes().next().is_some_and(plain)
        && text.bytes().next_back().is_some_and(plain)
        && text.bytes().all(|byte| plain(byte) || b"._-".contains(&byte))
}

fn is_origin(text: &str) -> bool {
    if let Some(name) = text.strip_prefix("milchglas:") {
        return is_host(name) && name.len() <= 64;
    }
    let Some(place) = text.strip_prefix("https://") else {
        return false;
    };
    match place.split_once(':') {
        None => is_host(place),
        Some((host, port)) => is_host(host) && is_port(port),
    }
}

fn is_host(text: &str) -> bool {
    let is_name = |name: &str| {
        (1..=63).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !name.starts_with('-')
            && !name.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_name)
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|port| port != 0 && port != 443 && port.to_string() == text)
}

macro_rules! checked_text {
    ($name:ident, $check:ident, $max:ident, $what:literal) => {
        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = DecodeError;

            fn from_str(text: &str) -> Result<Self, DecodeError> {
                if $check(text) { Ok(Self(text.to_owned())) } else { Err(DecodeError { what: $what }) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = DecodeError;

            fn try_from(text: String) -> Result<Self, DecodeError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl Wire for $name {
            fn write(&self, out: &mut Writer) {
                out.text(&self.0);
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                input.text($max, $what)?.parse()
            }
        }
    };
}

checked_text!(ClaimName, is_claim_name, CLAIM_NAME_MAX, "a claim's name of lower-case letters, digits and _");
checked_text!(Label, is_label, LABEL_MAX, "a name of lower-case letters, digits, _ and -");
checked_text!(
    ScopeText,
    is_scope_text,
    SCOPE_TEXT_MAX,
    "a scope or epoch of 1 to 64 lower-case letters, digits and . _ - between them"
);

checked_text!(Origin, is_origin, ORIGIN_MAX, "an origin: https and a lower-case host, or milchglas: and a name");

/// Whether a text of at most `max` characters is safe to show: something to be seen, no space at either end, no control character,
/// nothing that reorders or hides what stands beside it.
pub(crate) fn is_readable(text: &str, max: usize) -> bool {
    !text.is_empty()
        && text.trim() == text
        && text.chars().count() <= max
        && !text.chars().any(|c| c.is_control() || reorders_or_hides(c))
        && text.chars().any(|c| !c.is_whitespace() && !is_blank(c))
}

/// Characters that change the order of their neighbours or have no appearance of their own. The two joiners U+200C and U+200D stay
/// allowed: Persian, Hindi and other languages are misspelt without them.
fn reorders_or_hides(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
        | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Characters that have their place beside others and show nothing alone.
fn is_blank(c: char) -> bool {
    matches!(c,
        '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180D}' | '\u{180F}' | '\u{200C}' | '\u{200D}' | '\u{2800}'
        | '\u{FE00}'..='\u{FE0F}')
}

/// The text in quotation marks. Those in it become single ones, so that text from outside can not end its quotation and go on in ours.
#[must_use]
pub fn quoted(text: &str) -> String {
    let single = |c| match c {
        '\u{201C}' | '\u{201F}' | '\u{301D}' => '‘',
        '"' | '\u{201D}' | '\u{201E}' | '\u{02EE}' | '\u{2033}' | '\u{301E}' | '\u{FF02}' => '’',
        other => other,
    };
    format!("“{}”", text.chars().map(single).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cbor::tests::assert_strict;

    #[test]
    fn accepts_one_spelling_of_an_origin() {
        for text in [
            "https://cafe.example",
            "https://a.b-c.example:8443",
            "https://192.0.2.1",
            "milchglas:night-train",
            "https://xn--caf-dma.example",
        ] {
            let origin: Origin = text.parse().unwrap();
            assert_eq!(origin.as_str(), text);
            assert_strict(&origin);
        }
        for text in [
            "",
            "https://",
            "http://cafe.example",
            "https://Cafe.example",
            "https://cafe.example/",
            "https://cafe.example/path",
            "https://cafe.example:443",
            "https://cafe.example:0",
            "https://cafe.example:08443",
            "https://cafe.example:65536",
            "https://cafe.example:",
            "https://cafe.example.",
            "https://.example",
            "https://cafe..example",
            "https://-a.example",
            "https://a-.example",
            "https://user@cafe.example",
            "https://cafe.example?x",
            "https://cafe.example#x",
            "https://cafe example",
            "https://c\u{430}fe.example",
            "https://café.example",
            "HTTPS://cafe.example",
            "milchglas:",
            "milchglas:Train",
            "milchglas:a:1",
            "milchglas:a/b",
            " https://cafe.example",
            "https://cafe.example\n",
            "https://a\u{202e}b.example",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
        let long = |len| format!("https://{}.example", "a".repeat(len));
        assert!(long(63).parse::<Origin>().is_ok());
        assert!(long(64).parse::<Origin>().is_err());
    }

    #[test]
    fn accepts_claim_names_and_labels_by_their_rule() {
        for text in ["a", "date_of_birth", "a1", "child.0", "child.63"] {
            assert_strict(&text.parse::<ClaimName>().unwrap());
        }
        for text in [
            "",
            "A",
            "1a",
            "_a",
            "a-b",
            "a.",
            ".0",
            "a.00",
            "a.01",
            "a.100",
            "a.b",
            "a.0.1",
            "a b",
            "n\u{430}me",
            "holder secret",
        ] {
            assert!(text.parse::<ClaimName>().is_err(), "{text}");
        }
        assert!("a".repeat(64).parse::<ClaimName>().is_ok());
        assert!("a".repeat(65).parse::<ClaimName>().is_err());
        for text in ["cafe", "national-id", "a_b"] {
            assert_strict(&text.parse::<Label>().unwrap());
        }
        for text in ["", "Cafe", "-a", "a.0", "caf\u{e9}"] {
            assert!(text.parse::<Label>().is_err(), "{text}");
        }
    }

    #[test]
    fn accepts_one_spelling_of_a_scope() {
        for text in ["a", "7", "customers", "ic-703", "2026-11-24", "a.b_c-d", &"a".repeat(64)] {
            assert_strict(&text.parse::<ScopeText>().unwrap());
        }
        for text in
            ["", "A", "a ", "-a", "a-", ".a", "a.", "a/b", "a:b", "caf\u{e9}", "\u{430}bc", "a\0", &"a".repeat(65)]
        {
            assert!(text.parse::<ScopeText>().is_err(), "{text}");
        }
    }

    #[test]
    fn tells_what_can_be_shown() {
        for text in ["a", "Café Muster", "王小明", "Straße 1, 8000 Zürich", "می\u{200c}خواهم", "☕\u{fe0f}"]
        {
            assert!(is_readable(text, 30), "{text}");
        }
        for text in [
            "",
            " ",
            " a",
            "a ",
            "a\n",
            "a\0b",
            "a\u{7f}b",
            "a\u{85}b",
            "a\u{202e}b",
            "a\u{2066}b",
            "a\u{200b}b",
            "\u{feff}a",
            "a\u{e0041}",
            "\u{200d}",
            "\u{200c}\u{200d}",
            "\u{2800}",
            "\u{2800} \u{fe0f}",
            "\u{17b4}",
        ] {
            assert!(!is_readable(text, 30), "{text:?}");
        }
        assert!(is_readable("äöü", 3));
        assert!(!is_readable("äöü", 2));
    }

    #[test]
    fn keeps_a_quotation_closed() {
        assert_eq!(quoted("Café"), "“Café”");
        for mark in ['"', '“', '”', '„', '‟', '″', '〝', '〞', '＂', 'ˮ'] {
            let text = quoted(&format!("a{mark}b"));
            assert!(text == "“a’b”" || text == "“a‘b”", "{text}");
        }
    }
}

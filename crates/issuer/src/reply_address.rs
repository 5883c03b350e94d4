//! Where an answer is encrypted to: the age X25519 recipient that the application names.
//!
//! Source: <https://c2sp.org/age>, X25519 recipients. Public: the recipient. Secret: what is encrypted.
//! Caution: a recipient of small order makes every shared secret zero, and age panics on it; it is refused here. Encryption draws
//! from the operating system's random number generator: age has no parameter for it.
//! Not here: other kinds of recipients, which are refused.

use bech32::Bech32;
use bech32::primitives::decode::CheckedHrpstring;
use milchglas_credential::error::{DecodeError, Error as CredentialError};

use crate::Error;

/// A recipient that is canonical and of large order.
pub(crate) struct ReplyAddress(age::x25519::Recipient);

impl ReplyAddress {
    /// Reads `age1…` in its one spelling.
    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        let wrong =
            Error::Input(CredentialError::Decode(DecodeError { what: "an age X25519 recipient for the answer" }));
        let Some(point) = point(text) else {
            return Err(wrong);
        };
        match text.parse::<age::x25519::Recipient>() {
            Ok(recipient) if recipient.to_string() == text && !is_of_small_order(point) => Ok(Self(recipient)),
            Ok(_) | Err(_) => Err(wrong),
        }
    }

    /// Encrypts to it.
    pub(crate) fn encrypt(&self, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        age::encrypt(&self.0, plaintext).map_err(|_| Error::Misuse { what: "a recipient that age refuses" })
    }
}

/// Encrypts to the address that an application names, as an answer is. For the fuzz targets; an issuer's answers come from
/// [`Issuer::answer`](crate::Issuer::answer).
///
/// # Errors
/// [`Error::Input`] where it is no such address.
#[doc(hidden)]
pub fn encrypt_to_reply_address(address: &str, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
    ReplyAddress::read(address)?.encrypt(plaintext)
}

fn point(text: &str) -> Option<[u8; 32]> {
    let decoded = CheckedHrpstring::new::<Bech32>(text).ok()?;
    decoded.byte_iter().collect::<Vec<u8>>().try_into().ok()
}

/// Clamped scalars are multiples of the cofactor, so any of them shows it.
fn is_of_small_order(point: [u8; 32]) -> bool {
    x25519_dalek::x25519([1; 32], point) == [0; 32]
}

#[cfg(test)]
mod tests {
    use super::*;
    use bech32::Hrp;

    fn encode(hrp: &str, bytes: &[u8]) -> String {
        bech32::encode::<Bech32>(Hrp::parse(hrp).unwrap(), bytes).unwrap()
    }

    #[test]
    fn encrypts_to_the_recipient_only() {
        let (identity, other) = (age::x25519::Identity::generate(), age::x25519::Identity::generate());
        let sealed = ReplyAddress::read(&identity.to_public().to_string()).unwrap().encrypt(b"credential").unwrap();
        assert_eq!(age::decrypt(&identity, &sealed).unwrap(), b"credential");
        assert!(age::decrypt(&other, &sealed).is_err());
    }

    #[test]
    fn rejects_other_spellings_and_kinds() {
        let good = age::x25519::Identity::generate().to_public().to_string();
        let mut flipped = good.clone().into_bytes();
        flipped[10] = if flipped[10] == b'q' { b'p' } else { b'q' };
        let point = point(&good).unwrap();
        for text in [
            String::new(),
            good.to_uppercase(),
            format!("{good} "),
            format!("{good}\n{good}"),
            good[..good.len() - 1].to_owned(),
            String::from_utf8(flipped).unwrap(),
            encode("age1plugin", &point),
            encode("agf", &point),
            encode("age", &point[..31]),
            encode("age", &[&point[..], &[0]].concat()),
            bech32::encode::<bech32::Bech32m>(Hrp::parse("age").unwrap(), &point).unwrap(),
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDcUzFt5dCdVy3DCVMtPYbPFpTCTMdDBYjSmZ2BLUvyB".to_owned(),
        ] {
            assert!(ReplyAddress::read(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn rejects_points_of_small_order() {
        // The u-coordinates of orders 1, 2, 4 and 8 (RFC 7748, section 6.1 warns of them; the values are in Bernstein's
        // list of points to be rejected, cr.yp.to/ecdh.html), in their canonical and other spellings.
        for hex in [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ] {
            let mut bytes = hex::decode(hex).unwrap();
            for high_bit in [0, 0x80] {
                bytes[31] |= high_bit;
                assert!(ReplyAddress::read(&encode("age", &bytes)).is_err(), "{hex}");
            }
        }
        // 9, the base point, is of large order.
        let mut base = [0; 32];
        base[0] = 9;
        assert!(ReplyAddress::read(&encode("age", &base)).is_ok());
    }
}

//! The bytes of a sealed file: framing, no disk.
//!
//! Format: the crate's documentation. Secret: the identity, its recipient, the content. Visible: lengths, work factor.
//! Caution: the recipient is treated as a secret too, because whoever knows it could forge a payload.

use zeroize::Zeroizing;

use crate::cipher::{Identity, Recipient, has_header, lock, unlock};
use crate::{Error, Passphrase, Work};

/// The size above which no sealed file is read or written: 64 MiB.
pub const MAX_FILE_BYTES: usize = 64 << 20;

const MAGIC: &[u8; 17] = b"milchglas-sealed\x01";
const MAX_LOCKED: usize = 4096;
/// What framing and encryption add at most, beyond age's 16 bytes for each 64 KiB.
const MAX_OVERHEAD: usize = 16 << 10;

/// The locked identity as it stands in the file, and the recipient that belongs to it: all that saving needs.
pub(crate) struct Seal {
    locked: Vec<u8>,
    recipient: Recipient,
}

impl Seal {
    /// A fresh identity, locked by the passphrase. One scrypt.
    pub(crate) fn new(passphrase: &Passphrase, work: Work) -> Result<Self, Error> {
        let identity = Identity::generate();
        let locked = lock(passphrase, work, identity.to_text().as_bytes())?;
        Ok(Self { locked, recipient: identity.recipient() })
    }

    /// The whole file for this content. No scrypt.
    pub(crate) fn encode(&self, kind: &str, content: &[u8]) -> Result<Vec<u8>, Error> {
        let kind_length = kind_length(kind)?;
        if content.len() > MAX_FILE_BYTES - MAX_OVERHEAD - (MAX_FILE_BYTES >> 12) {
            return Err(Error::Misuse { what: "a content too large for a sealed file" });
        }
        let payload = self.recipient.encrypt(&[&[kind_length], kind.as_bytes(), content])?;
        let mut file = Vec::with_capacity(MAGIC.len() + 8 + self.locked.len() + payload.len());
        file.extend_from_slice(MAGIC);
        for part in [&self.locked, &payload] {
            let length = u32::try_from(part.len()).map_err(|_| Error::Misuse { what: "a part of 4 GiB" })?;
            file.extend_from_slice(&length.to_be_bytes());
            file.extend_from_slice(part);
        }
        Ok(file)
    }

    /// The reverse of [`Seal::encode`], for one passphrase. One scrypt.
    pub(crate) fn decode(
        file: &[u8],
        passphrase: &Passphrase,
        kind: &str,
    ) -> Result<(Self, Zeroizing<Vec<u8>>), Error> {
        let kind_length = kind_length(kind)?;
        let rest = file.strip_prefix(MAGIC).ok_or(Error::Decode { what: "not a sealed file of version 1" })?;
        let (locked, rest) = take_part(rest)?;
        let (payload, rest) = take_part(rest)?;
        if !rest.is_empty() {
            return Err(Error::Decode { what: "bytes after the end" });
        }
        if locked.len() > MAX_LOCKED {
            return Err(Error::Decode { what: "the locked key is too long" });
        }

        has_header(locked)?;
        let text = unlock(passphrase, locked)?;
        let identity = std::str::from_utf8(&text).ok().and_then(Identity::parse).ok_or(Error::Unopenable)?;

        has_header(payload)?;
        let mut content = identity.decrypt(payload)?;
        let named =
            content.first() == Some(&kind_length) && content.get(1..=usize::from(kind_length)) == Some(kind.as_bytes());
        if !named {
            return Err(Error::Decode { what: "a sealed file of another kind" });
        }
        content.drain(..=usize::from(kind_length));
        Ok((Self { locked: locked.to_vec(), recipient: identity.recipient() }, content))
    }
}

/// A kind is 1 to 255 bytes long.
fn kind_length(kind: &str) -> Result<u8, Error> {
    match u8::try_from(kind.len()) {
        Ok(length) if length > 0 => Ok(length),
        Ok(_) | Err(_) => Err(Error::Misuse { what: "the kind of a sealed file takes 1 to 255 bytes" }),
    }
}

fn take_part(bytes: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let cut_short = Error::Decode { what: "cut short" };
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or(cut_short)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| cut_short)?;
    rest.split_at_checked(length).ok_or(cut_short)
}

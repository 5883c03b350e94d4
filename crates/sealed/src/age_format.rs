//! The part of the format age that sealed files and issuers' answers need, for WebAssembly.
//!
//! Source: <https://c2sp.org/age>, v1: the recipients X25519 and scrypt, without armor. Elsewhere the crate `age` does the same (`age_crate`); its
//! translations and other recipients would be a fifth of the module for browsers. The tests hold the two to each other.
//!
//! ```text
//! header   = "age-encryption.org/v1" LF, stanzas, "---" SP base64(HMAC(HKDF(file key, "header"), all before the SP)) LF
//! X25519   wraps the file key under HKDF(X25519(ephemeral, recipient), ephemeral share ‖ recipient)
//! scrypt   wraps it under scrypt(passphrase, label ‖ salt), and stands alone
//! payload  = nonce ‖ chunks of 64 KiB, ChaCha20-Poly1305 under HKDF(file key, nonce, "payload"), counted, the last one marked
//! ```
//!
//! Secret: passphrase, identity, file key, plaintext; all are erased. Caution: the header comes from outside; it is short, and every byte of it is
//! under the HMAC.

use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32, Hrp};
use chacha20poly1305::aead::{Aead as _, AeadInPlace as _};
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit as _, Nonce, Tag};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use rand_core::{OsRng, RngCore as _};
use sha2::Sha256;
use x25519_dalek::{X25519_BASEPOINT_BYTES, x25519};
use zeroize::Zeroizing;

use crate::cipher::{IDENTITY, RECIPIENT};
use crate::{Error, Passphrase, Work};

const VERSION: &str = "age-encryption.org/v1\n";
const X25519_INFO: &[u8] = b"age-encryption.org/v1/X25519";
const SCRYPT_LABEL: &[u8] = b"age-encryption.org/v1/scrypt";
const CHUNK: usize = 64 << 10;
const TAG: usize = 16;
const NONCE: usize = 16;
const COLUMNS: usize = 64;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BAD_HEADER: Error = Error::Decode { what: "no age header" };

type Secret32 = Zeroizing<[u8; 32]>;
type FileKey = Zeroizing<[u8; 16]>;

/// An X25519 identity: the secret that opens what is encrypted to its recipient.
pub(crate) struct Identity(Secret32);

/// An X25519 recipient.
pub(crate) struct Recipient([u8; 32]);

/// One way to the file key, from a header.
struct Stanza<'a> {
    arguments: Vec<&'a str>,
    body: Vec<u8>,
}

struct Header<'a> {
    stanzas: Vec<Stanza<'a>>,
    /// What the HMAC is over.
    covered: &'a [u8],
    mac: Vec<u8>,
    payload: &'a [u8],
}

impl Identity {
    pub(crate) fn generate() -> Self {
        Self(random())
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = Zeroizing::new(text.to_ascii_lowercase());
        unbech(IDENTITY, &text).map(Zeroizing::new).map(Self)
    }

    pub(crate) fn to_text(&self) -> Zeroizing<String> {
        let lower = Zeroizing::new(bech(IDENTITY, self.0.as_slice()));
        Zeroizing::new(lower.to_ascii_uppercase())
    }

    pub(crate) fn recipient(&self) -> Recipient {
        Recipient(x25519(*self.0, X25519_BASEPOINT_BYTES))
    }

    pub(crate) fn decrypt(&self, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let header = Header::read(file)?;
        let own = self.recipient();
        let unwrap = |stanza: &Stanza<'_>| {
            let [kind, share] = stanza.arguments[..] else { return None };
            let share: [u8; 32] = (kind == "X25519").then(|| unbase64(share))??.try_into().ok()?;
            let wrap = own.wrap_key(&share, &Zeroizing::new(x25519(*self.0, share)))?;
            unwrap_file_key(&wrap, &stanza.body)
        };
        let alone = |stanza: &Stanza<'_>| stanza.arguments.first() != Some(&"scrypt");
        let key = header.stanzas.iter().all(alone).then(|| header.stanzas.iter().find_map(unwrap)).flatten();
        header.open(&key.ok_or(Error::Unopenable)?)
    }
}

impl Recipient {
    pub(crate) fn to_text(&self) -> String {
        bech(RECIPIENT, &self.0)
    }

    pub(crate) fn encrypt(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let ephemeral: Secret32 = random();
        let share = x25519(*ephemeral, X25519_BASEPOINT_BYTES);
        let failed = Error::Misuse { what: "a recipient that age refuses" };
        let wrap = self.wrap_key(&share, &Zeroizing::new(x25519(*ephemeral, self.0))).ok_or(failed)?;
        let key = random();
        encrypt(&format!("X25519 {}", base64(&share)), &wrap, &key, parts)
    }

    /// None for a share of small order.
    fn wrap_key(&self, share: &[u8; 32], shared: &Secret32) -> Option<Secret32> {
        // OR over all bytes, so that the time says only whether they are all zero.
        if shared.iter().fold(0, |any, byte| any | byte) == 0 {
            return None;
        }
        Some(derive(shared.as_slice(), &[share.as_slice(), &self.0].concat(), X25519_INFO))
    }
}

/// Encrypts to a passphrase. One scrypt.
pub(crate) fn lock(passphrase: &Passphrase, work: Work, content: &[u8]) -> Result<Vec<u8>, Error> {
    let salt: Zeroizing<[u8; 16]> = random();
    let wrap =
        stretch(passphrase, salt.as_slice(), work.log_n()).ok_or(Error::Misuse { what: "a scrypt work factor" })?;
    let key = random();
    encrypt(&format!("scrypt {} {}", base64(salt.as_slice()), work.log_n()), &wrap, &key, &[content])
}

/// The reverse. One scrypt.
pub(crate) fn unlock(passphrase: &Passphrase, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let header = Header::read(file)?;
    let [stanza] = &header.stanzas[..] else { return Err(Error::Unopenable) };
    let ["scrypt", salt, log_n] = stanza.arguments[..] else { return Err(Error::Unopenable) };
    let salt = unbase64(salt).filter(|salt| salt.len() == 16).ok_or(BAD_HEADER)?;
    let digits = log_n.bytes().all(|digit| digit.is_ascii_digit()) && !log_n.starts_with('0');
    let log_n: u8 = digits.then(|| log_n.parse().ok()).flatten().filter(|log_n| *log_n < 64).ok_or(BAD_HEADER)?;
    if log_n > Work::MAX_LOG_N {
        return Err(Error::Decode { what: "the scrypt work factor is too high" });
    }
    let wrap = stretch(passphrase, &salt, log_n).ok_or(BAD_HEADER)?;
    header.open(&unwrap_file_key(&wrap, &stanza.body).ok_or(Error::Unopenable)?)
}

impl<'a> Header<'a> {
    fn read(file: &'a [u8]) -> Result<Self, Error> {
        let mut rest = file.strip_prefix(VERSION.as_bytes()).ok_or(BAD_HEADER)?;
        let mut stanzas = Vec::new();
        loop {
            let line;
            (line, rest) = take_line(rest)?;
            if let Some(mac) = line.strip_prefix("--- ") {
                let before_mac = file.len() - rest.len() - 1 - mac.len() - 1;
                let covered = file.get(..before_mac).ok_or(BAD_HEADER)?;
                let mac = unbase64(mac).ok_or(BAD_HEADER)?;
                return Ok(Self { stanzas, covered, mac, payload: rest });
            }
            let arguments: Vec<&str> = line.strip_prefix("-> ").ok_or(BAD_HEADER)?.split(' ').collect();
            if arguments.iter().any(|word| word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_graphic())) {
                return Err(BAD_HEADER);
            }
            let mut text = String::new();
            loop {
                let line;
                (line, rest) = take_line(rest)?;
                text.push_str(line);
                match line.len() {
                    ..COLUMNS => break,
                    COLUMNS => {}
                    _ => return Err(BAD_HEADER),
                }
            }
            stanzas.push(Stanza { arguments, body: unbase64(&text).ok_or(BAD_HEADER)? });
        }
    }

    fn open(&self, key: &FileKey) -> Result<Zeroizing<Vec<u8>>, Error> {
        header_mac(key, self.covered)?.verify_slice(&self.mac).map_err(|_| Error::Unopenable)?;
        let (nonce, mut rest) = self.payload.split_at_checked(NONCE).ok_or(Error::Unopenable)?;
        let cipher = payload_cipher(key, nonce);
        // The plaintext is shorter than the file, so the buffer never grows and leaves no copy behind.
        let mut content = Zeroizing::new(Vec::with_capacity(rest.len()));
        for counter in 0.. {
            let last = rest.len() <= CHUNK + TAG;
            let (chunk, after) = rest.split_at(if last { rest.len() } else { CHUNK + TAG });
            rest = after;
            let (sealed, tag) = chunk.split_at_checked(chunk.len().wrapping_sub(TAG)).ok_or(Error::Unopenable)?;
            // Only the one chunk of an empty content is empty.
            if sealed.is_empty() && counter > 0 {
                return Err(Error::Unopenable);
            }
            let start = content.len();
            content.extend_from_slice(sealed);
            let room = content.get_mut(start..).unwrap_or_default();
            let opened = cipher.decrypt_in_place_detached(&chunk_nonce(counter, last), b"", room, Tag::from_slice(tag));
            opened.map_err(|_| Error::Unopenable)?;
            if last {
                break;
            }
        }
        Ok(content)
    }
}

fn encrypt(arguments: &str, wrap: &Secret32, key: &FileKey, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
    let failed = |_| Error::Misuse { what: "a content that can not be encrypted" };
    let cipher = ChaCha20Poly1305::new(Key::from_slice(wrap.as_slice()));
    let body = cipher.encrypt(&Nonce::default(), key.as_slice()).map_err(failed)?;
    // 32 bytes: one line, shorter than a full one.
    let mut file = format!("{VERSION}-> {arguments}\n{}\n---", base64(&body)).into_bytes();
    let mac = header_mac(key, &file)?.finalize().into_bytes();
    file.extend_from_slice(format!(" {}\n", base64(&mac)).as_bytes());

    let nonce: Zeroizing<[u8; NONCE]> = random();
    file.extend_from_slice(nonce.as_slice());
    let cipher = payload_cipher(key, nonce.as_slice());
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut content = Zeroizing::new(Vec::with_capacity(length));
    parts.iter().for_each(|part| content.extend_from_slice(part));
    let chunks = length.div_ceil(CHUNK).max(1);
    for counter in 0..chunks {
        let start = counter * CHUNK;
        let chunk = content.get_mut(start..length.min(start + CHUNK)).unwrap_or_default();
        let tag = cipher.encrypt_in_place_detached(&chunk_nonce(counter as u64, counter + 1 == chunks), b"", chunk);
        file.extend_from_slice(chunk);
        file.extend_from_slice(&tag.map_err(failed)?);
    }
    Ok(file)
}

fn header_mac(key: &FileKey, covered: &[u8]) -> Result<Hmac<Sha256>, Error> {
    let mac_key = derive(key.as_slice(), &[], b"header");
    let mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(mac_key.as_slice()).map_err(|_| BAD_HEADER)?;
    Ok(mac.chain_update(covered))
}

fn payload_cipher(key: &FileKey, nonce: &[u8]) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(Key::from_slice(derive(key.as_slice(), nonce, b"payload").as_slice()))
}

fn chunk_nonce(counter: u64, last: bool) -> Nonce {
    let mut nonce = Nonce::default();
    for (to, from) in nonce.iter_mut().skip(3).zip(counter.to_be_bytes()) {
        *to = from;
    }
    if let Some(flag) = nonce.last_mut() {
        *flag = last.into();
    }
    nonce
}

fn unwrap_file_key(wrap: &Secret32, body: &[u8]) -> Option<FileKey> {
    let cipher = ChaCha20Poly1305::new(Key::from_slice(wrap.as_slice()));
    // Of this length alone, so that nobody can make one body open under several keys.
    let opened = (body.len() == 16 + TAG).then(|| cipher.decrypt(&Nonce::default(), body).ok()).flatten();
    let opened = Zeroizing::new(opened?);
    let mut key = FileKey::default();
    key.copy_from_slice(opened.get(..16)?);
    Some(key)
}

fn derive(secret: &[u8], salt: &[u8], info: &[u8]) -> Secret32 {
    let mut key = Secret32::default();
    // 32 bytes are within what HKDF gives.
    let _ = Hkdf::<Sha256>::new(Some(salt), secret).expand(info, key.as_mut_slice());
    key
}

fn stretch(passphrase: &Passphrase, salt: &[u8], log_n: u8) -> Option<Secret32> {
    let parameters = scrypt::Params::new(log_n, 8, 1, 32).ok()?;
    let mut key = Secret32::default();
    let salt = [SCRYPT_LABEL, salt].concat();
    scrypt::scrypt(passphrase.text().as_bytes(), &salt, &parameters, key.as_mut_slice()).ok()?;
    Some(key)
}

fn random<const N: usize>() -> Zeroizing<[u8; N]> {
    let mut bytes = Zeroizing::new([0; N]);
    OsRng.fill_bytes(bytes.as_mut_slice());
    bytes
}

fn bech(hrp: &str, bytes: &[u8]) -> String {
    // Both prefixes are valid, and 32 bytes are short enough.
    Hrp::parse(hrp).ok().and_then(|hrp| bech32::encode_lower::<Bech32>(hrp, bytes).ok()).unwrap_or_default()
}

fn unbech(hrp: &str, text: &str) -> Option<[u8; 32]> {
    let decoded = CheckedHrpstring::new::<Bech32>(text).ok().filter(|decoded| decoded.hrp().as_str() == hrp)?;
    let bytes = Zeroizing::new(decoded.byte_iter().collect::<Vec<u8>>());
    bytes.as_slice().try_into().ok()
}

fn take_line(bytes: &[u8]) -> Result<(&str, &[u8]), Error> {
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or(BAD_HEADER)?;
    let (line, rest) = bytes.split_at_checked(end).ok_or(BAD_HEADER)?;
    let line = std::str::from_utf8(line).map_err(|_| BAD_HEADER)?;
    Ok((line, rest.get(1..).unwrap_or_default()))
}

/// Base64 without padding. Not in constant time: nothing secret is written in it.
fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word = group.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..=group.len() {
            let letter = ALPHABET.get((word >> (18 - 6 * place)) as usize & 63).copied().unwrap_or_default();
            text.push(letter.into());
        }
    }
    text
}

/// The reverse; only what [`base64`] writes.
fn unbase64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for group in text.as_bytes().chunks(4) {
        let mut word = 0u32;
        for letter in group {
            word = word << 6 | u32::try_from(ALPHABET.iter().position(|known| known == letter)?).ok()?;
        }
        word <<= 6 * (4 - group.len());
        bytes.extend_from_slice(word.to_be_bytes().get(1..group.len())?);
    }
    (base64(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::age_crate;

    const SIZES: [usize; 8] = [0, 1, 31, 65_535, 65_536, 65_537, 131_072, 200_000];

    fn passphrase() -> Passphrase {
        Passphrase::new(&Zeroizing::new("correct horse".to_owned())).unwrap()
    }

    fn content(size: usize) -> Vec<u8> {
        (0..size).map(|place| (place * 7 + place / 251) as u8).collect()
    }

    #[test]
    fn opens_what_the_crate_age_writes_and_the_reverse() {
        let own = Identity::generate();
        let theirs = age_crate::Identity::parse(&own.to_text()).unwrap();
        assert_eq!(*theirs.to_text(), *own.to_text());
        assert_eq!(theirs.recipient().to_text(), own.recipient().to_text());
        let again = Identity::parse(&theirs.to_text()).unwrap();
        let work = Work::with_log_n(3).unwrap();
        for size in SIZES {
            let content = content(size);
            let (front, back) = content.split_at(size / 3);
            assert_eq!(
                *again.decrypt(&theirs.recipient().encrypt(&[front, back]).unwrap()).unwrap(),
                content,
                "{size}"
            );
            assert_eq!(*theirs.decrypt(&own.recipient().encrypt(&[front, back]).unwrap()).unwrap(), content, "{size}");
            let (locked, by_age) =
                (lock(&passphrase(), work, &content).unwrap(), age_crate::lock(&passphrase(), work, &content).unwrap());
            assert_eq!(*age_crate::unlock(&passphrase(), &locked).unwrap(), content, "{size}");
            assert_eq!(*unlock(&passphrase(), &by_age).unwrap(), content, "{size}");
        }
    }

    #[test]
    fn rejects_every_changed_byte_and_every_cut() {
        let identity = Identity::generate();
        let file = identity.recipient().encrypt(&[b"content"]).unwrap();
        let by_age =
            age_crate::Identity::parse(&identity.to_text()).unwrap().recipient().encrypt(&[b"content"]).unwrap();
        for file in [file, by_age] {
            assert_eq!(identity.decrypt(&file).unwrap().as_slice(), b"content");
            for place in 0..file.len() {
                for bit in [1, 0x20, 0x80] {
                    let mut changed = file.clone();
                    changed[place] ^= bit;
                    assert!(identity.decrypt(&changed).is_err(), "byte {place}");
                }
                assert!(identity.decrypt(&file[..place]).is_err(), "cut to {place}");
            }
            assert!(identity.decrypt(&[&file[..], b"x"].concat()).is_err());
            assert!(Identity::generate().decrypt(&file).is_err());
        }
        let work = Work::with_log_n(1).unwrap();
        let locked = lock(&passphrase(), work, b"content").unwrap();
        for place in 0..locked.len() {
            let mut changed = locked.clone();
            changed[place] ^= 1;
            assert!(unlock(&passphrase(), &changed).is_err(), "byte {place}");
        }
    }

    #[test]
    fn rejects_chunks_that_are_left_out_swapped_or_appended() {
        let identity = Identity::generate();
        let file = identity.recipient().encrypt(&[&content(3 * CHUNK)]).unwrap();
        let payload = file.len() - 3 * (CHUNK + TAG);
        let (head, chunks) = file.split_at(payload);
        let chunk = |place: usize| &chunks[place * (CHUNK + TAG)..(place + 1) * (CHUNK + TAG)];
        assert!(identity.decrypt(&file).is_ok());
        for order in [&[0, 1][..], &[0, 2], &[1, 0, 2], &[0, 1, 2, 2], &[2], &[]] {
            let parts: Vec<&[u8]> = std::iter::once(head).chain(order.iter().map(|place| chunk(*place))).collect();
            assert_eq!(identity.decrypt(&parts.concat()), Err(Error::Unopenable), "{order:?}");
        }
    }

    #[test]
    fn rejects_a_share_or_recipient_of_small_order_and_a_passphrase_among_others() {
        assert!(Recipient([0; 32]).encrypt(&[b"content"]).is_err());
        let identity = Identity::generate();
        let file = identity.recipient().encrypt(&[b"content"]).unwrap();
        let text = String::from_utf8_lossy(&file).into_owned();
        let share = text.split("X25519 ").nth(1).unwrap().split('\n').next().unwrap();
        let at = file.windows(share.len()).position(|window| window == share.as_bytes()).unwrap();
        let mut changed = file.clone();
        changed[at..at + share.len()].copy_from_slice(base64(&[0; 32]).as_bytes());
        assert_eq!(identity.decrypt(&changed), Err(Error::Unopenable));
        let two = text.replacen("-> X25519", "-> scrypt AAAAAAAAAAAAAAAAAAAAAA 1\nAAAA\n-> X25519", 1);
        assert!(identity.decrypt(two.as_bytes()).is_err());
    }

    #[test]
    fn refuses_costly_passphrases() {
        let locked = lock(&passphrase(), Work::with_log_n(1).unwrap(), b"content").unwrap();
        let text = locked.iter().map(|byte| char::from(*byte)).collect::<String>();
        let with = |factor: &str| {
            let line = text.lines().nth(1).unwrap();
            let changed = text.replacen(line, &format!("{} {factor}", line.rsplit_once(' ').unwrap().0), 1);
            unlock(&passphrase(), &changed.chars().map(|letter| letter as u8).collect::<Vec<u8>>()).unwrap_err()
        };
        assert_eq!(with("19"), Error::Decode { what: "the scrypt work factor is too high" });
        for wrong in ["01", "+1", "64", "999", "1 1"] {
            assert!(matches!(with(wrong), Error::Decode { .. } | Error::Unopenable), "{wrong}");
        }
        assert_eq!(with("2"), Error::Unopenable);
    }

    #[test]
    fn roundtrips_base64_in_one_spelling() {
        for size in 0..70 {
            assert_eq!(unbase64(&base64(&content(size))).unwrap(), content(size));
        }
        for wrong in ["A", "AB", "AAB", "AA==", "A A", "AAAA\n", "é"] {
            assert_eq!(unbase64(wrong), None, "{wrong}");
        }
    }
}

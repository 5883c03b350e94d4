//! Hashing to many bytes: `expand_message` of RFC 9380, section 5.3.
//!
//! Both variants that the BBS ciphersuites use. What hashes to the curve with them is [`G1::hash`](crate::G1::hash).

use sha2::{Digest, Sha256};
use sha3::Shake256;
use sha3::digest::{ExtendableOutput, Update, XofReader};
use zeroize::Zeroize;

/// The longest domain separation tag that enters the hash as it is.
const MAX_DST: usize = 255;
/// What goes before a longer one when it is hashed first.
const OVERSIZE_DST: &[u8] = b"H2C-OVERSIZE-DST-";

/// A way to expand a message, named by the suite that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expander {
    /// `expand_message_xmd` with SHA-256.
    XmdSha256,
    /// `expand_message_xof` with SHAKE-256, at a security level of 128 bits.
    XofShake256,
}

impl Expander {
    /// Fills `out` with uniform bytes derived from the message under the domain separation tag `dst`, which may have any length.
    ///
    /// # Panics
    /// When `out` is longer than the RFC allows: 8,160 bytes with SHA-256, 65,535 with SHAKE-256.
    pub fn expand(self, msg: &[u8], dst: &[u8], out: &mut [u8]) {
        match self {
            Self::XmdSha256 => expand_xmd(msg, dst, out),
            Self::XofShake256 => expand_xof(msg, dst, out),
        }
    }
}

/// RFC 9380, section 5.3.1.
fn expand_xmd(msg: &[u8], dst: &[u8], out: &mut [u8]) {
    assert!(out.len() <= 255 * 32, "expand_message_xmd gives at most 255 blocks");
    let (dst_buffer, dst_len);
    let dst = if dst.len() > MAX_DST {
        dst_buffer = Sha256::new().chain_update(OVERSIZE_DST).chain_update(dst).finalize();
        dst_len = 32;
        dst_buffer.as_slice()
    } else {
        dst_len = dst.len() as u8;
        dst
    };
    let tagged = |hash: Sha256| -> [u8; 32] { hash.chain_update(dst).chain_update([dst_len]).finalize().into() };

    let first = Sha256::new()
        .chain_update([0; 64])
        .chain_update(msg)
        .chain_update((out.len() as u16).to_be_bytes())
        .chain_update([0]);
    let mut b_0 = tagged(first);
    let mut b_i = [0; 32];
    for (i, block) in (1..=255).zip(out.chunks_mut(32)) {
        // b_1 hashes b_0 itself, which is b_0 xored with the zeros that b_i starts as.
        let mut mixed = b_0;
        mixed.iter_mut().zip(&b_i).for_each(|(byte, previous)| *byte ^= previous);
        b_i = tagged(Sha256::new().chain_update(mixed).chain_update([i]));
        block.copy_from_slice(&b_i[..block.len()]);
    }
    b_0.zeroize();
    b_i.zeroize();
}

/// RFC 9380, section 5.3.2.
fn expand_xof(msg: &[u8], dst: &[u8], out: &mut [u8]) {
    assert!(out.len() <= 65535, "expand_message_xof gives at most 65535 bytes");
    let mut dst_buffer = [0; 32];
    let dst = if dst.len() > MAX_DST {
        Shake256::default().chain(OVERSIZE_DST).chain(dst).finalize_xof().read(&mut dst_buffer);
        dst_buffer.as_slice()
    } else {
        dst
    };
    let hash =
        Shake256::default().chain(msg).chain((out.len() as u16).to_be_bytes()).chain(dst).chain([dst.len() as u8]);
    hash.finalize_xof().read(out);
}

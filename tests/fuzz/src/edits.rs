//! Changes to an object, read from the fuzzer's bytes: five bytes say one change.
//!
//! Random bytes never are a valid object, and what the fuzzer itself changes in a valid one breaks its framing first. Changes that are
//! data keep the rest of the object whole.

/// Applies the changes. Without changes the object stays as it is.
#[must_use]
pub fn apply(object: &[u8], others: &[&[u8]], changes: &[u8]) -> Vec<u8> {
    let mut object = object.to_vec();
    for change in changes.chunks_exact(5).take(16) {
        let [kind, high, low, length, value] = [change[0], change[1], change[2], change[3], change[4]];
        let at = usize::from(u16::from_be_bytes([high, low])) % (object.len() + 1);
        let end = object.len().min(at + usize::from(length));
        match kind % 6 {
            0 => object[at..].iter_mut().take(1).for_each(|byte| *byte ^= value),
            1 => object.insert(at, value),
            2 => drop(object.drain(at..end)),
            3 => object[at..end].fill(value),
            4 => {
                // The same place of another object.
                let other = others.get(usize::from(value) % others.len().max(1)).copied().unwrap_or_default();
                let piece = other.get(at..other.len().min(end)).unwrap_or_default();
                object[at..at + piece.len()].copy_from_slice(piece);
            }
            _ => {
                // Another place of this object.
                let from = usize::from(value) * object.len() / 256;
                let piece = object[from..object.len().min(from + end - at)].to_vec();
                object[at..at + piece.len()].copy_from_slice(&piece);
            }
        }
    }
    object
}

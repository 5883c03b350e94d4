//! How this protocol writes to a merlin transcript. Spec: `spec/transcript.md`.

use merlin::Transcript;
use milchglas_curve::{G1, NonZeroG1, Scalar};

/// What the protocol appends to, and draws from, a transcript.
pub trait TranscriptExt {
    /// Appends points of one kind, each 48 bytes compressed, as one message.
    fn append_points(&mut self, label: &'static [u8], points: impl Iterator<Item = [u8; 48]>);

    /// Draws a scalar: 64 bytes, big-endian, reduced modulo the group order.
    fn challenge_scalar(&mut self, label: &'static [u8]) -> Scalar;
}

impl TranscriptExt for Transcript {
    fn append_points(&mut self, label: &'static [u8], points: impl Iterator<Item = [u8; 48]>) {
        let bytes: Vec<u8> = points.flatten().collect();
        self.append_message(label, &bytes);
    }

    fn challenge_scalar(&mut self, label: &'static [u8]) -> Scalar {
        let mut wide = [0; 64];
        self.challenge_bytes(label, &mut wide);
        Scalar::from_wide(&wide)
    }
}

/// The bytes of points, of which none stands for infinity.
pub(crate) fn encode(points: &[Option<NonZeroG1>]) -> impl Iterator<Item = [u8; 48]> {
    let identity = G1::identity().to_bytes();
    points.iter().map(move |point| point.map_or(identity, |p| p.to_bytes()))
}

/// The bytes of projective points, normalised together.
pub(crate) fn encode_all(points: &[G1]) -> impl Iterator<Item = [u8; 48]> {
    let points = G1::batch_to_nonzero(points);
    let bytes: Vec<[u8; 48]> = encode(&points).collect();
    bytes.into_iter()
}

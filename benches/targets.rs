//! What is compared with others, and what it should come to.

use crate::measurements::{Measurements, Micros, Missing};

/// The groups in which others have the same operation, with the others' names.
pub const COMPARED: [(&str, &[&str]); 8] = [
    ("sign", &["bbs_plus", "zkryptium"]),
    ("verify", &["bbs_plus", "zkryptium"]),
    ("proof_gen", &["bbs_plus", "zkryptium"]),
    ("proof_verify", &["bbs_plus", "bbs_plus_decoded", "zkryptium"]),
    ("adult_prove", &["proof_system"]),
    ("adult_verify", &["proof_system", "proof_system_decoded"]),
    ("cafe_prove", &["proof_system"]),
    ("cafe_verify", &["proof_system", "proof_system_decoded"]),
];

/// What a target is measured against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AtLeast {
    /// So many times faster than the fastest other in this group.
    Times(f64, &'static str),
    /// So many a second.
    PerSecond(f64),
}

/// One target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The work, in words.
    pub work: &'static str,
    /// What measures it.
    pub id: &'static str,
    /// How many of it one iteration does.
    pub iteration: u32,
    /// The target itself.
    pub at_least: AtLeast,
}

/// All targets.
pub const TARGETS: [Target; 8] = [
    Target { work: "sign", id: "sign/milchglas", iteration: 1, at_least: AtLeast::Times(4.0, "sign") },
    Target {
        work: "the draft's proof, made",
        id: "proof_gen/milchglas",
        iteration: 1,
        at_least: AtLeast::Times(6.0, "proof_gen"),
    },
    Target {
        work: "the draft's proof, checked",
        id: "proof_verify/milchglas",
        iteration: 1,
        at_least: AtLeast::Times(2.7, "proof_verify"),
    },
    Target {
        work: "adult, proved (without the wallet's check of its own proof)",
        id: "adult_prove/milchglas",
        iteration: 1,
        at_least: AtLeast::Times(6.0, "adult_prove"),
    },
    Target {
        work: "adult, answered from a precomputed presentation",
        id: "adult_prove/milchglas_precomputed",
        iteration: 1,
        at_least: AtLeast::Times(50.0, "adult_prove"),
    },
    Target {
        work: "adult, verified",
        id: "adult_verify/milchglas",
        iteration: 1,
        at_least: AtLeast::Times(5.5, "adult_verify"),
    },
    Target {
        work: "adult, verified in a batch of 1,000, each",
        id: "adult_verify/milchglas_batch_1000",
        iteration: 1000,
        at_least: AtLeast::Times(10.0, "adult_verify"),
    },
    Target {
        work: "a card of 13 messages, signed in bulk (applications checked before)",
        id: "issue_bulk/milchglas",
        iteration: 100,
        at_least: AtLeast::PerSecond(4000.0),
    },
];

/// How a target was met.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome<'m> {
    /// What one piece of the work took.
    pub each: Micros,
    /// The fastest other.
    pub peer: Option<(&'m str, Micros)>,
    /// How many times faster than that one, or how many a second.
    pub reached: f64,
    /// Whether that is enough.
    pub met: bool,
}

impl Target {
    /// Compares the target with what was measured.
    ///
    /// # Errors
    /// [`Missing`] what it takes.
    pub fn outcome<'m>(&self, measurements: &'m Measurements) -> Result<Outcome<'m>, Missing> {
        let each = Micros(measurements.median(self.id)?.0 / f64::from(self.iteration));
        let (peer, reached, least) = match self.at_least {
            AtLeast::PerSecond(least) => (None, 1e6 / each.0, least),
            AtLeast::Times(least, group) => {
                let peer = fastest_peer(measurements, group)?;
                (Some(peer), peer.1.0 / each.0, least)
            }
        };
        Ok(Outcome { each, peer, reached, met: reached >= least })
    }
}

/// Whether a function of a group is ours.
#[must_use]
pub fn is_ours(function: &str) -> bool {
    function.starts_with("milchglas")
}

/// Whether a function begins after a proof was decoded, which ours never do.
#[must_use]
pub fn is_decoded(function: &str) -> bool {
    function.ends_with("_decoded")
}

/// The fastest of the others that do the same, from bytes to bytes or from bytes to the verdict.
///
/// # Errors
/// [`Missing`] if there is none.
pub fn fastest_peer<'m>(measurements: &'m Measurements, group: &str) -> Result<(&'m str, Micros), Missing> {
    measurements
        .group(group)
        .filter(|(function, _)| !is_ours(function) && !is_decoded(function))
        .map(|(function, measurement)| (function, measurement.median))
        .min_by(|(_, a), (_, b)| a.0.total_cmp(&b.0))
        .ok_or_else(|| Missing(vec![format!("{group}/(a peer)")]))
}

/// The ids of all that tables and targets compare.
#[must_use]
pub fn ids() -> Vec<String> {
    let compared = COMPARED.iter().flat_map(|(group, peers)| {
        std::iter::once(&"milchglas").chain(*peers).map(move |function| format!("{group}/{function}"))
    });
    let mut ids: Vec<String> = compared.chain(TARGETS.iter().map(|target| target.id.to_owned())).collect();
    ids.push("adult_prove/milchglas_self_check".into());
    ids.push("issue_bulk/milchglas_check_applications".into());
    ids.sort();
    ids.dedup();
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(all: &[(&str, f64)]) -> Measurements {
        let mut measurements = Measurements::default();
        for (id, micros) in all {
            measurements.insert(id, Micros(*micros).into());
        }
        measurements
    }

    #[test]
    fn compares_with_the_fastest_other_that_starts_from_bytes() {
        let all = measured(&[
            ("proof_verify/bbs_plus", 2500.0),
            ("proof_verify/bbs_plus_decoded", 2200.0),
            ("proof_verify/zkryptium", 11_000.0),
            ("proof_verify/milchglas", 1000.0),
            ("proof_verify/milchglas_slow", 1.0),
        ]);
        assert_eq!(fastest_peer(&all, "proof_verify"), Ok(("bbs_plus", Micros(2500.0))));
        assert!(fastest_peer(&all, "proof").is_err());
        let target = Target {
            work: "",
            id: "proof_verify/milchglas",
            iteration: 1,
            at_least: AtLeast::Times(2.5, "proof_verify"),
        };
        let outcome = target.outcome(&all).unwrap();
        assert_eq!((outcome.reached, outcome.met), (2.5, true));
        let target = Target { at_least: AtLeast::Times(2.6, "proof_verify"), ..target };
        assert!(!target.outcome(&all).unwrap().met);
    }

    #[test]
    fn divides_an_iteration_into_its_pieces() {
        let all = measured(&[("g/milchglas_batch", 850_000.0), ("g/other", 8500.0)]);
        let target = Target { work: "", id: "g/milchglas_batch", iteration: 1000, at_least: AtLeast::Times(10.0, "g") };
        let outcome = target.outcome(&all).unwrap();
        assert_eq!((outcome.each, outcome.reached, outcome.met), (Micros(850.0), 10.0, true));
        let target = Target { at_least: AtLeast::PerSecond(1200.0), ..target };
        assert_eq!(target.outcome(&all).unwrap().peer, None);
        assert!(!target.outcome(&all).unwrap().met, "1,176 a second");
    }

    #[test]
    fn says_what_a_target_lacks() {
        for target in TARGETS {
            assert!(target.outcome(&Measurements::default()).unwrap_err().0.contains(&target.id.to_owned()));
            assert!(ids().contains(&target.id.to_owned()));
        }
    }
}

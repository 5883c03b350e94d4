//! The verifier: requests, verdicts, replay protection

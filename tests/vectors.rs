//! The vectors of `spec/vectors`.
#[test]
fn placeholder_until_the_corpus_is_in() {
    assert!(!include_str!("../spec/vectors/claims.json").is_empty());
}

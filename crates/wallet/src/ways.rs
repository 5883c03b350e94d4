//! The ways through a request's ask.
//!
//! Each `any` on a way takes one of its branches; the branch shows to the verifier.
//! Not here: which way a wallet can go and prefers (`consent`).

use milchglas_credential::request::{Ask, CredentialAsk};

/// Most ways that are looked at. An ask of at most 16 nodes has far fewer.
const MAX_WAYS: usize = 1024;

/// One way: which branches it takes, and which credentials it then has to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Way<'r> {
    /// For each `any` on the way, in the order in which it is met: the branch, from 0.
    pub(crate) branches: Vec<u8>,
    /// For each of them, how many branches it has.
    pub(crate) of: Vec<usize>,
    /// The credentials, in the order of the request.
    pub(crate) leaves: Vec<&'r CredentialAsk>,
}

/// All ways, in the order of the request. The depth of the recursion is that of the ask, at most 4.
pub(crate) fn ways(ask: &Ask) -> Vec<Way<'_>> {
    match ask {
        Ask::Credential(ask) => vec![Way { leaves: vec![ask], ..Way::default() }],
        Ask::All(asks) => asks.iter().fold(vec![Way::default()], |before, ask| {
            let next = ways(ask);
            let pairs = before.iter().flat_map(|way| next.iter().map(|more| way.then(more)));
            pairs.take(MAX_WAYS).collect()
        }),
        Ask::Any(asks) => {
            let branches = asks.iter().zip(0..=u8::MAX);
            let all = branches.flat_map(|(ask, branch)| {
                let start = Way { branches: vec![branch], of: vec![asks.len()], leaves: Vec::new() };
                ways(ask).into_iter().map(move |way| start.then(&way))
            });
            all.take(MAX_WAYS).collect()
        }
    }
}

impl<'r> Way<'r> {
    /// Whether claims of different credentials are compared.
    pub(crate) fn compares(&self) -> bool {
        self.leaves.iter().flat_map(|ask| &ask.prove).any(|predicate| predicate.counterpart().is_some())
    }

    fn then(&self, more: &Way<'r>) -> Self {
        Self {
            branches: [&self.branches[..], &more.branches[..]].concat(),
            of: [&self.of[..], &more.of[..]].concat(),
            leaves: [&self.leaves[..], &more.leaves[..]].concat(),
        }
    }
}

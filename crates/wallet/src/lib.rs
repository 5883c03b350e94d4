//! The holder's wallet: vault, consent, presenting

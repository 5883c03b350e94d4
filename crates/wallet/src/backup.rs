//! Backups, restoring, and the holder's own request to revoke.
//!
//! ```text
//! backup = sealed(passphrase, kind "wallet backup", vault ‖ the issuers' parameters)
//! ```
//! A backup is no vault and can not be put in the place of one: restoring it makes a wallet that knows that it was restored. What that means for
//! tokens stands in `counting`. Its id is new, so that no nonce of it repeats one of the wallet before. Answers made in idle time are in memory only
//! and in no backup; published sets and lists are to be added again.
//!
//! Secret: the content.
//! Caution: a backup is as good as the wallet. Whoever has it and its passphrase shows the holder's cards until they are revoked.
//! Not here: where backups are kept; the phrase, which restores the holder secret alone.

use milchglas_credential::cbor::{self, Reader, Wire, Writer};
use milchglas_credential::date::Timestamp;
use milchglas_credential::digest::{IssuerFingerprint, ParametersDigest};
use milchglas_credential::error::DecodeError;
use milchglas_credential::parameters::Parameters;
use milchglas_credential::revocation::RevocationRequest;
use milchglas_sealed::{MAX_FILE_BYTES, Passphrase, Work, seal, unseal};
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::error::{Error, Refusal};
use crate::store::Store;
use crate::vault::{MAX_ISSUERS, MAX_SEQUENCES, MAX_VAULT, State};
use crate::wallet::Wallet;

/// Not the kind of a vault, so that neither opens as the other.
const KIND: &str = "wallet backup";
const FORMAT: &str = "milchglas wallet backup/1";
/// A little less than a sealed file can hold.
const MAX_BACKUP: usize = MAX_FILE_BYTES - (1 << 20);
const MAX_PARAMETERS: usize = 4 << 20;

struct Backup {
    vault: Zeroizing<Vec<u8>>,
    parameters: Vec<String>,
}

impl<S: Store> Wallet<S> {
    /// The wallet's content, encrypted, to be kept somewhere else. Takes one scrypt of `work`.
    ///
    /// # Errors
    /// [`Error::ParametersLost`]; [`Error::Full`] where it is too large; [`Error::Vault`].
    pub fn backup(&self, passphrase: &Passphrase, work: Work) -> Result<Vec<u8>, Error> {
        let mut parameters = Vec::new();
        for (_, digest) in self.state.issuers.iter().flat_map(|issuer| &issuer.parameters) {
            let lost = Error::ParametersLost(*digest);
            parameters.push(self.pinned(digest)?.ok_or(lost)?.to_json()?);
        }
        let backup = Backup { vault: self.state.to_bytes(&self.root), parameters };
        let bytes = Zeroizing::new(cbor::to_bytes(&backup));
        if bytes.len() > MAX_BACKUP {
            return Err(Error::Full("data in one backup"));
        }
        Ok(seal(passphrase, KIND, &bytes, work)?)
    }

    /// Asks an issuer to revoke the cards that it has issued to this holder up to now: bytes for the issuer, which prove that they come from
    /// whoever has the holder secret. A wallet made from the recovery phrase can do it, with the issuer's file alone.
    ///
    /// # Errors
    /// [`Error::Refused`] with [`Refusal::UnknownIssuer`]; [`Error::Vault`].
    pub fn request_revocation(
        &mut self,
        issuer: &IssuerFingerprint,
        now: Timestamp,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Vec<u8>, Error> {
        let unknown = Refusal::UnknownIssuer { fingerprint: *issuer };
        let known = self.state.issuers.iter().find(|known| known.fingerprint == *issuer);
        let Some((_, digest)) = known.and_then(|known| known.parameters.last()).copied() else {
            return Err(unknown.into());
        };
        let counter = *self.reserve(1)?.end();
        let parameters = self.pinned(&digest)?.ok_or(unknown)?;
        let request = RevocationRequest::create(parameters, self.secret(), now, &self.hedge(counter), rng)?;
        Ok(request.to_bytes())
    }
}

impl<S: Store> Wallet<S> {
    /// Makes a wallet from a backup on any store, which `create` makes with the first content and the issuers' files. It gives no tokens of which it can
    /// not know that they are unused: see [`Wallet::allow_tokens`].
    ///
    /// # Errors
    /// [`Error::Vault`] for a wrong passphrase or changed bytes; [`Error::Refused`] with [`Refusal::BadBackup`]; those of `create`.
    pub fn restore_on(
        backup: &[u8],
        passphrase: &Passphrase,
        rng: &mut dyn CryptoRngCore,
        create: impl FnOnce(&[u8], &[(ParametersDigest, String)]) -> Result<S, Error>,
    ) -> Result<Self, Error> {
        let bytes = unseal(backup, passphrase, KIND)?;
        let backup: Backup = cbor::from_bytes(&bytes, MAX_BACKUP).map_err(|_| Refusal::BadBackup)?;
        let (mut root, mut state) = State::from_bytes(&backup.vault).map_err(|_| Refusal::BadBackup)?;
        rng.fill_bytes(&mut root.id);
        state.mark_restored();
        let mut parameters: Vec<(ParametersDigest, String)> = Vec::new();
        for json in backup.parameters {
            // Whether they are those that are pinned shows when they are used.
            let digest = Parameters::from_json(&json).map_err(|_| Refusal::BadBackup)?.digest();
            parameters.push((digest, json));
        }
        let vault = state.to_bytes(&root);
        Self::load(create(&vault, &parameters)?, &vault)
    }
}

#[cfg(not(target_family = "wasm"))]
impl Wallet<crate::Folder> {
    /// Makes a wallet in a folder from a backup, under a passphrase of its own. See [`Wallet::restore_on`].
    ///
    /// # Errors
    /// As there; [`Error::Vault`] where the folder has a vault.
    pub fn restore(
        dir: impl AsRef<std::path::Path>,
        backup: &[u8],
        backup_passphrase: &Passphrase,
        passphrase: &Passphrase,
        work: Work,
        rng: &mut dyn CryptoRngCore,
    ) -> Result<Self, Error> {
        Self::restore_on(backup, backup_passphrase, rng, |vault, parameters| {
            crate::Folder::create_with(dir.as_ref(), passphrase, work, vault, parameters)
        })
    }
}

impl Wire for Backup {
    fn write(&self, out: &mut Writer) {
        out.array(3).text(FORMAT).bytes(&self.vault).array(self.parameters.len());
        for json in &self.parameters {
            out.text(json);
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a backup of a wallet";
        input.array(3, what)?;
        if input.text(32, what)? != FORMAT {
            return Err(DecodeError { what });
        }
        let vault = Zeroizing::new(input.bytes_up_to(MAX_VAULT, what)?.to_vec());
        let mut parameters = Vec::new();
        for _ in 0..input.array_up_to(MAX_ISSUERS * MAX_SEQUENCES, what)? {
            parameters.push(input.text(MAX_PARAMETERS, what)?.to_owned());
        }
        Ok(Self { vault, parameters })
    }
}

//! A verifier as one sealed file, for where there is no folder: a kiosk in a browser, say.
//!
//! ```text
//! content = ["milchglas verifier/1", name, origin, seed, [parameters, …], [head, …]]
//! ```
//!
//! in CBOR. The parameters are the issuers' JSON files; of each of their signature keys there is the newest signed head that is known.
//!
//! Secret: the seed. Pending requests and tokens are not in it: after a restart no earlier request is known.
//! Not here: the encryption (`milchglas-sealed`).

use milchglas_credential::cbor::{self, Reader, Wire, Writer};
use milchglas_credential::error::DecodeError;
use milchglas_credential::parameters::Parameters;
use milchglas_credential::request::SigningKey;
use milchglas_credential::revocation::SignedHead;
use milchglas_credential::text::Origin;
use milchglas_sealed::{MAX_FILE_BYTES, Passphrase, SealedBytes, Work};
use zeroize::Zeroizing;

use crate::trust::MAX_TRUSTED;
use crate::{Error, MemoryStore, Verifier};

const KIND: &str = "verifier";
const FORMAT: &str = "milchglas verifier/1";
const MAX_NAME: usize = 256;
const MAX_PARAMETERS: usize = 4 << 20;
const MAX_HEADS: usize = 1 << 12;

struct Content {
    name: String,
    origin: Origin,
    seed: Zeroizing<[u8; 32]>,
    trusted: Vec<String>,
    heads: Vec<SignedHead>,
}

impl Verifier<MemoryStore> {
    /// Name, key, trusted issuers and their newest epochs, encrypted. Takes one scrypt of `work`.
    ///
    /// # Errors
    /// [`Error::File`] where encrypting fails.
    pub fn seal(&self, passphrase: &Passphrase, work: Work) -> Result<Vec<u8>, Error> {
        let identity = self.identity();
        let content = Content {
            name: identity.name.clone(),
            origin: identity.origin.clone(),
            seed: Zeroizing::new(self.key().to_bytes()),
            trusted: self.checker().trusted_json()?,
            heads: self.checker().newest_heads(),
        };
        let bytes = Zeroizing::new(cbor::to_bytes(&content));
        Ok(SealedBytes::create(passphrase, KIND, &bytes, work)?.as_bytes().to_vec())
    }

    /// The verifier that [`Verifier::seal`] gave, without any request.
    ///
    /// # Errors
    /// [`Error::File`] for a wrong passphrase or changed bytes; [`Error::Input`] and [`Error::Epoch`] where there is something else inside.
    pub fn unseal(sealed: &[u8], passphrase: &Passphrase) -> Result<Self, Error> {
        let (_, bytes) = SealedBytes::open(sealed.to_vec(), passphrase, KIND)?;
        let content: Content = cbor::from_bytes(&bytes, MAX_FILE_BYTES)?;
        let trusted = content.trusted.iter().map(|json| Parameters::from_json(json)).collect::<Result<Vec<_>, _>>()?;
        let key = SigningKey::from_bytes(&content.seed);
        let verifier = Self::new(&content.name, content.origin, key, trusted, MemoryStore::new())?;
        for head in &content.heads {
            verifier.learn_epoch(&head.to_bytes())?;
        }
        Ok(verifier)
    }
}

impl Wire for Content {
    fn write(&self, out: &mut Writer) {
        out.array(6).text(FORMAT).text(&self.name).object(&self.origin).bytes(self.seed.as_slice());
        out.array(self.trusted.len());
        for json in &self.trusted {
            out.text(json);
        }
        out.list(self.heads.iter());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let what = "a sealed verifier of version 1";
        input.array(6, what)?;
        if input.text(32, what)? != FORMAT {
            return Err(DecodeError { what });
        }
        let name = input.text(MAX_NAME, what)?.to_owned();
        let (origin, seed) = (input.object()?, Zeroizing::new(input.bytes(what)?));
        let mut trusted = Vec::new();
        for _ in 0..input.array_up_to(MAX_TRUSTED, what)? {
            trusted.push(input.text(MAX_PARAMETERS, what)?.to_owned());
        }
        let heads = input.list(MAX_HEADS, what)?;
        Ok(Self { name, origin, seed, trusted, heads })
    }
}

#[cfg(test)]
mod tests {
    use milchglas_credential::schema::Schema;
    use milchglas_tests::TestIssuer;

    use super::*;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(&Zeroizing::new(text.to_owned())).unwrap()
    }

    #[test]
    fn roundtrips_with_the_right_passphrase_only() {
        let issuer = TestIssuer::new("state", vec![Schema::national_id().unwrap()]).unwrap();
        let key = SigningKey::from_bytes(&[7; 32]);
        let origin = "https://cafe.example".parse().unwrap();
        let cafe = Verifier::new("Café Glas", origin, key, [], MemoryStore::new()).unwrap();
        cafe.trust(&issuer.parameters.to_json().unwrap(), None).unwrap();
        let first = issuer.first_epoch().unwrap();
        cafe.learn_epoch(&first.head().to_bytes()).unwrap();
        let work = Work::with_log_n(1).unwrap();
        let sealed = cafe.seal(&passphrase("a"), work).unwrap();
        assert!(!sealed.windows(32).any(|window| window == [7; 32]));

        let again = Verifier::unseal(&sealed, &passphrase("a")).unwrap();
        assert_eq!(again.identity(), cafe.identity());
        assert_eq!(again.checker().trusted(), cafe.checker().trusted());
        assert_eq!(again.checker().newest_heads(), [first.head().clone()]);
        assert_eq!(again.key().to_bytes(), [7; 32]);
        let refused = |sealed: &[u8], text| Verifier::unseal(sealed, &passphrase(text)).map(|_| ()).unwrap_err();
        assert_eq!(refused(&sealed, "b"), Error::File(milchglas_sealed::Error::Unopenable));
        for place in [0, 20, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(matches!(refused(&changed, "a"), Error::File(_)), "byte {place}");
        }
        assert!(matches!(refused(&sealed[..sealed.len() - 1], "a"), Error::File(_)));
    }
}

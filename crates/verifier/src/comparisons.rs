//! Whether claims that a request compares can be compared, whichever of the accepted schemas are shown.
//!
//! Not here: the comparison itself (the credential crate).

use milchglas_credential::claim::ClaimType;
use milchglas_credential::predicate::Predicate;
use milchglas_credential::request::{Ask, CredentialAsk, SchemaRef};
use milchglas_credential::text::ClaimName;

use crate::Error;
use crate::trust::Trust;

/// Checks that the claims of every `same_as` have the same type in all accepted schemas.
///
/// # Errors
/// [`Error::Unfit`] naming the schema that has no such claim, or one of another type.
pub(crate) fn check_comparisons(ask: &Ask, trust: &Trust) -> Result<(), Error> {
    let credentials = ask.credentials();
    for here in &credentials {
        for predicate in &here.prove {
            let Predicate::SameAs { claim, credential, other } = predicate else { continue };
            // A name that is missing makes no request; that is checked there.
            let Some(there) = credentials.iter().find(|ask| ask.name == *credential) else { continue };
            let mut types = Vec::new();
            for (ask, name) in [(here, claim), (there, other)] {
                collect(ask, name, trust, &mut types)?;
            }
            if let Some((schema, _)) =
                types.iter().find(|(_, claim_type)| types.first().map(|(_, t)| t) != Some(claim_type))
            {
                let what = "its claim is not of the type of the one that it is compared with";
                return Err(Error::Unfit { schema: schema.id.clone(), what });
            }
        }
    }
    Ok(())
}

/// Appends the type that a claim has in each accepted schema.
fn collect<'a>(
    ask: &'a CredentialAsk,
    name: &ClaimName,
    trust: &'a Trust,
    types: &mut Vec<(&'a SchemaRef, &'a ClaimType)>,
) -> Result<(), Error> {
    for accepted in &ask.schemas {
        let schema = trust.all().into_iter().find_map(|parameters| parameters.schema(&accepted.digest));
        let claim = schema.and_then(|schema| schema.claim(schema.index_of(name.as_str())?));
        let what = "it has no claim of a name that is compared";
        let claim = claim.ok_or_else(|| Error::Unfit { schema: accepted.id.clone(), what })?;
        types.push((accepted, &claim.claim_type));
    }
    Ok(())
}

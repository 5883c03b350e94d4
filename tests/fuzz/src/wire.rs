//! The wire forms: requests, what passes while a card is issued, presentations.

use crate::scene::SCENE;
use crate::{Target, bytes, edits};
use milchglas_credential::credential::Credential;
use milchglas_credential::issuance::{Application, SignedInvitation};
use milchglas_credential::presentation::Presentation;
use milchglas_credential::request::{Request, SignedRequest};
use milchglas_tests::{SeededRng, verifier_key};

/// The canonical form of a request.
pub const REQUEST: Target = Target { name: "request", seeds: request_seeds, property: request };

/// A signed request.
pub const SIGNED_REQUEST: Target =
    Target { name: "signed_request", seeds: signed_request_seeds, property: signed_request };

/// A signed invitation, also checked under the issuer's parameters.
pub const INVITATION: Target =
    Target { name: "invitation", seeds: || bytes(&[&SCENE.signed_invitation]), property: invitation };

/// An application, also checked for its invitation.
pub const APPLICATION: Target =
    Target { name: "application", seeds: || bytes(&[&SCENE.application]), property: application };

/// A credential, also checked under its key.
pub const CREDENTIAL: Target =
    Target { name: "credential", seeds: || vec![SCENE.card.to_bytes().to_vec()], property: credential };

/// A presentation as a verifier reads it, also checked against every request of the scene.
pub const PRESENTATION: Target = Target { name: "presentation", seeds: presentation_seeds, property: presentation };

/// A genuine presentation, by its number in the first byte, with the changes that the rest says.
pub const PRESENTATION_CHECK: Target = Target {
    name: "presentation_check",
    seeds: || (0..4).map(|number| vec![number]).collect(),
    property: presentation_check,
};

fn request_seeds() -> Vec<Vec<u8>> {
    SCENE.answered.iter().map(|(request, _)| request.to_bytes().to_vec()).collect()
}

fn request(input: &[u8]) -> bool {
    let Ok(request) = Request::from_bytes(input) else { return false };
    assert_eq!(request.to_bytes(), input);
    // From either form the other follows.
    let json = request.to_json().unwrap();
    assert_eq!(Request::from_json(&json).unwrap(), request);
    true
}

fn signed_request_seeds() -> Vec<Vec<u8>> {
    SCENE.answered.iter().map(|(request, _)| request.sign(&verifier_key()).unwrap().to_bytes()).collect()
}

fn signed_request(input: &[u8]) -> bool {
    let Ok(authenticated) = SignedRequest::verify(input) else { return false };
    assert_eq!(authenticated.signed().to_bytes(), input);
    // Nobody but the scene's verifier signs, and it signs these only.
    assert!(SCENE.answered.iter().any(|(request, _)| request == authenticated.request()));
    true
}

fn invitation(input: &[u8]) -> bool {
    let Ok(invitation) = SignedInvitation::from_bytes(input) else { return false };
    assert_eq!(invitation.to_bytes(), input);
    let holds = invitation.verify(&SCENE.issuer.parameters).is_ok();
    assert_eq!(holds, input == SCENE.signed_invitation);
    true
}

fn application(input: &[u8]) -> bool {
    let Ok(application) = Application::from_bytes(input) else { return false };
    assert_eq!(application.to_bytes(), input);
    let mut rng = SeededRng::new("application");
    let verified = application.verify(&SCENE.invitation, &SCENE.issuer.parameters, &mut rng);
    assert_eq!(verified.is_ok(), input == SCENE.application);
    true
}

fn credential(input: &[u8]) -> bool {
    let parameters = &SCENE.issuer.parameters;
    let Ok(card) = Credential::from_bytes(input, |_, schema| parameters.schema(schema)) else { return false };
    assert_eq!(card.to_bytes().as_slice(), input);
    let schema = parameters.schema(&card.schema()).unwrap();
    // What a wallet shows its owner can be read again.
    let json = card.claims().to_json(schema).unwrap();
    let again = milchglas_credential::claim::Claims::from_json(schema, &json).unwrap();
    assert_eq!(again.values(), card.claims().values());
    if let Some(key) = parameters.signing_key(&card.schema()) {
        let holds = card.verify(&SCENE.k, key, schema).is_ok();
        // The issuer's fingerprint is not signed: the key's id contains it.
        assert!(!holds || same_card(&card));
    }
    true
}

fn same_card(card: &Credential) -> bool {
    card.claims().values() == SCENE.card.claims().values() && card.handle().as_bytes() == SCENE.card.handle().as_bytes()
}

fn presentation_seeds() -> Vec<Vec<u8>> {
    SCENE.answered.iter().map(|(_, answer)| answer.clone()).collect()
}

fn presentation(input: &[u8]) -> bool {
    let Ok(presentation) = Presentation::from_bytes(input) else { return false };
    assert_eq!(presentation.to_bytes(), input);
    for (request, genuine) in &SCENE.answered {
        let mut rng = SeededRng::new("presentation");
        let verified = presentation.verify(request, &[&SCENE.issuer.parameters], &mut rng);
        assert_eq!(verified.is_ok(), input == genuine);
    }
    true
}

fn presentation_check(input: &[u8]) -> bool {
    let Some((number, changes)) = input.split_first() else { return false };
    let place = usize::from(*number) % SCENE.answered.len();
    let (request, genuine) = &SCENE.answered[place];
    let others: Vec<&[u8]> = SCENE.answered.iter().map(|(_, answer)| answer.as_slice()).collect();
    let changed = edits::apply(genuine, &others, changes);
    let Ok(presentation) = Presentation::from_bytes(&changed) else { return false };
    assert_eq!(presentation.to_bytes(), changed);
    let verified = presentation.verify(request, &[&SCENE.issuer.parameters], &mut SeededRng::new("check"));
    assert_eq!(verified.is_ok(), changed == *genuine, "a changed presentation was taken for genuine");
    true
}

//! A document, signed and checked later; names and tokens through the program.

mod program;

use program::World;

const CONTRACT: &[u8] = b"Account contract\n\x00\xff not a text\n";

#[test]
fn signs_a_document_that_anybody_can_check_later() {
    let world = World::new();
    world.issue("wallet", "A1", "1985-07-09");
    world.write("contract", CONTRACT);
    world.write("other", b"Another contract");
    world.write(
        "account.json",
        br#"{"milchglas": "template/1", "purpose": "Open an account", "ask": {"credential": {
            "name": "card", "schemas": ["national-id"],
            "prove": [{"age_at_least": {"claim": "date_of_birth", "years": 18}}, "valid"]}}}"#,
    );
    let respond = "wallet respond request --yes --out reply --passphrase-file secret";
    let request =
        "verifier request account.json --document contract --title Contract --out request --passphrase-file secret";
    world.ok(request);
    world.fails("verifier request account.json --document contract --out none --passphrase-file secret", 2);

    world.fails(respond, 2);
    world.fails(&format!("{respond} --document other"), 1);
    world.fails(&format!("{respond} --document nowhere"), 4);
    assert!(!world.has("reply"));
    let shown = world.run(&format!("{respond} --document contract")).exits(0);
    assert!(shown.text().contains("“Contract”"), "{}", shown.text());
    let verdict = world.ok("verifier check reply");
    assert_eq!(verdict["document"]["title"], "Contract");

    // Years later, by somebody with the pair, the file and the issuer's parameters.
    let check = "verify-document request reply contract --issuer office.json";
    let later = world.run_at("2031-01-01T00:00:00Z", &format!("{check} --json"), b"").exits(0).json();
    assert_eq!((&later["signed"], &later["issued"]), (&true.into(), &"2026-11-23T09:00:00Z".into()));
    assert_eq!(later["signers"][0]["proved"].as_array().unwrap().len(), 2);
    assert!(world.run(check).exits(0).text().starts_with("Signed: Contract (SHA-256 "));
    world.fails("verify-document request reply other --issuer office.json", 1);
    world.fails("verify-document contract reply contract --issuer office.json", 3);
    world.fails("verify-document request contract contract --issuer office.json", 3);
    let mut forged = world.read("reply");
    *forged.last_mut().unwrap() ^= 1;
    world.write("forged", &forged);
    world.fails("verify-document request forged contract --issuer office.json", 1);

    // A request about no document takes none, and is no signature.
    world.ok("verifier request cafe --out plain --passphrase-file secret");
    world.fails("wallet respond plain --yes --document contract --out none --passphrase-file secret", 1);
    world.ok("wallet respond plain --yes --out plain-reply --passphrase-file secret");
    world.fails("verify-document plain plain-reply contract --issuer office.json", 1);
}

#[test]
fn opens_at_most_two_accounts_and_knows_its_customer_again() {
    let world = World::new();
    world.issue("wallet", "A1", "1985-07-09");
    world.write(
        "accounts.json",
        br#"{"milchglas": "template/1", "purpose": "Open an account", "ask": {"credential": {
            "name": "card", "schemas": ["national-id"], "prove": ["valid"], "not_revoked": {"within": 0},
            "pseudonym": {"scope": "customers"}, "rate": {"scope": "accounts", "epoch": "2026", "limit": 2}}}}"#,
    );
    let mut verdicts = Vec::new();
    for number in 1..=2 {
        world.ok(&format!("verifier request accounts.json --out request-{number} --passphrase-file secret"));
        world.ok(&format!("wallet respond request-{number} --yes --out answer-{number} --passphrase-file secret"));
        verdicts.push(world.ok(&format!("verifier check answer-{number}")));
    }
    assert_eq!(verdicts[0]["pseudonyms"], verdicts[1]["pseudonyms"]);
    assert_ne!(verdicts[0]["tokens"], verdicts[1]["tokens"]);
    world.ok("verifier request accounts.json --out request-3 --passphrase-file secret");
    let refused = world.fails("wallet respond request-3 --yes --out answer-3 --passphrase-file secret", 1);
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.contains("You have used all 2 tokens"), "{message}");
    let shown = world.run("inspect request-3").exits(0);
    assert!(shown.text().contains("one of at most 2 tokens in the scope accounts, epoch 2026"), "{}", shown.text());
    assert!(shown.text().contains("the holder's name in the scope customers"), "{}", shown.text());
}

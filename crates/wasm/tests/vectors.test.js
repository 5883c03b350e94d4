// The objects of spec/vectors get the verdicts here that the files state, which tests/vectors.rs holds the native code to.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { pathToFileURL } from "node:url";

// The package that `cargo xtask wasm --testing --out FOLDER` wrote.
const { VectorParameters, load, vectorClaims, vectorRequest, vectorVerdict } = await import(pathToFileURL(`${process.env.WASM_TESTING}/measure.js`));

const root = new URL("../../../", import.meta.url);
const text = (path) => readFileSync(new URL(path, root), "utf8");
const json = (path) => JSON.parse(text(path));
const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (bytes) => Buffer.from(bytes).toString("hex");

await load();
const published = Object.fromEntries(
  ["state", "city", "careless"].map((name) => [
    name,
    new VectorParameters(text(`spec/vectors/parameters-${name}.json`)),
  ]),
);
const verdict = (trusted, request, presentation) =>
  vectorVerdict(
    trusted.map((name) => published[name].copy()),
    bytes(request),
    bytes(presentation),
  );

test("digit signatures hold except where they were exchanged", () => {
  for (const [name, parameters] of Object.entries(published)) assert.equal(parameters.check(), name !== "careless", name);
});

test("parameters that were altered are refused", () => {
  const altered = text("spec/vectors/parameters-city.json").replace("City of Glass", "City of Brass");
  assert.throws(() => new VectorParameters(altered));
});

test("accepts every accepted presentation, with the same disclosed values", () => {
  const { accepted } = json("spec/vectors/presentations.json");
  assert.ok(accepted.length >= 27);
  for (const { name, trusted, request, presentation, disclosed } of accepted) {
    const seen = verdict(trusted, request, presentation);
    assert.equal(seen.accepted, true, name);
    const shown = seen.disclosed.map((claims) => claims.map(([claim, value]) => [claim, hex(value)]));
    assert.deepEqual(shown, disclosed, name);
  }
});

test("rejects every rejected presentation at the same step", () => {
  const { accepted, rejected } = json("spec/vectors/presentations.json");
  assert.ok(rejected.length >= 182);
  const steps = { encoding: "encoding", mismatch: "mismatch or proof", proof: "mismatch or proof", pairing: "pairing" };
  for (const { name, of, reason, ...changed } of rejected) {
    const { trusted, request, presentation } = { ...accepted.find((other) => other.name === of), ...changed };
    assert.deepEqual(verdict(trusted, request, presentation), { accepted: false, reason: steps[reason] }, name);
  }
});

test("agrees on issuing", () => {
  const file = json("spec/vectors/issuance.json");
  const parameters = published[file.parameters];
  const [invitation, application, credential] = [file.invitation, file.application, file.credential].map(bytes);
  // As 64 bytes, k is the number that it is.
  const k = bytes(file.k.padStart(128, "0"));
  const holds = {
    invitation: (object) => parameters.invitationHolds(object),
    application: (object) => parameters.applicationDigest(object, invitation) !== undefined,
    credential: (object) => parameters.credentialHolds(object, k),
  };
  assert.ok(holds.invitation(invitation));
  assert.equal(hex(parameters.applicationDigest(application, invitation)), file.application_digest);
  assert.ok(holds.credential(credential));
  assert.ok(file.rejected.length >= 17);
  for (const { name, object, bytes: altered } of file.rejected) assert.equal(holds[object](bytes(altered)), false, name);
});

test("gives requests the same bytes", () => {
  const { vectors, secret_key } = json("spec/vectors/requests.json");
  const { examples } = json("spec/request.schema.json");
  for (const { example, canonical, digest, signed } of vectors) {
    const made = vectorRequest(JSON.stringify(examples[example]), bytes(secret_key));
    assert.deepEqual(made.map(hex), [canonical, digest, signed], `example ${example}`);
  }
});

test("gives claims the same bytes and scalars", () => {
  for (const { schema, schema_digest, claims, wire, scalars } of json("spec/vectors/claims.json").vectors) {
    const [path, example] = schema.split(", example ");
    const file = example === undefined ? text(path) : JSON.stringify(json(path).examples[example]);
    const made = vectorClaims(file, JSON.stringify(claims));
    assert.deepEqual(made.map(hex), [schema_digest, wire, scalars.join("")], schema);
  }
});

// The objects of spec/vectors get the verdicts in Chromium that the files state, which tests/vectors.rs holds the native code to.
//
// WASM_TESTING is the package that `cargo xtask wasm --testing --out FOLDER` wrote: the same code with what only tests call.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { launch, serve, visit } from "./stage.js";

const VECTORS = new URL("../../spec/vectors/", import.meta.url);
const ISSUERS = ["state", "city", "careless"];
/** What the module says for each step at which the files say that something is refused. */
const STEPS = { encoding: "encoding", mismatch: "mismatch or proof", proof: "mismatch or proof", pairing: "pairing" };

const read = (name) => readFileSync(new URL(name, VECTORS), "utf8");

/** In the page: the verdict for each case. */
async function verdicts({ published, cases }) {
  const { VectorParameters, load, vectorVerdict } = await import("/testing/measure.js");
  await load();
  const parameters = Object.fromEntries(Object.entries(published).map(([name, json]) => [name, new VectorParameters(json)]));
  const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return cases.map(({ trusted, request, presentation }) => {
    const { disclosed, ...verdict } = vectorVerdict(trusted.map((name) => parameters[name].copy()), bytes(request), bytes(presentation));
    const shown = disclosed?.map((claims) => claims.map(([claim, value]) => [claim, hex(value)]));
    return { ...verdict, ...(shown && { disclosed: shown }) };
  });
}

test("every presentation of the corpus gets the native verdict in the browser", async () => {
  const { accepted, rejected } = JSON.parse(read("presentations.json"));
  const cases = [
    ...accepted.map((one) => ({ ...one, expected: { accepted: true, disclosed: one.disclosed } })),
    ...rejected.map(({ of, reason, ...changed }) => ({
      ...accepted.find(({ name }) => name === of),
      ...changed,
      expected: { accepted: false, reason: STEPS[reason] },
    })),
  ];
  assert.ok(accepted.length >= 27 && rejected.length >= 182);

  const server = await serve();
  const browser = await launch();
  try {
    const { page } = await visit(browser, server.address, { serviceWorkers: "block" });
    await page.route("**/testing/*", (route) => {
      const name = new URL(route.request().url()).pathname.split("/").at(-1);
      const contentType = name.endsWith(".wasm") ? "application/wasm" : "text/javascript";
      return route.fulfill({ contentType, body: readFileSync(`${process.env.WASM_TESTING}/${name}`) });
    });
    const published = Object.fromEntries(ISSUERS.map((name) => [name, read(`parameters-${name}.json`)]));
    const given = cases.map(({ trusted, request, presentation }) => ({ trusted, request, presentation }));
    const seen = await page.evaluate(verdicts, { published, cases: given });
    assert.equal(seen.length, cases.length);
    cases.forEach(({ name, expected }, place) => assert.deepEqual(seen[place], expected, name));
  } finally {
    await browser.close();
    await server.stop();
  }
});

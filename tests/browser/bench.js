// What it costs in the page, beside another implementation of BBS in the same page: target/browser/bench.json.
//
// Times are medians in milliseconds. They are printed, not judged: machines differ.

import { readFileSync, writeFileSync } from "node:fs";

import { askFor, enrol, launch, makeWallet, output, serve, share, visit } from "./stage.js";

const PEER = new URL("./node_modules/@mattrglobal/pairing-crypto/lib/web/", import.meta.url);
const RUNS = 25;
const LOADS = 7;

const server = await serve();
const browser = await launch();
const result = { ...(await loading()), ...(await errand()), bbs: await besideThePeer() };
await browser.close();
await server.stop();
writeFileSync(`${output}/bench.json`, `${JSON.stringify(result, null, 2)}\n`);
console.log(JSON.stringify(result, null, 2));

function median(times) {
  return Number(times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)].toFixed(2));
}

/** From the navigation to a kiosk that has asked and a wallet that can be made; each in a browser that knows nothing. */
async function loading() {
  const usable = [];
  for (let run = 0; run < LOADS; run += 1) {
    const { page, context } = await visit(browser, server.address);
    usable.push(await page.evaluate(() => performance.getEntriesByName("usable")[0].startTime));
    await context.close();
  }
  return { first_load_to_usable: median(usable) };
}

/** The café, as a person sees it: through the worker, with the wallet's changes saved before the answer leaves it. */
async function errand() {
  const { page, context } = await visit(browser, server.address);
  await makeWallet(page);
  await enrol(page);
  const times = { afresh: [], pooled: [], checked: [] };
  const took = async (part) => Number(await page.getAttribute(part, "data-took"));
  for (let run = 0; run < RUNS; run += 1) {
    await askFor(page, "cafe");
    await share(page);
    times[run === 0 ? "afresh" : "pooled"].push(await took("#wallet"));
    times.checked.push(await took("#kiosk"));
    await page.waitForSelector("#wallet .stamp.yes");
    await page.click("#shared-done");
    // Idle time, in which the wallet makes the next ones.
    await page.waitForTimeout(400);
  }
  const inside = await page.evaluate(measureModule, { runs: RUNS });
  await context.close();
  return { through_the_page: { answer_from_the_pool: median(times.pooled), check: median(times.checked) }, in_the_module: inside };
}

/** Wallet and verifier without a worker and without a disk. */
async function measureModule({ runs }) {
  const version = document.querySelector("script[src]").src.replace(/app\.js$/, "");
  const { MemoryStorage, Verifier, Wallet } = await import(`${version}wasm/index.js`);
  const bytes = (text) => new TextEncoder().encode(text);
  const { parameters } = await (await fetch("/office")).json();
  const { wallet } = await Wallet.create({ storage: new MemoryStorage(), passphrase: bytes("for measuring"), work: 1 });
  await wallet.addIssuer(parameters);
  const person = { given_names: "Erika", surname: "Mustermann", date_of_birth: "1990-01-31" };
  const invited = await (await fetch("/office/invitation", { method: "POST", body: JSON.stringify(person) })).json();
  const application = await wallet.apply(Uint8Array.from(invited.invitation.match(/../g), (pair) => parseInt(pair, 16)));
  await wallet.accept(new Uint8Array(await (await fetch("/office/answer", { method: "POST", body: application })).arrayBuffer()));
  const verifier = await Verifier.create({ name: "Bench", origin: "https://bench.example" });
  await verifier.trust(parameters);
  for (const follower of [wallet, verifier]) await follower.sync(`${location.origin}/epochs`);

  const times = { prove: [], pool: [], verify: [] };
  const timed = async (list, work) => {
    const begun = performance.now();
    const result = await work();
    list.push(performance.now() - begun);
    return result;
  };
  for (let run = 0; run < runs; run += 1) {
    for (const list of [times.prove, times.pool]) {
      if (list === times.pool) await wallet.prepare();
      else await wallet.discardPrepared();
      const { bytes } = await verifier.request("cafe");
      const consent = await wallet.review(bytes);
      const answer = await timed(list, () => wallet.respond(consent));
      const verdict = await timed(times.verify, () => verifier.check(answer));
      if (!verdict.accepted) throw new Error(verdict.reason);
    }
  }
  const middle = (list) => Number(list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)].toFixed(2));
  return { prove_the_cafe: middle(times.prove), answer_from_the_pool: middle(times.pool), verify_the_cafe: middle(times.verify) };
}

/** Plain BBS, SHA-256, 10 messages of which 3 are disclosed. */
async function besideThePeer() {
  const { page, context } = await visit(browser, server.address, { serviceWorkers: "block" });
  await page.route("**/peer/*", (route) => {
    const name = new URL(route.request().url()).pathname.split("/").at(-1);
    const contentType = name.endsWith(".wasm") ? "application/wasm" : "text/javascript";
    return route.fulfill({ contentType, body: readFileSync(new URL(name, PEER)), headers: { "cross-origin-resource-policy": "same-origin" } });
  });
  // The same code with what only tests call: `cargo xtask wasm --testing --out FOLDER`.
  await page.route("**/testing/*", (route) => {
    const name = new URL(route.request().url()).pathname.split("/").at(-1);
    const contentType = name.endsWith(".wasm") ? "application/wasm" : "text/javascript";
    return route.fulfill({ contentType, body: readFileSync(`${process.env.WASM_TESTING}/${name}`), headers: { "cross-origin-resource-policy": "same-origin" } });
  });
  const figures = await page.evaluate(async (runs) => {
    const ours = await import("/testing/measure.js");
    await ours.load();
    const peer = await import("/peer/index.js");
    await peer.default();
    const bytes = (text) => new TextEncoder().encode(text);
    const [header, presentationHeader] = [bytes("header"), bytes("nonce")];
    const disclosed = [0, 4, 8];
    const messages = Array.from({ length: 10 }, (_, place) => bytes(`message ${place}`));

    const pair = await peer.bbs_bls12_381_generate_key_pair({});
    const key = { secretKey: new Uint8Array(pair.secretKey), publicKey: new Uint8Array(pair.publicKey) };
    const signature = new Uint8Array(await peer.bbs_bls12_381_sha_256_sign({ ...key, header, messages }));
    const told = messages.map((value, place) => ({ value, reveal: disclosed.includes(place) }));
    const shown = Object.fromEntries(disclosed.map((place) => [place, messages[place]]));
    const { publicKey } = key;
    const peerProve = () => peer.bbs_bls12_381_sha_256_proof_gen({ publicKey, header, presentationHeader, signature, verifySignature: false, messages: told });
    const peerProof = new Uint8Array(await peerProve());
    const peerVerify = () => peer.bbs_bls12_381_sha_256_proof_verify({ publicKey, header, presentationHeader, proof: peerProof, messages: shown });

    const bench = new ours.BbsBench(10);
    const ourProve = () => bench.proofGen(presentationHeader, Uint32Array.from(disclosed));
    const ourProof = ourProve();
    const ourVerify = () => bench.proofVerify(ourProof, presentationHeader, Uint32Array.from(disclosed));
    if (ourVerify() !== true || (await peerVerify()).verified !== true) throw new Error("a proof does not hold");

    const works = { prove: ourProve, peer_prove: peerProve, verify: ourVerify, peer_verify: peerVerify };
    const times = Object.fromEntries(Object.keys(works).map((name) => [name, []]));
    // In turn, so that what else the machine does hits all alike.
    for (let run = 0; run < runs; run += 1) {
      for (const [name, work] of Object.entries(works)) {
        const begun = performance.now();
        await work();
        times[name].push(performance.now() - begun);
      }
    }
    return times;
  }, RUNS);
  await context.close();
  const medians = Object.fromEntries(Object.entries(figures).map(([name, times]) => [name, median(times)]));
  const factor = (a, b) => Number((a / b).toFixed(2));
  return { ...medians, prove_times_faster: factor(medians.peer_prove, medians.prove), verify_times_faster: factor(medians.peer_verify, medians.verify) };
}

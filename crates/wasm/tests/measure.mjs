// What the café costs in WebAssembly, and plain BBS beside another implementation: `node measure.mjs [FOLDER]`. The folder is one in which
// `npm install @mattrglobal/pairing-crypto` was run; without it the comparison is left out. WASM_TESTING is the package that
// `cargo xtask wasm --testing --out FOLDER` wrote; the café is measured in the one that ships.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { MemoryStorage, Verifier, Wallet } from "../../../target/wasm-pkg/index.js";

const program = process.env.MILCHGLAS ?? fileURLToPath(new URL("../../../target/debug/milchglas", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "milchglas-"));
const at = (name) => join(folder, name);
const secret = () => new TextEncoder().encode("measured");
writeFileSync(at("secret"), "measured");
const native = (...words) =>
  execFileSync(program, [...words, "--passphrase-file", "secret"], { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });

function middle(times) {
  times.sort((one, other) => one - other);
  return { median: times[Math.floor(times.length / 2)], least: times[0] };
}

/** The median and the least of so many runs, in milliseconds. */
async function measured(runs, work) {
  const times = [];
  for (let run = 0; run < runs; run += 1) {
    const start = performance.now();
    await work(run);
    times.push(performance.now() - start);
  }
  return middle(times);
}

const report = (what, { median, least }) =>
  console.log(`${what.padEnd(44)} ${median.toFixed(2)} ms, at least ${least.toFixed(2)} ms`);

native("issuer", "init", "--name", "Office", "--work", "4");
native("issuer", "publish", "--out", "office.json");
writeFileSync(at("claims.json"), execFileSync(program, ["issuer", "claims", "national-id"], { cwd: folder }));
native("issuer", "invite", "--schema", "national-id", "--claims", "claims.json", "--assurance", "full", "--out", "invitation");
const office = readFileSync(at("office.json"), "utf8");
const { wallet } = await Wallet.create({ storage: new MemoryStorage(), passphrase: secret(), work: 4 });
await wallet.addIssuer(office);
writeFileSync(at("application"), await wallet.apply(new Uint8Array(readFileSync(at("invitation")))));
native("issuer", "issue", "application", "--out", "answer");
await wallet.accept(new Uint8Array(readFileSync(at("answer"))));
const cafe = await Verifier.create({ name: "Café Glas", origin: "https://cafe.example" });
await cafe.trust(office);
native("issuer", "epoch", "--out", "epochs");
const epochs = async (path) => (existsSync(at(`epochs/${path}`)) ? new Uint8Array(readFileSync(at(`epochs/${path}`))) : null);
await wallet.sync(epochs);
await cafe.sync(epochs);
rmSync(folder, { recursive: true });

const consent = async () => wallet.review((await cafe.request("cafe")).bytes);
for (let round = 0; round < 5; round += 1) await cafe.check(await wallet.respond(await consent()));
const consents = [];
for (let run = 0; run < 15; run += 1) consents.push(await consent());
const answers = [];
report("café: prove, own check and saving included", await measured(15, async (run) => answers.push(await wallet.respond(consents[run]))));
report("café: verify", await measured(15, async (run) => cafe.check(answers[run])));
const pooled = [];
for (let round = 0; round < 6; round += 1) {
  await wallet.prepare();
  for (let left = await wallet.prepared(); left > 0; left -= 1) {
    const agreed = await consent();
    const start = performance.now();
    await wallet.respond(agreed);
    pooled.push(performance.now() - start);
  }
}
report("café: answer from the pool, saving included", middle(pooled));

if (!process.env.WASM_TESTING) {
  await wallet.lock();
  process.exit();
}
const { BbsBench, load } = await import(pathToFileURL(`${process.env.WASM_TESTING}/measure.js`));
await load();
const disclosed = Uint32Array.of(0, 4, 9);
const nonce = new Uint8Array(16).fill(7);
const bench = new BbsBench(10);
for (let round = 0; round < 5; round += 1) bench.proofVerify(bench.proofGen(nonce, disclosed), nonce, disclosed);
const proof = bench.proofGen(nonce, disclosed);
const own = [
  await measured(21, () => bench.proofGen(nonce, disclosed)),
  await measured(21, () => bench.proofVerify(proof, nonce, disclosed)),
];
report("BBS, 3 of 10 disclosed: proof_gen", own[0]);
report("BBS, 3 of 10 disclosed: proof_verify", own[1]);

if (process.argv[2]) {
  const require = createRequire(join(resolve(process.argv[2]), "package.json"));
  const { bbs } = require("@mattrglobal/pairing-crypto");
  const suite = bbs.bls12381_sha256;
  const { secretKey, publicKey } = await suite.generateKeyPair();
  const messages = Array.from({ length: 10 }, (_, place) => new TextEncoder().encode(`message ${place}`));
  const header = new TextEncoder().encode("milchglas bench");
  const signature = await suite.sign({ secretKey, publicKey, header, messages });
  const asked = {
    publicKey, header, presentationHeader: nonce, signature,
    messages: messages.map((value, place) => ({ value, reveal: disclosed.includes(place) })),
  };
  const other = await suite.deriveProof(asked);
  const shown = Object.fromEntries([...disclosed].map((place) => [place, messages[place]]));
  const check = () => suite.verifyProof({ publicKey, header, presentationHeader: nonce, proof: other, messages: shown });
  const { verified } = await check();
  if (!verified) throw new Error("the other implementation rejects its own proof");
  const theirs = [await measured(21, () => suite.deriveProof(asked)), await measured(21, check)];
  report("pairing-crypto: deriveProof", theirs[0]);
  report("pairing-crypto: verifyProof", theirs[1]);
  const factor = (place) => (theirs[place].least / own[place].least).toFixed(1);
  console.log(`faster: proof ${factor(0)}, verification ${factor(1)}`);
}
await wallet.lock();

// A card from the native program's issuer, the café, and what must be refused; wallets and verifiers of both kinds with each other.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { after } from "node:test";
import { fileURLToPath } from "node:url";

import * as milchglas from "../../../target/wasm-pkg/index.js";

const { MemoryStorage, MilchglasError, Verifier, Wallet } = milchglas;
const program = process.env.MILCHGLAS ?? fileURLToPath(new URL("../../../target/debug/milchglas", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "milchglas-"));
after(() => rmSync(folder, { recursive: true }));

const WORDS = "a passphrase for this test";
const WORK = 4;
const secret = () => new TextEncoder().encode(WORDS);
const path = (name) => join(folder, name);
writeFileSync(path("secret"), WORDS);
writeFileSync(path("no document"), "");

/** Runs the native program in the folder; its JSON. */
function native(...words) {
  const lock = ["--passphrase-file", "secret"];
  const free = ["add", "claims", "trust", "check", "template"].includes(words[1]) || words.slice(0, 2).join(" ") === "verifier sync" ? [] : lock;
  const printed = execFileSync(program, [...words, ...free, "--json"], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  return JSON.parse(printed);
}

native("issuer", "init", "--name", "Office", "--work", String(WORK));
native("issuer", "publish", "--out", "office.json");
native("issuer", "epoch", "--out", "epochs");
const office = readFileSync(path("office.json"), "utf8");
const claims = JSON.parse(execFileSync(program, ["issuer", "claims", "national-id"], { cwd: folder }));

/** The published epochs, and what was asked of them. */
const asked = [];
const epochs = async (name, limit) => {
  asked.push(name);
  const file = path(join("epochs", name));
  if (!existsSync(file)) return null;
  const bytes = new Uint8Array(readFileSync(file));
  assert.ok(bytes.length <= limit);
  return bytes;
};

let invited = 0;
function invite(changed) {
  invited += 1;
  writeFileSync(path("claims.json"), JSON.stringify({ ...claims, id_number: `T${1000 + invited}`, ...changed }));
  const invitation = `invitation-${invited}`;
  native("issuer", "invite", "--schema", "national-id", "--claims", "claims.json", "--assurance", "full", "--out", invitation);
  return new Uint8Array(readFileSync(path(invitation)));
}

/** A wallet with one card. */
async function holder(changed = { date_of_birth: "1990-01-31" }, storage = new MemoryStorage()) {
  const { wallet, phrase } = await Wallet.create({ storage, passphrase: secret(), work: WORK });
  await wallet.addIssuer(office);
  await enrol(wallet, changed);
  await wallet.sync(epochs);
  return { wallet, phrase, storage };
}

async function enrol(wallet, changed) {
  const application = await wallet.apply(invite(changed));
  writeFileSync(path("application"), application);
  const answer = `answer-${invited}`;
  native("issuer", "issue", "application", "--out", answer);
  return wallet.accept(new Uint8Array(readFileSync(path(answer))));
}

async function cafe() {
  const verifier = await Verifier.create({ name: "Café Glas", origin: "https://cafe.example" });
  await verifier.trust(office);
  await verifier.sync(epochs);
  return verifier;
}

const refusal = (code) => (error) => error instanceof MilchglasError && error.kind === "refused" && error.code === code;
const kind = (kind) => (error) => error instanceof MilchglasError && error.kind === kind;

test("the café learns that its guest is an adult with a valid card, once", async () => {
  const { wallet, phrase } = await holder();
  assert.equal(new TextDecoder().decode(phrase).split(" ").length, 24);
  const [card] = await wallet.cards();
  assert.equal(card.kind, "national-id");
  assert.equal((await wallet.card(card.id)).claims.date_of_birth, "1990-01-31");

  const verifier = await cafe();
  const asked = await verifier.request("cafe");
  const consent = await wallet.review(asked.bytes);
  assert.equal(consent.verifier.name, "Café Glas");
  assert.equal(consent.known, null);
  assert.deepEqual(consent.choices[0].cards[0].disclosed, []);
  assert.equal(consent.choices[0].cards[0].proved.length, 2);
  assert.ok(consent.warnings.some(({ code }) => code === "first_time"));
  assert.ok(consent.choices[0].text.length > consent.choices[0].learned.length);
  assert.equal(consent.request.verifier.name, "Café Glas");

  const presentation = await wallet.respond(consent);
  assert.deepEqual(await verifier.check(presentation, { nonce: "00".repeat(16) }), {
    accepted: false, message: "The answer was not accepted.", reason: "other_request",
  });
  const verdict = await verifier.check(presentation, { nonce: asked.nonce });
  assert.equal(verdict.accepted, true);
  assert.deepEqual(verdict.learned, {});
  assert.equal(verdict.proved.length, 2);
  assert.deepEqual(verdict.issuers, ["Office"]);
  assert.equal((await verifier.check(presentation)).reason, "answered");

  await assert.rejects(wallet.respond(consent), kind("misuse"));
  await assert.rejects(wallet.review(asked.bytes), refusal("already_answered"));
  const [told] = await wallet.history();
  assert.equal(told.name, "Café Glas");
  assert.deepEqual(told.learned, consent.choices[0].learned);
});

test("an answer comes from the pool, and each is used once", async () => {
  const { wallet } = await holder();
  const verifier = await cafe();
  const answer = async () => wallet.respond(await wallet.review((await verifier.request("cafe")).bytes));
  assert.equal(await wallet.prepare(), 0);
  assert.ok((await verifier.check(await answer())).accepted);
  assert.equal(await wallet.prepare(), 2);
  for (const left of [1, 0]) {
    assert.ok((await verifier.check(await answer())).accepted);
    assert.equal(await wallet.prepared(), left);
  }
  assert.ok((await verifier.check(await answer())).accepted);
  assert.equal(await wallet.prepare(), 2);
  await wallet.discardPrepared();
  assert.equal(await wallet.prepared(), 0);
});

test("refuses for the young, the over-asked, the altered and the expired", async () => {
  const { wallet } = await holder({ date_of_birth: "2015-05-05" });
  const verifier = await cafe();
  const { bytes } = await verifier.request("cafe");
  await assert.rejects(wallet.review(bytes), (error) => refusal("not_satisfiable")(error) && error.explanation.length > 0);
  const stall = await verifier.request("stall");
  await assert.rejects(wallet.review(stall.bytes), refusal("beyond_profile"));
  const altered = bytes.slice();
  altered[altered.length - 1] ^= 1;
  await assert.rejects(wallet.review(altered), refusal("bad_request"));
  await assert.rejects(wallet.review(bytes.subarray(1)), kind("input"));
  await assert.rejects(wallet.review(bytes, new Date(Date.now() + 3_600_000)), refusal("expired"));
});

/** The next epoch, with the cards of these holders. */
function publish(...numbers) {
  for (const number of numbers) {
    writeFileSync(path("number"), number);
    native("issuer", "revoke", "--person-space", "id_number", "--person-file", "number");
  }
  return native("issuer", "epoch", "--out", "epochs").epochs[0].epoch;
}

test("a card that is revoked is refused by its own wallet, and by a café that knows the epoch", async () => {
  const [lost, other] = [await holder(), await holder()];
  const number = `T${1000 + invited - 1}`;
  const [card] = await lost.wallet.cards();
  assert.equal(card.revoked, null);
  const verifier = await cafe();
  const early = await lost.wallet.respond(await lost.wallet.review((await verifier.request("cafe")).bytes));
  assert.ok((await verifier.check(early)).accepted);

  const epoch = publish(number);
  publish();
  publish();
  const learned = await verifier.sync(epochs);
  assert.deepEqual([learned[0].epoch, learned[0].new], [epoch + 2, true]);
  assert.equal((await verifier.sync(epochs))[0].new, false);
  // The wallet has not heard of it, and the café accepts its old epoch no longer.
  const { bytes } = await verifier.request("cafe");
  await assert.rejects(lost.wallet.review(bytes), refusal("not_satisfiable"));

  const sync = async ({ wallet }) => {
    asked.length = 0;
    const report = await wallet.sync(epochs);
    return { report, asked: [...asked] };
  };
  const [of_lost, of_other] = [await sync(lost), await sync(other)];
  assert.deepEqual(of_lost.asked, of_other.asked);
  assert.deepEqual([of_lost.report.revoked, of_other.report.revoked], [[card.id], []]);
  const { before, now, outcome } = of_other.report.logs[0];
  assert.deepEqual([now - before, outcome], [3, "current"]);
  assert.equal((await lost.wallet.card(card.id)).revoked, epoch);
  await assert.rejects(lost.wallet.review(bytes), refusal("not_satisfiable"));
  const verdict = await verifier.check(await other.wallet.respond(await other.wallet.review(bytes)));
  assert.equal(verdict.accepted, true);
  assert.equal(typeof Object.values(verdict.not_revoked)[0], "number");
});

test("epochs that are damaged, missing, too long or out of reach are told apart, and change nothing", async () => {
  const { wallet } = await holder();
  publish();
  const outcome = async (source) => (await wallet.sync(source)).logs[0].outcome;
  const changed = (change) => async (name, limit) => {
    const bytes = await epochs(name, limit);
    return name.endsWith("/head") ? bytes : change(bytes, limit);
  };
  assert.equal(await outcome(changed((bytes) => bytes && bytes.map((byte, place) => byte ^ (place === 99)))), "damaged");
  assert.equal(await outcome(changed(() => null)), "missing");
  assert.equal(await outcome(changed((_, limit) => new Uint8Array(limit + 1))), "damaged");
  assert.equal(await outcome(async () => null), "not_published");
  assert.equal(await outcome(() => Promise.reject(new Error("no network"))), "unreachable");
  assert.equal(await outcome(changed(() => { throw new Error("no network"); })), "unreachable");
  assert.equal(await outcome(epochs), "current");
  assert.equal(await outcome(epochs), "current");
  const verifier = await cafe();
  await assert.rejects(verifier.learnEpoch(new Uint8Array(5)), kind("input"));
  const head = await epochs(asked.find((name) => name.endsWith("/head")), 2048);
  head[head.length - 1] ^= 1;
  await assert.rejects(verifier.learnEpoch(head), refusal("bad_epoch"));
});

test("an altered answer is rejected, and the right one accepted after it", async () => {
  const { wallet } = await holder();
  const verifier = await cafe();
  const presentation = await wallet.respond(await wallet.review((await verifier.request("cafe")).bytes));
  for (let place = 40; place < presentation.length; place += 97) {
    const altered = presentation.slice();
    altered[place] ^= 1;
    assert.equal((await verifier.check(altered)).accepted, false, `byte ${place}`);
  }
  assert.ok((await verifier.check(presentation)).accepted);
});

test("a locked wallet opens with its passphrase alone, with all that it had", async () => {
  const { wallet, storage } = await holder();
  await assert.rejects(Wallet.open({ storage, passphrase: secret() }));
  const cards = await wallet.cards();
  await wallet.lock();
  await assert.rejects(wallet.cards(), kind("misuse"));

  const wrong = new TextEncoder().encode("another passphrase");
  await assert.rejects(Wallet.open({ storage, passphrase: wrong }), kind("passphrase"));
  assert.ok(wrong.every((byte) => byte === 0));
  const right = secret();
  const again = await Wallet.open({ storage, passphrase: right });
  assert.ok(right.every((byte) => byte === 0));
  assert.deepEqual(await again.cards(), cards);

  await again.changePassphrase(new TextEncoder().encode("the next one"), WORK);
  await again.lock();
  await assert.rejects(Wallet.open({ storage, passphrase: secret() }), kind("passphrase"));
  const third = await Wallet.open({ storage, passphrase: new TextEncoder().encode("the next one") });
  assert.deepEqual(await third.cards(), cards);
  for (const entry of (await third.entries()).values()) assert.equal(Buffer.from(entry).includes("T1001"), false);
});

test("the words restore the secret, so the same person is not enrolled twice", async () => {
  const { phrase } = await holder();
  const wallet = await Wallet.recover({ storage: new MemoryStorage(), passphrase: secret(), work: WORK, phrase });
  assert.ok(phrase.every((byte) => byte === 0));
  await wallet.addIssuer(office);
  writeFileSync(path("application"), await wallet.apply(invite({ surname: "Other" })));
  assert.throws(() => native("issuer", "issue", "application", "--out", "answer-other"));
  const bad = new TextEncoder().encode("no such words");
  await assert.rejects(Wallet.recover({ storage: new MemoryStorage(), passphrase: secret(), work: WORK, phrase: bad }), kind("misuse"));
});

test("a backup brings back cards, but no tokens until the person allows them; the phrase alone revokes", async () => {
  const { wallet, phrase } = await holder({ date_of_birth: "2004-01-31" });
  const number = invited;
  const verifier = await cafe();
  const train = async () => (await verifier.request("train")).bytes;
  assert.ok((await verifier.check(await wallet.respond(await wallet.review(await train())))).accepted);
  const backupPassphrase = new TextEncoder().encode("another passphrase");
  const backup = await wallet.backup(backupPassphrase.slice(), WORK);
  assert.equal(Buffer.from(backup).includes("national"), false);

  const options = () => ({ storage: new MemoryStorage(), passphrase: secret(), work: WORK, backup });
  await assert.rejects(Wallet.restore({ ...options(), backupPassphrase: secret() }), kind("passphrase"));
  const again = await Wallet.restore({ ...options(), backupPassphrase });
  assert.ok(backupPassphrase.every((byte) => byte === 0));
  assert.deepEqual(await again.cards(), await wallet.cards());
  assert.ok((await verifier.check(await again.respond(await again.review((await verifier.request("cafe")).bytes)))).accepted);
  const request = await train();
  await assert.rejects(again.review(request), refusal("not_satisfiable"));
  assert.equal(await again.allowTokens(request), true);
  assert.equal(await again.allowTokens(request), false);

  const recovered = await Wallet.recover({ storage: new MemoryStorage(), passphrase: secret(), work: WORK, phrase });
  const { fingerprint } = await recovered.addIssuer(office);
  writeFileSync(path("lost"), await recovered.requestRevocation(fingerprint, new Date(Date.now() + 60_000)));
  assert.equal(native("issuer", "revoke", "--request", "lost").revoked, 1);
  native("issuer", "epoch", "--out", "epochs");
  assert.deepEqual((await wallet.sync(epochs)).revoked, [(await wallet.cards())[0].id]);
  assert.equal(number, invited);
});

test("nothing leaves a wallet that can not be saved, and the old state stands", async () => {
  const storage = new MemoryStorage();
  const { wallet } = await holder(undefined, storage);
  const { bytes } = await (await cafe()).request("cafe");
  const consent = await wallet.review(bytes);
  const save = storage.save;
  storage.save = async () => { throw new Error("the disk is full"); };
  await assert.rejects(wallet.respond(consent), kind("storage"));
  await assert.rejects(wallet.cards(), kind("misuse"));
  storage.save = save;
  const again = await Wallet.open({ storage, passphrase: secret() });
  assert.equal((await again.history()).length, 0);
  assert.ok((await again.respond(await again.review(bytes))).length > 0);
});

test("native and WebAssembly answer and check each other, and share one vault", async () => {
  const { wallet } = await holder();
  native("verifier", "init", "--name", "Kiosk", "--origin", "https://kiosk.example", "--work", String(WORK));
  native("verifier", "trust", "office.json");
  native("verifier", "sync", "epochs");
  native("verifier", "request", "cafe", "--out", "request");
  const presentation = await wallet.respond(await wallet.review(new Uint8Array(readFileSync(path("request")))));
  writeFileSync(path("presentation"), presentation);
  assert.equal(native("verifier", "check", "presentation").accepted, true);

  for (const [name, entry] of await wallet.entries()) {
    const to = path(join("wallet", name));
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, entry);
  }
  const cards = await wallet.cards();
  assert.deepEqual(native("wallet", "list").cards, cards);
  const verifier = await cafe();
  writeFileSync(path("asked"), (await verifier.request("cafe")).bytes);
  native("wallet", "respond", "asked", "--yes", "--out", "answered");
  assert.ok((await verifier.check(new Uint8Array(readFileSync(path("answered"))))).accepted);

  const storage = new MemoryStorage();
  const entries = new Map([["vault", new Uint8Array(readFileSync(path("wallet/vault")))]]);
  for (const name of (await wallet.entries()).keys()) {
    if (name !== "vault") entries.set(name, new Uint8Array(readFileSync(path(join("wallet", name)))));
  }
  await storage.save(entries);
  const back = await Wallet.open({ storage, passphrase: secret() });
  assert.equal((await back.history()).length, 2);
});

test("a trust list is pinned, and a verifier is sealed and opened", async () => {
  const verifier = await cafe();
  const sealed = await verifier.seal(secret(), WORK);
  const identity = await verifier.identity();
  await verifier.close();
  await assert.rejects(verifier.identity(), kind("misuse"));
  await assert.rejects(Verifier.open({ sealed, passphrase: new TextEncoder().encode("x") }), kind("passphrase"));
  const again = await Verifier.open({ sealed, passphrase: secret() });
  assert.deepEqual(await again.identity(), identity);
  assert.equal((await again.trusted())[0].name, "Office");
  assert.equal((await again.sync(epochs))[0].new, false);

  writeFileSync(path("cafe.json"), JSON.stringify(identity));
  native("trust-list", "init", "--name", "Glasstadt", "--work", String(WORK));
  native("trust-list", "add", "cafe.json", "--profile", "cafe");
  native("trust-list", "sign", "--out", "glasstadt.json");
  const { wallet } = await holder();
  const added = await wallet.addTrustList(readFileSync(path("glasstadt.json"), "utf8"));
  assert.equal(added.name, "Glasstadt");
  const consent = await wallet.review((await again.request("cafe")).bytes);
  assert.equal(consent.vouchers[0].authority, "Glasstadt");
  assert.deepEqual(consent.warnings, []);
});

test("bytes pass through QR codes and their text", async () => {
  const object = Uint8Array.from({ length: 1057 }, (_, place) => (place * 37) ^ (place >> 3));
  assert.deepEqual(await milchglas.decodeText(await milchglas.encodeText(object)), object);
  await assert.rejects(milchglas.decodeText("ä"), kind("input"));
  const { version, size, modules } = await milchglas.qrCode(object);
  assert.equal(size, 17 + 4 * version);
  assert.equal(modules.length, size * size);
  // The finder pattern in the upper left corner.
  const finder = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"];
  finder.forEach((row, y) => assert.equal([...modules.subarray(y * size, y * size + 7)].join(""), row));
});

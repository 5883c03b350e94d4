// Wallet and verifier over the module's own classes; the types and what they promise are in index.d.ts.
//
// What this file adds: errors that say whose fault they are, one call after the other, and that nothing leaves a wallet before its changes
// are saved.

import initialize, {
  VerifierCore,
  WalletCore,
  base45Decode,
  base45Encode,
  qrCode as qrCodeCore,
  templates as templatesCore,
} from "./milchglas.js";

export { IndexedDbStorage, MemoryStorage } from "./storage.js";

export class MilchglasError extends Error {
  constructor({ kind, code, message, explanation }) {
    super(message);
    this.name = "MilchglasError";
    this.kind = kind;
    this.code = code ?? kind;
    this.explanation = explanation ?? [];
  }
}

let loading;

export function load(source) {
  loading ??= start(source).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function start(source = new URL("./milchglas_bg.wasm", import.meta.url)) {
  if (source instanceof URL && source.protocol === "file:") {
    const { readFile } = await import("node:fs/promises");
    source = await readFile(source);
  }
  await initialize({ module_or_path: source });
}

/** Runs a call of the module; what it throws becomes an error of ours. */
function call(work) {
  try {
    return work();
  } catch (thrown) {
    throw thrown?.kind && !(thrown instanceof Error) ? new MilchglasError(thrown) : thrown;
  }
}

const misuse = (message) => new MilchglasError({ kind: "misuse", message });
const seconds = (now = new Date()) => Math.floor(now.getTime() / 1000);

/** Fills secrets with zeros however a call ends. */
async function erasing(secrets, work) {
  try {
    return await work();
  } finally {
    for (const secret of secrets) secret?.fill(0);
  }
}

/** Names and values in turn, as a map. */
function paired(list) {
  const map = new Map();
  for (let place = 0; place < list.length; place += 2) map.set(list[place], list[place + 1]);
  return map;
}

/** The files of epochs on a web server, at most `limit` bytes and one more of each; null where there is none. */
export function epochsAt(root) {
  const base = String(root).replace(/\/+$/, "");
  return async (path, limit) => {
    const cache = path.endsWith("/head") ? "no-cache" : "default";
    const response = await fetch(`${base}/${path}`, { cache, credentials: "omit", referrerPolicy: "no-referrer" });
    if (response.status === 404 || response.status === 410) return null;
    if (!response.ok) throw new Error(`${response.status} for ${path}`);
    const parts = [];
    let length = 0;
    for (const reader = response.body.getReader(); length <= limit; ) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      length += value.length;
      if (length > limit) await reader.cancel();
    }
    const bytes = new Uint8Array(length);
    let place = 0;
    for (const part of parts) {
      bytes.set(part, place);
      place += part.length;
    }
    return bytes;
  };
}

const sourceOf = (source) => (typeof source === "function" ? source : epochsAt(source));
/** What stands for a file that was used: should the wallet ask again, it was no good. */
const USED = new Uint8Array();
const UNREACHABLE = false;

export class Wallet {
  #core;
  #storage;
  #last = Promise.resolve();

  constructor(core, storage) {
    if (!(core instanceof WalletCore)) throw misuse("a wallet is made by create, recover or open");
    this.#core = core;
    this.#storage = storage;
  }

  static async create({ storage, passphrase, work }) {
    return erasing([passphrase], async () => {
      const wallet = await Wallet.#start(storage, () => WalletCore.create(passphrase, work));
      return { wallet, phrase: await wallet.#run((core) => core.takePhrase()) };
    });
  }

  static async recover({ storage, passphrase, work, phrase }) {
    return erasing([passphrase, phrase], () => Wallet.#start(storage, () => WalletCore.recover(passphrase, work, phrase)));
  }

  static async restore({ storage, backup, backupPassphrase, passphrase, work }) {
    return erasing([backupPassphrase, passphrase], () =>
      Wallet.#start(storage, () => WalletCore.restore(backup, backupPassphrase, passphrase, work)),
    );
  }

  static async #start(storage, make) {
    await load();
    return Wallet.#keep(storage, async () => {
      if ((await storage.load()).size > 0) throw misuse("there is a wallet in this storage");
      const wallet = new Wallet(call(make), storage);
      await wallet.#run(() => undefined);
      return wallet;
    });
  }

  static async open({ storage, passphrase }) {
    return erasing([passphrase], async () => {
      await load();
      return Wallet.#keep(storage, async () => {
        const entries = await storage.load();
        return new Wallet(call(() => WalletCore.open([...entries].flat(), passphrase)), storage);
      });
    });
  }

  static async exists(storage) {
    return (await storage.load()).has("vault");
  }

  /** Keeps others out of the storage, unless `work` fails. */
  static async #keep(storage, work) {
    await storage.acquire?.();
    try {
      return await work();
    } catch (error) {
      await storage.release?.();
      throw error;
    }
  }

  /** One call after the other; each resolves once what it changed is saved. */
  #run(work) {
    const turn = this.#last.then(() => this.#turn(work));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #turn(work) {
    const core = this.#core;
    if (!core) throw misuse("the wallet is locked");
    let result, error;
    try {
      result = call(() => work(core));
    } catch (thrown) {
      if (!(thrown instanceof MilchglasError)) {
        // The module stopped in the middle of something.
        await this.#drop();
        throw thrown;
      }
      error = thrown;
    }
    // What failed may have used up a counter.
    const changes = paired(core.changes());
    if (changes.size > 0) {
      try {
        await this.#storage.save(changes);
      } catch (cause) {
        await this.#drop();
        core.free();
        const message = "the wallet could not be saved, and is locked; what was saved before is intact";
        throw Object.assign(new MilchglasError({ kind: "storage", message }), { cause });
      }
    }
    if (error) throw error;
    return result;
  }

  async #drop() {
    this.#core = undefined;
    await this.#storage.release?.();
  }

  lock() {
    const turn = this.#last.then(async () => {
      const core = this.#core;
      if (!core) return;
      await this.#drop();
      core.free();
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  changePassphrase(passphrase, work) {
    return erasing([passphrase], () => this.#run((core) => core.changePassphrase(passphrase, work)));
  }

  backup(passphrase, work) {
    return erasing([passphrase], () => this.#run((core) => core.backup(passphrase, work)));
  }

  allowTokens(request, now) {
    return this.#run((core) => core.allowTokens(request, seconds(now)));
  }

  requestRevocation(issuer, now) {
    return this.#run((core) => core.requestRevocation(issuer, seconds(now)));
  }

  entries() {
    return this.#run((core) => paired(core.entries()));
  }

  addIssuer(json, expected) {
    return this.#run((core) => core.addIssuer(json, expected));
  }

  addTrustList(json, expected) {
    return this.#run((core) => core.addTrustList(json, expected));
  }

  addInspector(json, expected) {
    return this.#run((core) => core.addInspector(json, expected));
  }

  addSet(json, expected) {
    return this.#run((core) => core.addSet(json, expected));
  }

  addList(file, expected) {
    return this.#run((core) => core.addList(file, expected));
  }

  issuers() {
    return this.#run((core) => core.issuers());
  }

  verifiers() {
    return this.#run((core) => core.verifiers());
  }

  forgetVerifier(key) {
    return this.#run((core) => core.forgetVerifier(key));
  }

  apply(invitation, now) {
    return this.#run((core) => core.apply(invitation, seconds(now)));
  }

  accept(answer, now) {
    return this.#run((core) => core.accept(answer, seconds(now)));
  }

  cards() {
    return this.#run((core) => core.cards());
  }

  card(id) {
    return this.#run((core) => {
      const [card, claims] = core.card(String(id));
      return { ...card, claims };
    });
  }

  removeCard(id) {
    return this.#run((core) => core.removeCard(String(id)));
  }

  review(request, now) {
    return this.#run((core) => core.review(request, seconds(now)));
  }

  respond(consent, choice = 0, now = undefined) {
    return this.#run((core) => core.respond(consent.id ?? consent, choice, seconds(now)));
  }

  decline(consent) {
    return this.#run((core) => core.decline(consent.id ?? consent));
  }

  async sync(source) {
    const fetched = sourceOf(source);
    const files = new Map();
    const [begun, revoked, broken] = [new Map(), new Set(), new Set()];
    for (;;) {
      const wanted = new Map();
      const used = [];
      const report = await this.#run((core) =>
        core.sync((path, limit) => {
          if (!files.has(path)) wanted.set(path, limit);
          else if (!path.endsWith("/head")) used.push(path);
          return files.get(path);
        }),
      );
      for (const card of report.revoked) revoked.add(card);
      for (const card of report.broken) broken.add(card);
      for (const { key, before } of report.logs) if (!begun.has(key)) begun.set(key, before);
      if (wanted.size === 0) {
        const logs = report.logs.map((log) => ({ ...log, before: begun.get(log.key) }));
        return { logs, revoked: [...revoked], broken: [...broken] };
      }
      for (const path of used) if (files.get(path)) files.set(path, USED);
      for (const [path, limit] of wanted) files.set(path, await fetched(path, limit).catch(() => UNREACHABLE));
    }
  }

  settle(issuer) {
    return this.#run((core) => core.settle(issuer));
  }

  prepare(now) {
    return this.#run((core) => core.prepare(seconds(now)));
  }

  prepared() {
    return this.#run((core) => core.prepared());
  }

  discardPrepared() {
    return this.#run((core) => core.discardPrepared());
  }

  history() {
    return this.#run((core) => core.history());
  }
}

export class Verifier {
  #core;

  constructor(core) {
    if (!(core instanceof VerifierCore)) throw misuse("a verifier is made by create or open");
    this.#core = core;
  }

  static async create({ name, origin }) {
    await load();
    return new Verifier(call(() => VerifierCore.create(name, origin)));
  }

  static async open({ sealed, passphrase }) {
    return erasing([passphrase], async () => {
      await load();
      return new Verifier(call(() => VerifierCore.open(sealed, passphrase)));
    });
  }

  async #run(work) {
    if (!this.#core) throw misuse("the verifier is closed");
    return call(() => work(this.#core));
  }

  seal(passphrase, work) {
    return erasing([passphrase], () => this.#run((core) => core.seal(passphrase, work)));
  }

  identity() {
    return this.#run((core) => core.identity());
  }

  trust(json, expected) {
    return this.#run((core) => core.trust(json, expected));
  }

  trusted() {
    return this.#run((core) => core.trusted());
  }

  request(template, now) {
    return this.#run((core) => {
      const asked = core.request(template, seconds(now));
      return { ...asked, bytes: core.takeRequest() };
    });
  }

  learnEpoch(head) {
    return this.#run((core) => core.learnEpoch(head));
  }

  async sync(source) {
    const fetched = sourceOf(source);
    const learned = [];
    for (const { path, limit } of await this.#run((core) => core.headPaths())) {
      const head = await fetched(path, limit);
      if (head) learned.push(await this.learnEpoch(head));
    }
    return learned;
  }

  check(presentation, { nonce, now } = {}) {
    return this.#run((core) => core.check(presentation, nonce, seconds(now)));
  }

  prune(now) {
    return this.#run((core) => core.prune(seconds(now)));
  }

  async close() {
    const core = this.#core;
    this.#core = undefined;
    core?.free();
  }
}

async function loaded(work) {
  await load();
  return call(work);
}

export const templates = () => loaded(templatesCore);
export const encodeText = (bytes) => loaded(() => base45Encode(bytes));
export const decodeText = (text) => loaded(() => base45Decode(text));
export const qrCode = (bytes) =>
  loaded(() => {
    const [version, size, modules] = qrCodeCore(bytes);
    return { version, size, modules };
  });

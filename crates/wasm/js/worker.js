// Runs wallets and verifiers in a Web Worker, for the page that connects with client.js.
//
// A message names a function, or a method of an object that was made here, which goes by its number.

import * as milchglas from "./index.js";

const { IndexedDbStorage, MilchglasError, Verifier, Wallet } = milchglas;
const objects = new Map();
let last = 0;

const kept = (object) => {
  last += 1;
  objects.set(last, object);
  return last;
};
const stored = (options) => ({ ...options, storage: new IndexedDbStorage(options.storage) });

const functions = {
  "Wallet.create": async (options) => {
    const { wallet, phrase } = await Wallet.create(stored(options));
    return { wallet: kept(wallet), phrase };
  },
  "Wallet.recover": async (options) => kept(await Wallet.recover(stored(options))),
  "Wallet.restore": async (options) => kept(await Wallet.restore(stored(options))),
  "Wallet.open": async (options) => kept(await Wallet.open(stored(options))),
  "Wallet.exists": (name) => Wallet.exists(new IndexedDbStorage(name)),
  "Wallet.delete": (name) => new IndexedDbStorage(name).delete(),
  "Verifier.create": async (identity) => kept(await Verifier.create(identity)),
  "Verifier.open": async (options) => kept(await Verifier.open(options)),
  load: (source) => milchglas.load(source),
  templates: () => milchglas.templates(),
  encodeText: (bytes) => milchglas.encodeText(bytes),
  decodeText: (text) => milchglas.decodeText(text),
  qrCode: (bytes) => milchglas.qrCode(bytes),
};

async function perform({ object, name, values }) {
  if (object === undefined) {
    if (!Object.hasOwn(functions, name)) throw new Error(`there is no function ${name}`);
    return functions[name](...values);
  }
  const target = objects.get(object);
  if (!target || name === "constructor" || !Object.hasOwn(Object.getPrototypeOf(target), name)) {
    throw new Error(`there is no method ${name} here`);
  }
  const result = await target[name](...values);
  if (name === "lock" || name === "close") objects.delete(object);
  return result;
}

self.onmessage = async ({ data: { id, ...call } }) => {
  try {
    self.postMessage({ id, result: await perform(call) });
  } catch (error) {
    const { kind, code, explanation, message } = error;
    self.postMessage({ id, error: { kind, code, explanation, message, ours: error instanceof MilchglasError } });
  }
};

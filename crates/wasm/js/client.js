// The page's side of worker.js: the same classes and functions, by messages.

export class MilchglasError extends Error {
  constructor({ kind, code, message, explanation }) {
    super(message);
    this.name = "MilchglasError";
    this.kind = kind;
    this.code = code;
    this.explanation = explanation;
  }
}

const WALLET = [
  "lock", "changePassphrase", "backup", "allowTokens", "requestRevocation", "entries", "addIssuer", "addTrustList", "addInspector", "addSet", "addList", "issuers",
  "verifiers", "forgetVerifier", "apply", "accept", "cards", "card", "removeCard", "review", "respond", "decline",
  "sync", "settle", "prepare", "prepared", "discardPrepared", "history",
];
const VERIFIER = ["seal", "identity", "trust", "trusted", "learnEpoch", "sync", "request", "check", "prune", "close"];

export async function connect(worker) {
  const waiting = new Map();
  let last = 0;
  worker.addEventListener("message", ({ data: { id, result, error } }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error) reject(error.ours ? new MilchglasError(error) : new Error(error.message));
    else resolve(result);
  });
  worker.addEventListener("error", (event) => {
    for (const { reject } of waiting.values()) reject(new Error(event.message || "the worker could not be started"));
    waiting.clear();
  });

  const send = (call, transfer = []) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      worker.postMessage({ id: last, ...call }, transfer);
    });
  /** Secrets move to the worker, which erases them; here they are erased at once. */
  const moved = (secret) => {
    const copy = secret.slice();
    secret.fill(0);
    return copy;
  };
  const run = (name, ...values) => send({ name, values });
  const runWithSecrets = (name, options) => {
    const values = { ...options };
    const secrets = ["passphrase", "backupPassphrase", "phrase"].filter((secret) => values[secret]);
    for (const secret of secrets) values[secret] = moved(values[secret]);
    return send({ name, values: [values] }, secrets.map((secret) => values[secret].buffer));
  };
  const remote = (methods) => (object) => {
    const proxy = {};
    for (const name of methods) {
      proxy[name] = (...values) => {
        if (!["changePassphrase", "backup", "seal"].includes(name)) return send({ object, name, values });
        const secret = moved(values[0]);
        return send({ object, name, values: [secret, ...values.slice(1)] }, [secret.buffer]);
      };
    }
    return proxy;
  };
  const [wallet, verifier] = [remote(WALLET), remote(VERIFIER)];

  await run("load");
  return {
    Wallet: {
      create: async (options) => {
        const made = await runWithSecrets("Wallet.create", options);
        return { wallet: wallet(made.wallet), phrase: made.phrase };
      },
      recover: async (options) => wallet(await runWithSecrets("Wallet.recover", options)),
      restore: async (options) => wallet(await runWithSecrets("Wallet.restore", options)),
      open: async (options) => wallet(await runWithSecrets("Wallet.open", options)),
      exists: (storage) => run("Wallet.exists", storage),
      delete: (storage) => run("Wallet.delete", storage),
    },
    Verifier: {
      create: async (identity) => verifier(await run("Verifier.create", identity)),
      open: async (options) => verifier(await runWithSecrets("Verifier.open", options)),
    },
    templates: () => run("templates"),
    encodeText: (bytes) => run("encodeText", bytes),
    decodeText: (text) => run("decodeText", text),
    qrCode: (bytes) => run("qrCode", bytes),
  };
}

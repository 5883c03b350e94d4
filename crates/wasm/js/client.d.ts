// The same classes and functions, run in a Web Worker.

import type { Verifier, Wallet } from "./index.js";

/** As in `index.d.ts`, on this side. */
export class MilchglasError extends Error {
  readonly kind: "refused" | "input" | "passphrase" | "storage" | "misuse";
  readonly code: string;
  readonly explanation: string[];
}

/**
 * Connects to a worker that runs `milchglas/worker`:
 *
 * ```js
 * const { Wallet, Verifier } = await connect(new Worker(new URL("./worker.js", import.meta.url), { type: "module" }));
 * const wallet = await Wallet.open({ storage: "my-wallet", passphrase });
 * ```
 *
 * It resolves when the worker has loaded the module. A storage is the name of an IndexedDB database. Passphrases are moved to the worker, which
 * fills them with zeros; the page's own array is filled with zeros at once.
 */
export function connect(worker: Worker): Promise<Remote>;

type NewWallet = { storage: string; passphrase: Uint8Array; work?: number };

export interface Remote {
  Wallet: {
    create(options: NewWallet): Promise<{ wallet: Wallet; phrase: Uint8Array }>;
    recover(options: NewWallet & { phrase: Uint8Array }): Promise<Wallet>;
    restore(options: NewWallet & { backup: Uint8Array; backupPassphrase: Uint8Array }): Promise<Wallet>;
    open(options: { storage: string; passphrase: Uint8Array }): Promise<Wallet>;
    exists(storage: string): Promise<boolean>;
    /** Deletes a wallet for good; it must be locked. */
    delete(storage: string): Promise<void>;
  };
  Verifier: {
    create(identity: { name: string; origin: string }): Promise<Verifier>;
    open(options: { sealed: Uint8Array; passphrase: Uint8Array }): Promise<Verifier>;
  };
  templates(): Promise<{ name: string; json: string }[]>;
  encodeText(bytes: Uint8Array): Promise<string>;
  decodeText(text: string): Promise<Uint8Array>;
  qrCode(bytes: Uint8Array): Promise<{ version: number; size: number; modules: Uint8Array }>;
}

// Where wallets are kept: in IndexedDB, or in memory. What a storage promises is in index.d.ts.

import { MilchglasError } from "./index.js";

const TABLE = "entries";
/** How long to wait for another tab to let go, a tab that is being reloaded say. */
const PATIENCE = 1000;

const inUse = (message, cause) => Object.assign(new MilchglasError({ kind: "misuse", code: "in_use", message }), { cause });

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

export class IndexedDbStorage {
  #name;
  #letGo;
  /** Open while the wallet is: opening takes longer than saving. */
  #kept;

  constructor(name) {
    this.#name = `milchglas ${name}`;
  }

  #open() {
    const opening = indexedDB.open(this.#name, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE);
    return settled(opening);
  }

  /** One that is opened anew where the browser closed the last, or another page wants it gone. */
  async #keep() {
    const database = await this.#open();
    database.onclose = () => (this.#kept = undefined);
    database.onversionchange = () => this.#close();
    return database;
  }

  async #close() {
    const kept = this.#kept;
    this.#kept = undefined;
    (await kept?.catch(() => undefined))?.close();
  }

  async #with(work) {
    if (this.#letGo) {
      this.#kept ??= this.#keep();
      const kept = this.#kept;
      const database = await kept.catch((error) => {
        if (this.#kept === kept) this.#kept = undefined;
        throw error;
      });
      return work(database);
    }
    const database = await this.#open();
    try {
      return await work(database);
    } finally {
      database.close();
    }
  }

  load() {
    return this.#with(async (database) => {
      const table = database.transaction(TABLE, "readonly").objectStore(TABLE);
      const [names, values] = await Promise.all([settled(table.getAllKeys()), settled(table.getAll())]);
      return new Map(names.map((name, place) => [name, values[place]]));
    });
  }

  save(changes) {
    return this.#with(
      (database) =>
        new Promise((resolve, reject) => {
          const transaction = database.transaction(TABLE, "readwrite", { durability: "strict" });
          transaction.oncomplete = () => resolve();
          transaction.onabort = () => reject(transaction.error);
          const table = transaction.objectStore(TABLE);
          for (const [name, bytes] of changes) bytes ? table.put(bytes, name) : table.delete(name);
        }),
    );
  }

  async acquire() {
    if (this.#letGo) throw inUse("the wallet is open here already");
    await new Promise((resolve, reject) => {
      const held = () =>
        new Promise((letGo) => {
          this.#letGo = letGo;
          resolve();
        });
      navigator.locks.request(this.#name, { signal: AbortSignal.timeout(PATIENCE) }, held).catch((cause) => {
        reject(inUse("the wallet is open in another tab", cause));
      });
    });
  }

  async release() {
    await this.#close();
    this.#letGo?.();
    this.#letGo = undefined;
  }

  async delete() {
    await this.acquire();
    try {
      await settled(indexedDB.deleteDatabase(this.#name));
    } finally {
      await this.release();
    }
  }
}

export class MemoryStorage {
  #entries = new Map();
  #taken = false;

  async load() {
    return new Map(this.#entries);
  }

  async save(changes) {
    for (const [name, bytes] of changes) bytes ? this.#entries.set(name, bytes) : this.#entries.delete(name);
  }

  async acquire() {
    if (this.#taken) throw inUse("the wallet is open already");
    this.#taken = true;
  }

  async release() {
    this.#taken = false;
  }
}

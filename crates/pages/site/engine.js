// The one worker in which wallet and verifier run.

import { connect } from "./wasm/client.js";

export { MilchglasError } from "./wasm/client.js";

/** Wallets, verifiers and QR codes, once the module is loaded. */
export const engine = connect(new Worker(new URL("./wasm/worker.js", import.meta.url), { type: "module" }));

/** Where everything about revocations is published. */
export const EPOCHS = `${location.origin}/epochs`;

/** Runs this when the page has nothing better to do. */
export const whenIdle = (work) => (window.requestIdleCallback ?? ((later) => setTimeout(later, 200)))(work, { timeout: 2000 });

export const utf8 = (text) => new TextEncoder().encode(text);

/** Bytes as text for links (RFC 4648, section 5). */
export const toLink = (bytes) =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

/** The bytes in a link's text; null where there are none. */
export function fromLink(text) {
  try {
    return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

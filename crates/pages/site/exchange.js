// How requests and answers go between wallet and kiosk: in this page, to another tab of this browser, as a link, as text.
//
// A message is {kind: "request" | "answer", bytes}. Whoever takes one says so; the sender then knows that it arrived.

import { engine, fromLink, toLink } from "./engine.js";

const takers = { request: new Set(), answer: new Set() };
const channel = new BroadcastChannel("milchglas");
const waiting = new Map();
/** How long another tab may take to say that it took something. */
const PATIENCE = 1500;

/** Takes messages of a kind; `take(bytes, from)` resolves to whether it was for this taker. */
export const onMessage = (kind, take) => takers[kind].add(take);

async function offer(kind, bytes, from) {
  for (const take of takers[kind]) if (await take(bytes, from)) return true;
  return false;
}

/** To the other half of this page. */
export const handOver = (kind, bytes) => offer(kind, bytes, "page");

/** To another tab; whether one took it. */
export function sendToTabs(kind, bytes) {
  const id = crypto.randomUUID();
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    channel.postMessage({ id, kind, bytes });
    setTimeout(() => settle(id, false), PATIENCE);
  });
}

function settle(id, taken) {
  waiting.get(id)?.(taken);
  waiting.delete(id);
}

channel.onmessage = async ({ data: { id, kind, bytes, taken } }) => {
  if (taken) settle(id, true);
  else if (kind === "answer" && bytes instanceof Uint8Array && (await offer(kind, bytes, "tab"))) channel.postMessage({ id, taken: true });
};

/** A link that opens the other half in a new tab. What follows # stays in the browser. */
export const linkFor = (kind, bytes) => `${location.origin}/${kind === "request" ? "wallet" : "kiosk"}#${kind}=${toLink(bytes)}`;

/** The bytes in a text that somebody pasted, or that stood in a QR code: a link, or Base45; null where there are none. */
export async function fromText(text) {
  const link = /#(?:request|answer)=([\w-]+)$/.exec(text.trim());
  if (link) return fromLink(link[1]);
  // The alphabet of Base45 has a space, with which an answer begins; whatever the text went through may have cut it off.
  const line = text.replace(/[\r\n]/g, "");
  for (const candidate of [line, line.trim(), ` ${line.trim()}`]) {
    const bytes = await (await engine).decodeText(candidate).catch(() => null);
    if (bytes) return bytes;
  }
  return null;
}

/** Takes what stands after # in this page's address, and removes it from there. */
export async function takeFromAddress() {
  const found = /^#(request|answer)=([\w-]+)$/.exec(location.hash);
  if (!found) return;
  history.replaceState(null, "", location.pathname);
  const bytes = fromLink(found[2]);
  if (!bytes) return;
  if (found[1] === "answer" && (await sendToTabs("answer", bytes))) document.dispatchEvent(new CustomEvent("delivered"));
  else await offer(found[1], bytes, "link");
}

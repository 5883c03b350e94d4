// Compiled only: that the declarations are what a program in TypeScript needs, in Node and in a page.

import { MemoryStorage, MilchglasError, Verifier, Wallet, qrCode, templates } from "milchglas";
import { connect, type Remote } from "milchglas/client";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export async function inNode(office: string, request: Uint8Array): Promise<string[]> {
  const { wallet, phrase } = await Wallet.create({ storage: new MemoryStorage(), passphrase: bytes("passphrase"), work: 10 });
  phrase.fill(0);
  const { name, fingerprint }: { name: string; fingerprint: string } = await wallet.addIssuer(office);
  const verifier = await Verifier.create({ name, origin: "https://cafe.example" });
  await verifier.trust(office, fingerprint);
  const asked = await verifier.request("cafe", new Date());
  const consent = await wallet.review(asked.bytes);
  const told = consent.choices.flatMap((choice) => choice.cards.flatMap((card) => card.disclosed.map(({ title }) => title)));
  const verdict = await verifier.check(await wallet.respond(consent, 0), { nonce: asked.nonce });
  if (!verdict.accepted) return [verdict.reason];
  try {
    await wallet.review(request);
  } catch (error) {
    if (error instanceof MilchglasError && error.kind === "refused") return error.explanation;
  }
  const { size, modules } = await qrCode(asked.bytes);
  return [...told, ...verdict.proved, ...(await templates()).map((one) => one.name), `${size * size === modules.length}`];
}

export async function inPage(worker: Worker): Promise<number> {
  const remote: Remote = await connect(worker);
  const wallet = await remote.Wallet.open({ storage: "my-wallet", passphrase: bytes("passphrase") });
  const cards = await wallet.cards();
  // @ts-expect-error A passphrase is bytes, so that it can be filled with zeros.
  await remote.Wallet.open({ storage: "my-wallet", passphrase: "passphrase" });
  // @ts-expect-error In a page a storage is the name of a database.
  await remote.Wallet.open({ storage: new MemoryStorage(), passphrase: bytes("passphrase") });
  return cards.length;
}

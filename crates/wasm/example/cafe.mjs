// The café in Node: `node cafe.mjs`, or `node cafe.mjs office.json invitation epochs` with what an issuer published, an invitation of it, and the
// folder or address of its epochs.
//
// It makes a wallet and a café in memory, applies for a card, and shows what the wallet says to the café's request.

import { MemoryStorage, Verifier, Wallet, templates } from "milchglas";

const { wallet, phrase } = await Wallet.create({
  storage: new MemoryStorage(),
  passphrase: new TextEncoder().encode("correct horse battery staple"),
  work: 10, // the default is safer and takes about a second
});
phrase.fill(0); // a person would write the words down

const cafe = await Verifier.create({ name: "Café Glas", origin: "https://cafe.example" });
console.log("Shipped requests:", (await templates()).map(({ name }) => name).join(", "));

const [office, invitation, epochs] = process.argv.slice(2);
if (office && invitation && epochs) {
  const { readFile, writeFile } = await import("node:fs/promises");
  const source = /^https?:/.test(epochs)
    ? epochs
    : async (path) => readFile(`${epochs}/${path}`).then((bytes) => new Uint8Array(bytes), () => null);
  const parameters = await readFile(office, "utf8");
  const { name, fingerprint } = await wallet.addIssuer(parameters);
  console.log(`Issuer: ${name}, fingerprint ${fingerprint}`);
  await writeFile("application", await wallet.apply(new Uint8Array(await readFile(invitation))));
  console.log("The application is in the file `application`. The issuer's answer goes to wallet.accept.");
  await cafe.trust(parameters);
  await cafe.sync(source);
  console.log("Epochs:", (await wallet.sync(source)).logs.map(({ now, outcome }) => `${now}, ${outcome}`).join("; "));
  const { bytes } = await cafe.request("cafe");
  try {
    const consent = await wallet.review(bytes);
    console.log(consent.choices[0].text.join("\n"));
    console.log(await cafe.check(await wallet.respond(consent)));
  } catch (error) {
    console.log(`${error.message} ${error.explanation.join(" ")}`);
  }
}
await wallet.lock();

// A picture of each page, in light and dark, on a desktop and on a phone, in English and German: target/browser/*.png, to be looked at.

import { enrol, launch, output, serve, share, visit } from "./stage.js";

const DEVICES = {
  desktop: { width: 1280, height: 900 },
  phone: { width: 390, height: 844, touch: true, deviceScaleFactor: 2 },
};
const wanted = process.argv[2] ?? "";

const server = await serve();
const browser = await launch();
for (const [device, size] of Object.entries(DEVICES)) {
  for (const language of ["en", "de"]) {
    for (const dark of [false, true]) {
      const name = `${device}-${dark ? "dark" : "light"}-${language}`;
      if (!name.includes(wanted)) continue;
      await story(name, { ...size, language, dark }, device === "phone");
      console.log(name);
    }
  }
}
await browser.close();
await server.stop();

async function story(name, options, narrow) {
  const { page, context } = await visit(browser, server.address, options);
  const picture = async (what) => {
    // As high as the page, so that what sticks to the window's edge covers nothing.
    await page.setViewportSize({ width: options.width, height: options.height });
    const height = await page.evaluate(() => {
      scrollTo(0, 0);
      return document.documentElement.scrollHeight;
    });
    await page.setViewportSize({ width: options.width, height });
    await page.screenshot({ path: `${output}/${name}-${what}.png`, fullPage: true, animations: "disabled" });
    await page.setViewportSize({ width: options.width, height: options.height });
  };
  /** On a phone the two halves are two pages. */
  const see = (part) => narrow && page.click(`#go-${part}`);
  /** What a button copies. */
  const copied = async (button) => {
    await page.evaluate(() => navigator.clipboard.writeText(""));
    await page.click(button);
    return page.evaluate(async () => {
      for (;;) {
        const text = await navigator.clipboard.readText();
        if (text) return text;
        await new Promise((wake) => setTimeout(wake, 50));
      }
    });
  };
  const ask = async (errand) => {
    await see("kiosk");
    await page.click(`#errand-${errand}`);
    await page.waitForSelector(`#kiosk[data-view=asking][data-errand=${errand}]`);
    if (!narrow) return page.click("#give-request");
    // As if another device had shown its code.
    const text = await copied("#kiosk .row button:nth-of-type(4)");
    await see("wallet");
    await page.click("#scan-request");
    await page.fill("#pasted", text);
    await picture("scan");
    await page.click("#read-text");
  };
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);

  await picture("start");
  await page.click("#had-wallet");
  await picture("again");
  await page.click("#wallet .bar button");
  await makeWalletWithPicture();
  await picture("empty");
  if (narrow) {
    await see("issuer");
    await picture("office");
    await page.check("#person-erika");
    await page.click("#issue");
    await page.waitForSelector("#wallet .cards .card");
  } else await enrol(page);
  await picture("card");
  await see("kiosk");
  await picture("asking");
  await ask("cafe");
  await page.waitForSelector("#wallet[data-view=review]");
  await picture("consent");
  await page.locator("#wallet").screenshot({ path: `${output}/${name}-asked-alone.png`, animations: "disabled" });
  if (narrow) {
    await page.click("#share");
    await page.waitForSelector("#wallet .qr");
    await picture("answer");
    const text = await copied("#wallet .row button:nth-of-type(2)");
    await page.click("#shared-done");
    await see("kiosk");
    await page.click("#scan-answer");
    await page.fill("#pasted", text);
    await page.click("#read-text");
    await page.waitForSelector("#kiosk[data-view=accepted]");
  } else {
    await share(page);
    await page.waitForSelector("#wallet .stamp.yes");
  }
  await picture("accepted");
  await page.locator("#kiosk").screenshot({ path: `${output}/${name}-accepted-alone.png`, animations: "disabled" });
  if (!narrow) await page.click("#shared-done");
  await ask("stall");
  await page.waitForSelector("#wallet[data-view=refused]");
  await picture("refused");
  await page.click("#refusal-done");
  await ask("curious");
  await page.waitForSelector("#wallet[data-view=review]");
  await picture("warned");
  await page.click("#refuse");
  await page.click("#show-history");
  await page.waitForSelector("#wallet[data-view=history]");
  await picture("history");
  await page.click("#lock, #wallet .bar button").catch(() => undefined);
  await page.waitForSelector("#wallet[data-view=home]");
  await see("issuer");
  await page.click("#revoke-1");
  await page.waitForSelector("#revoke-1:disabled");
  await page.click("#publish-epoch");
  if (narrow) await page.waitForSelector("#issuer .done");
  await see("wallet");
  await page.waitForSelector("#wallet .card.revoked");
  await picture("revoked");
  await page.click("#lock");
  await page.waitForSelector("#wallet[data-view=locked]");
  await picture("locked");
  await context.close();

  async function makeWalletWithPicture() {
    await page.fill("#wallet-passphrase", "glass over glass");
    await page.click("#create-wallet");
    await page.waitForSelector("#phrase-done");
    await picture("phrase");
    await page.click("#phrase-done");
    await page.waitForSelector("#wallet[data-view=home]");
  }
}

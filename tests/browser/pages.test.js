// Wallet, kiosk and office in a real browser.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { PASSPHRASE, askFor, enrol, launch, makeWallet, ready, serve, share, unlock, visit } from "./stage.js";

let server, browser;
before(async () => {
  server = await serve();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  assert.equal(await server?.stop(), 0);
});

/** A page that is used and closed; nothing may have gone wrong in it, and nothing may have been asked of anybody else. */
async function page(options, use) {
  const visited = await visit(browser, server.address, options);
  await use(visited.page, visited);
  assert.deepEqual(visited.complaints, []);
  const elsewhere = visited.asked.filter((url) => !url.startsWith(`${server.address}/`) && !url.startsWith("blob:") && !url.startsWith("data:"));
  assert.deepEqual(elsewhere, []);
  assert.ok(visited.asked.length > 0);
  await visited.context.close();
}

/** The name under which the kiosk knows its guest, or the beginning of it. */
const nameAtKiosk = async (page) => /[0-9a-f]{12}/.exec(await page.textContent("#kiosk .learns"))[0];

test("an adult is accepted at the café, which learns nothing else", () =>
  page({}, async (page) => {
    await makeWallet(page);
    await enrol(page);
    await askFor(page, "cafe");
    const learns = await page.textContent("#wallet .learns");
    assert.match(learns, /At least 18 years old/);
    assert.doesNotMatch(learns, /Mustermann|Erika/);
    assert.equal(await share(page), "Adult, valid");
    const shown = await page.textContent("#kiosk");
    assert.doesNotMatch(shown, /Mustermann|Erika|Lindengasse/);
    assert.match(await page.textContent("#kiosk .hides"), /Name.*Age and birthday.*Whether it was there before/s);
    await page.click("#shared-done");
    await page.click("#show-history");
    assert.match(await page.textContent("#wallet .history"), /Café Glas/);
  }));

test("somebody under age is refused by the wallet, and the café learns nothing", () =>
  page({}, async (page) => {
    await makeWallet(page);
    await enrol(page, "max");
    await askFor(page, "cafe");
    assert.equal(await page.textContent("#refusal"), "You can not show this");
    assert.equal(await page.getAttribute("#kiosk", "data-view"), "asking");
  }));

test("a stall that asks for the date of birth is refused", () =>
  page({}, async (page) => {
    await makeWallet(page);
    await enrol(page);
    await askFor(page, "stall");
    assert.equal(await page.textContent("#refusal"), "It asks too much");
    assert.match(await page.textContent("#wallet .own"), /date of birth/);
  }));

test("a club without a purpose is warned of, and can be refused", () =>
  page({}, async (page) => {
    await makeWallet(page);
    await enrol(page);
    await askFor(page, "curious");
    assert.match(await page.textContent("#wallet .warning"), /date of birth/);
    assert.match(await page.textContent("#wallet .learns"), /Mustermann/);
    await page.click("#refuse");
    await page.waitForSelector("#wallet[data-view=home]");
    assert.equal(await page.getAttribute("#kiosk", "data-view"), "asking");
  }));

test("one seat a person: the second time the wallet has no token left", () =>
  page({}, async (page) => {
    await makeWallet(page);
    await page.check("#person-other");
    await page.fill("#field-given_names", "Ada");
    await page.fill("#field-surname", "Glas");
    await page.fill("#field-date_of_birth", `${new Date().getUTCFullYear() - 20}-01-01`);
    await page.click("#issue");
    await page.waitForSelector("#wallet .cards .card");
    await askFor(page, "train");
    assert.equal(await share(page), "Reduced fare");
    await page.click("#shared-done");
    await page.click("#next-guest");
    await page.waitForSelector("#kiosk[data-view=asking]");
    await page.click("#give-request");
    await page.waitForSelector("#wallet[data-view=refused]");
  }));

test("a bank learns what the law names, and says so before", () =>
  page({}, async (page) => {
    await makeWallet(page);
    await enrol(page);
    await askFor(page, "bank");
    await page.waitForSelector("#wallet[data-view=review]");
    assert.equal(await page.locator("#wallet .learns .told").count(), 6);
    assert.equal(await share(page), "Account opened");
    assert.match(await page.textContent("#kiosk .learns"), /Mustermann.*Erika.*Lindengasse/s);
  }));

test("the hotel learns a name, the consulate what is printed on the card, and neither anything else", () =>
  page({}, async (page) => {
    await makeWallet(page);
    await enrol(page);
    for (const [errand, told, verdict, hidden] of [
      ["hotel", 2, "Checked in", /Age and birthday.*Address.*Nationality/s],
      ["visa", 5, "Application taken", /Address/],
    ]) {
      await askFor(page, errand);
      await page.waitForSelector("#wallet[data-view=review]");
      assert.equal(await page.locator("#wallet .learns .told").count(), told, errand);
      assert.equal(await page.locator("#wallet .learns [lang=en]").count(), 0, errand);
      assert.equal(await share(page), verdict);
      assert.equal(await page.locator("#kiosk .learns .told").count(), told, errand);
      assert.match(await page.textContent("#kiosk .hides"), hidden);
      await page.click("#shared-done");
    }
  }));

test("a company is registered with two cards of one person, and a second kind of card is revoked with the first", () =>
  page({}, async (page) => {
    await makeWallet(page);
    await enrol(page);
    await askFor(page, "company");
    await page.waitForSelector("#wallet[data-view=refused]");
    await page.click("#refusal-done");
    await page.click("#issue-tax");
    await page.waitForFunction(() => document.querySelectorAll("#wallet .cards .card").length === 2);
    await askFor(page, "company");
    await page.waitForSelector("#wallet[data-view=review]");
    assert.match(await page.textContent("#wallet .learns"), /National identity card.*Mustermann.*Tax card/s);
    assert.equal(await page.locator("#wallet .learns .told").count(), 2);
    assert.equal(await page.locator("#wallet .learns [lang=en]").count(), 0);
    assert.equal(await share(page), "Registered");
    assert.equal(await page.locator("#kiosk .learns .told").count(), 2);
    await page.click("#shared-done");
    await page.click("#revoke-1");
    await page.waitForSelector("#issuer .done");
    await page.click("#publish-epoch");
    await page.waitForFunction(() => document.querySelectorAll("#wallet .card.revoked").length === 2);
  }));

test("a revoked card is shown to nobody once the office has published, and a new one is", () =>
  page({}, async (page) => {
    await makeWallet(page);
    await enrol(page);
    await page.click("#revoke-1");
    await page.waitForSelector("#issuer .done");
    // Not published: it still counts.
    await askFor(page, "cafe");
    assert.equal(await share(page), "Adult, valid");
    assert.match(await page.textContent("#kiosk .learns"), /was not revoked/);
    await page.click("#shared-done");
    await page.click("#next-guest");
    await page.waitForSelector("#kiosk[data-view=asking]");
    await page.click("#publish-epoch");
    await page.waitForSelector("#wallet .card.revoked");
    await askFor(page, "cafe");
    await page.waitForSelector("#wallet[data-view=refused]");
    assert.match(await page.textContent("#wallet .own"), /has been revoked/);
    assert.equal(await page.getAttribute("#kiosk", "data-view"), "asking");
    await page.click("#refusal-done");
    await page.click("#issue");
    await page.waitForSelector("#wallet .card:not(.revoked)");
    await askFor(page, "cafe");
    assert.equal(await share(page), "Adult, valid");
  }));

test("what a wallet asks about revocations is the same whether its card was revoked or not", async () => {
  const look = async (revoked) => {
    let paths;
    await page({}, async (page, { asked }) => {
      await makeWallet(page);
      await enrol(page);
      await page.waitForSelector("#kiosk[data-ready=all]");
      if (revoked) await page.click("#revoke-1");
      await page.waitForSelector("#issuer .done");
      asked.length = 0;
      await page.click("#publish-epoch");
      const epochs = () => asked.map((url) => new URL(url).pathname).filter((path) => path.startsWith("/epochs/"));
      // The head for the wallet and for the kiosk, and the epoch's file; then a while in which more would come.
      for (let waited = 0; epochs().length < 3 && waited < 200; waited += 1) await page.waitForTimeout(100);
      if (revoked) await page.waitForSelector("#wallet .card.revoked");
      await page.waitForTimeout(500);
      paths = epochs();
    });
    return paths.map((path) => path.replace(/\d{8}$/, "N")).toSorted();
  };
  const [with_revoked, without] = [await look(true), await look(false)];
  assert.deepEqual(with_revoked, without);
  assert.ok(without.some((path) => path.endsWith("/1/N")));
});

test("a kiosk that is shown another history asks nobody", () =>
  page({}, async (page) => {
    await page.waitForSelector("#kiosk[data-view=asking]");
    await page.route("**/epochs/*/head", async (route) => {
      const body = await (await route.fetch()).body();
      body[body.length - 1] ^= 1;
      await route.fulfill({ body, contentType: "application/octet-stream" });
    });
    await page.click("#errand-bank");
    await page.waitForSelector("#kiosk[data-view=closed]");
    assert.match(await page.textContent("#kiosk"), /not what it signed before/);
    await page.unroute("**/epochs/*/head");
    await page.click("#errand-cafe");
    await page.waitForSelector("#kiosk[data-view=asking]");
  }));

test("a locked wallet stays locked after a reload, opens with its passphrase only, and answers from its pool", () =>
  page({}, async (page) => {
    await makeWallet(page);
    await enrol(page);
    await page.click("#lock");
    await page.waitForSelector("#wallet[data-view=locked]");
    assert.equal(await page.locator("#wallet .card").count(), 0);
    await page.reload();
    await ready(page);
    await page.waitForSelector("#wallet[data-view=locked]");
    await page.fill("#wallet-passphrase", `${PASSPHRASE}!`);
    await page.click("#unlock");
    await page.waitForSelector("#wallet .problem:not([hidden])");
    await unlock(page);
    await page.waitForSelector("#wallet .cards .card");
    await askFor(page, "cafe");
    assert.equal(await share(page), "Adult, valid");
    // No claim stands in what the browser keeps.
    const stored = await page.evaluate(async () => {
      const databases = await indexedDB.databases();
      let text = JSON.stringify(localStorage) + JSON.stringify(sessionStorage);
      for (const { name } of databases) {
        const opened = await new Promise((resolve) => (indexedDB.open(name).onsuccess = ({ target }) => resolve(target.result)));
        const entries = await new Promise((resolve) => (opened.transaction("entries").objectStore("entries").getAll().onsuccess = ({ target }) => resolve(target.result)));
        for (const entry of entries) text += new TextDecoder("latin1").decode(entry);
        opened.close();
      }
      return text;
    });
    assert.ok(stored.includes("age-encryption.org") || stored.includes("parameters"));
    assert.doesNotMatch(stored, /Lindengasse/);
  }));

test("a lost wallet is made again from its words, and is known by the same name", () =>
  page({}, async (page) => {
    await page.fill("#wallet-passphrase", PASSPHRASE);
    await page.click("#create-wallet");
    await page.waitForSelector("#phrase-done");
    const words = await page.locator("#wallet .phrase li").allTextContents();
    assert.equal(words.length, 24);
    await page.click("#phrase-done");
    await enrol(page);
    await askFor(page, "bank");
    assert.equal(await share(page), "Account opened");
    const name = await nameAtKiosk(page);
    await page.click("#shared-done");
    await page.click("#lock");
    await page.click("#another-wallet");
    await page.click("#had-wallet");
    await page.fill("#words", `${words.slice(1).join(" ")} ${words[0]}`);
    await page.fill("#recover-passphrase", "another passphrase");
    await page.click("#recover-wallet");
    await page.waitForSelector("#wallet .problem:not([hidden])");
    await page.fill("#words", ` ${words.join("\n").toUpperCase()}`);
    await page.fill("#recover-passphrase", "another passphrase");
    await page.click("#recover-wallet");
    await page.waitForSelector("#wallet[data-view=home]");
    await enrol(page);
    await page.click("#next-guest");
    await askFor(page, "bank");
    assert.equal(await share(page), "Account opened");
    assert.equal(await nameAtKiosk(page), name);
  }));

test("a backup brings everything back, but for what may have been used up since", () =>
  page({}, async (page, { context }) => {
    await makeWallet(page);
    await enrol(page);
    await page.click("#backup summary");
    await page.fill("#save-passphrase", "kept elsewhere");
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save-backup")]);
    const file = await download.path();
    await page.waitForSelector("#wallet[data-view=home]:not(.busy)");
    await page.click("#lock");
    await page.click("#another-wallet");
    await page.click("#had-wallet");
    const restore = async (before) => {
      await page.setInputFiles("#backup-file", file);
      await page.fill("#backup-passphrase", before);
      await page.fill("#restore-passphrase", "another passphrase");
      await page.click("#restore-wallet");
    };
    await restore("not that one");
    await page.waitForSelector("#wallet .problem:not([hidden])");
    await restore("kept elsewhere");
    await page.waitForSelector("#wallet .cards .card");
    await askFor(page, "cafe");
    assert.equal(await share(page), "Adult, valid");
    await page.click("#shared-done");
    await page.click("#next-guest");
    await page.waitForSelector("#kiosk[data-view=asking]");
    await askFor(page, "phone");
    await page.waitForSelector("#wallet[data-view=refused]");
    await page.click("#allow-tokens");
    await page.waitForSelector("#wallet[data-view=review]");
    await share(page);
    assert.equal(await page.getAttribute("#kiosk", "data-view"), "accepted");
  }));

test("it works offline after the first load", () =>
  page({}, async (page, { context, complaints }) => {
    await makeWallet(page);
    await enrol(page);
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.waitForFunction(async () => (await caches.keys()).length > 0 && navigator.serviceWorker.controller !== null);
    await context.setOffline(true);
    await page.reload();
    await ready(page);
    await unlock(page);
    await page.waitForSelector("#wallet .cards .card");
    await askFor(page, "cafe");
    assert.equal(await share(page), "Adult, valid");
    assert.match(await page.textContent("#issuer"), /can not be reached/);
    // The browser itself reports what could not be fetched.
    complaints.splice(0, complaints.length, ...complaints.filter((text) => !text.includes("ERR_INTERNET_DISCONNECTED")));
  }));

test("offline the kiosk asks what it never asked before", () =>
  page({}, async (page, { context, complaints }) => {
    await page.waitForSelector("#kiosk[data-ready=all]");
    await page.waitForFunction(async () => (await caches.keys()).length > 0 && navigator.serviceWorker.controller !== null);
    await context.setOffline(true);
    await page.reload();
    await ready(page);
    await page.click("#errand-bank");
    await page.waitForSelector("#kiosk[data-view=asking][data-errand=bank]");
    complaints.splice(0, complaints.length, ...complaints.filter((text) => !text.includes("ERR_INTERNET_DISCONNECTED")));
  }));

test("the 24 words stay until they are written down, whoever asks", () =>
  page({}, async (page) => {
    await page.fill("#wallet-passphrase", PASSPHRASE);
    await page.click("#create-wallet");
    await page.waitForSelector("#phrase-done");
    await askFor(page, "cafe");
    await page.waitForSelector("#wallet .notice:not([hidden])");
    assert.equal(await page.locator("#wallet .phrase li").count(), 24);
    assert.ok(await page.isDisabled("#issue"));
    await page.click("#phrase-done");
    await page.waitForSelector("#wallet[data-view=refused]");
    assert.ok(await page.isEnabled("#issue"));
  }));

test("a wallet that another tab has open says so, and is not deleted", () =>
  page({}, async (page, { context }) => {
    await makeWallet(page);
    await enrol(page);
    const other = await context.newPage();
    await other.goto(server.address);
    await unlock(other);
    await other.waitForSelector("#wallet .problem:not([hidden])");
    assert.match(await other.textContent("#wallet .problem"), /open in another tab/);
    await other.click("#wallet details summary");
    await other.click("#delete-wallet");
    await other.click("#delete-sure");
    await other.waitForSelector("#wallet:not(.busy) .problem:not([hidden])");
    await other.close();
    await page.click("#lock");
    await page.reload();
    await unlock(page);
    await page.waitForSelector("#wallet .cards .card");
  }));

test("a wallet is deleted for good, after it was asked again, and its name is free for another person", () =>
  page({}, async (page) => {
    await makeWallet(page);
    await enrol(page);
    await page.click("#lock");
    await page.click("#wallet details summary");
    await page.click("#delete-wallet");
    await page.click("#keep-wallet");
    assert.equal(await page.getAttribute("#wallet", "data-view"), "locked");
    await page.click("#delete-wallet");
    await page.click("#delete-sure");
    await page.waitForSelector("#wallet[data-view=welcome]");
    await makeWallet(page);
    assert.equal(await page.locator("#wallet .cards .card").count(), 0);
    await enrol(page);
  }));

test("an office that was started anew gives a card to a wallet that had one of the office before", async () => {
  const first = await serve();
  const { page, context } = await visit(browser, first.address);
  await makeWallet(page);
  await enrol(page);
  await first.stop();
  const second = await serve("--port", new URL(first.address).port);
  await page.reload();
  await ready(page);
  await page.waitForSelector("#kiosk[data-view=asking]");
  await unlock(page);
  await page.waitForSelector("#wallet .cards .card");
  await page.click("#issue");
  await page.waitForSelector("#issuer .done");
  await page.waitForSelector("#wallet .cards li:nth-child(2) .card");
  await askFor(page, "cafe");
  assert.equal(await share(page), "Adult, valid");
  await context.close();
  await second.stop();
});

test("a browser that keeps nothing is told why there is no wallet", async () => {
  for (const [name, language, words] of [["localStorage", "en", /no place for a wallet/], ["indexedDB", "de-DE", /hat keinen Platz/]]) {
    const context = await browser.newContext({ locale: language });
    const page = await context.newPage();
    await page.addInitScript((name) => {
      Object.defineProperty(window, name, {
        get() {
          throw new DOMException("denied", "SecurityError");
        },
      });
    }, name);
    await page.goto(server.address);
    assert.match(await page.textContent("#main > [role=alert]"), words);
    await context.close();
  }
});

test("long names stay within the page, on a phone as well", () =>
  page({ width: 360, height: 740 }, async (page, { complaints }) => {
    await makeWallet(page);
    await page.check("#person-other");
    await page.fill("#field-given_names", "W".repeat(64));
    await page.fill("#field-surname", "Donaudampfschifffahrtsgesellschaftskapitaenswitwenrentenantragsb");
    await page.fill("#field-date_of_birth", "2999-01-01");
    await page.click("#issue");
    // What was typed is still there where the office does not take it.
    await page.waitForSelector("#issuer .problem:not([hidden])");
    assert.equal(await page.inputValue("#field-given_names"), "W".repeat(64));
    await page.fill("#field-date_of_birth", "1980-01-01");
    await page.click("#issue");
    await page.waitForSelector("#wallet .cards .card");
    const inside = async (what) => {
      const beyond = await page.evaluate(() =>
        [...document.querySelectorAll("#main .screen *")]
          .filter((element) => !element.closest("svg, .card .lines, .spoken") && element.getBoundingClientRect().right > innerWidth)
          .map((element) => element.outerHTML.slice(0, 120)),
      );
      assert.deepEqual(beyond, [], what);
    };
    await inside("the card");
    await page.click("#go-kiosk");
    await page.click("#errand-bank");
    await page.waitForSelector("#kiosk[data-view=asking][data-errand=bank]");
    await page.click("#go-both");
    await page.evaluate(() => document.getElementById("give-request").click());
    await page.waitForSelector("#wallet[data-view=review]");
    await inside("the request");
    await page.click("#share");
    await page.waitForSelector("#kiosk[data-view=accepted]", { state: "attached" });
    await page.click("#go-kiosk");
    await inside("the verdict");
    // The browser itself reports that the office said no.
    complaints.splice(0, complaints.length, ...complaints.filter((text) => !text.includes("400 (Bad Request)")));
  }));

test("the history speaks the page's language", () =>
  page({ language: "de-DE" }, async (page) => {
    await makeWallet(page);
    await enrol(page);
    for (const errand of ["cafe", "bank"]) {
      await askFor(page, errand);
      await share(page);
      await page.click("#shared-done");
    }
    await page.click("#show-history");
    const told = await page.textContent("#wallet .history");
    assert.match(told, /Personalausweis, ausgestellt von/);
    assert.match(told, /Mindestens 18 Jahre alt/);
    assert.match(told, /Nachname.*Mustermann/s);
    assert.match(told, /Der Ausweis war nicht gesperrt/);
  }));

test("a code before the camera is read, and a camera that is refused is explained", async () => {
  const film = join(mkdtempSync(join(tmpdir(), "milchglas-")), "request.y4m");
  await page({}, async (page) => {
    await page.click("#go-kiosk");
    await page.waitForSelector("#kiosk .qr");
    const [width, height] = [960, 720];
    const luma = await page.evaluate(async ([width, height]) => {
      const [qr, canvas] = [document.querySelector("#kiosk .qr"), document.createElement("canvas")];
      [canvas.width, canvas.height] = [width, height];
      const context = canvas.getContext("2d");
      context.fillStyle = "#ddd";
      context.fillRect(0, 0, width, height);
      const side = 640;
      const scale = side / qr.viewBox.baseVal.width;
      context.setTransform(scale, 0, 0, scale, (width - side) / 2, (height - side) / 2);
      context.fillStyle = "#111";
      context.fill(new Path2D(qr.querySelector("path").getAttribute("d")));
      const { data } = context.getImageData(0, 0, width, height);
      return Array.from({ length: width * height }, (_, place) => data[4 * place]);
    }, [width, height]);
    const frame = [Buffer.from("FRAME\n"), Buffer.from(luma), Buffer.alloc((width * height) / 2, 128)];
    writeFileSync(film, Buffer.concat([Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\n`), ...frame, ...frame]));
    // Nobody allowed the camera here.
    await page.click("#scan-answer");
    await page.waitForSelector("dialog .camera.none");
    assert.match(await page.textContent("dialog .camera"), /no camera, or it may not be used/);
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
    assert.equal(await page.evaluate(() => document.activeElement.id), "scan-answer");
  });
  const seeing = await launch("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", `--use-file-for-fake-video-capture=${film}`);
  const visited = await visit(seeing, server.address, { permissions: ["camera"] });
  await makeWallet(visited.page);
  await visited.page.click("#scan-request");
  // It was read: a wallet without a card says that it has none for this.
  await visited.page.waitForSelector("#wallet[data-view=refused]");
  assert.equal(await visited.page.textContent("#refusal"), "No card for this");
  assert.deepEqual(visited.complaints, []);
  await seeing.close();
});

test("another tab answers a link, and the kiosk gets the answer", () =>
  page({ permissions: ["clipboard-read", "clipboard-write"] }, async (page, { context }) => {
    await makeWallet(page);
    await enrol(page);
    await page.click("#lock");
    const kiosk = await context.newPage();
    await kiosk.goto(`${server.address}/kiosk`);
    await kiosk.waitForSelector("#kiosk[data-view=asking]");
    await kiosk.click("#kiosk .row button:nth-of-type(3)");
    const link = await kiosk.evaluate(() => navigator.clipboard.readText());
    assert.match(link, /\/wallet#request=/);
    await page.close();
    const wallet = await context.newPage();
    await wallet.goto(link);
    await unlock(wallet);
    await wallet.click("#share");
    await kiosk.waitForSelector("#kiosk[data-view=accepted]");
    await wallet.waitForSelector("#wallet .stamp.yes");
  }));

test("codes go as pictures: what one page shows, another reads", () =>
  page({ deviceScaleFactor: 2 }, async (page) => {
    await makeWallet(page);
    await enrol(page);
    const request = await page.locator("#kiosk .qr").screenshot();
    await page.click("#scan-request");
    await page.setInputFiles("#picture-file", { name: "request.png", mimeType: "image/png", buffer: request });
    await page.click("#share");
    const code = page.locator("#wallet .qr");
    await code.scrollIntoViewIfNeeded();
    const answer = await code.screenshot();
    await page.click("#scan-answer");
    await page.setInputFiles("#picture-file", { name: "answer.png", mimeType: "image/png", buffer: answer });
    await page.waitForSelector("#kiosk[data-view=accepted]");
  }));

test("the language changes everywhere, by the page and by the browser", () =>
  page({ language: "de-DE" }, async (page) => {
    assert.equal(await page.getAttribute("html", "lang"), "de");
    assert.match(await page.textContent("#wallet"), /Ihre Brieftasche/);
    await makeWallet(page);
    await enrol(page);
    await askFor(page, "cafe");
    assert.match(await page.textContent("#wallet .learns"), /Mindestens 18 Jahre alt/);
    assert.equal(await share(page), "Erwachsen, gültig");
    await page.click("#language");
    assert.equal(await page.getAttribute("html", "lang"), "en");
    assert.equal(await page.textContent("#verdict"), "Adult, valid");
  }));

test("everything can be done with the keyboard, and has a name", () =>
  page({}, async (page) => {
    await page.focus("#wallet-passphrase");
    await page.keyboard.type(PASSPHRASE);
    await page.keyboard.press("Enter");
    await page.focus("#phrase-done");
    await page.keyboard.press("Enter");
    await page.focus("#person-erika");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#wallet .cards .card");
    await page.focus("#give-request");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#wallet[data-view=review]");
    assert.equal(await page.evaluate(() => document.activeElement.tagName), "H2");
    await page.focus("#share");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#kiosk[data-view=accepted]");
    assert.ok(await page.evaluate(() => document.getElementById("verdict").closest("[aria-live]") !== null));
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll("button, a[href], input, textarea")]
        .filter((control) => !control.textContent.trim() && !control.getAttribute("aria-label") && !control.labels?.length && !control.placeholder)
        .map((control) => control.outerHTML),
    );
    assert.deepEqual(nameless, []);
  }));

test("the office answers its own page only, under its own name", async () => {
  const at = (path, options) => fetch(server.address + path, options);
  const page = await at("/");
  assert.match(page.headers.get("content-security-policy"), /default-src 'none'; script-src 'self' 'wasm-unsafe-eval'/);
  assert.equal((await at("/office/invitation", { method: "POST", body: "{}" })).status, 403);
  const foreign = await at("/office/invitation", { method: "POST", body: "{}", headers: { origin: "https://elsewhere.example" } });
  assert.equal(foreign.status, 403);
  const large = await at("/office/answer", { method: "POST", body: "x".repeat(1 << 20), headers: { origin: server.address } }).catch(() => ({ status: 413 }));
  assert.equal(large.status, 413);
});

test("phones in the network get it over TLS, with the fingerprint that was printed", async () => {
  const lan = await serve("--lan=127.0.0.1");
  assert.match(lan.certificate, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  const host = new URL(lan.address).host;
  const shown = spawnSync("sh", ["-c", `openssl s_client -connect ${host} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256`], { encoding: "utf8" });
  assert.equal(shown.stdout.trim().split("=")[1], lan.certificate);
  const visited = await visit(browser, lan.address, { ignoreHTTPSErrors: true, path: "/wallet" });
  assert.ok(await visited.page.evaluate(() => window.isSecureContext));
  await makeWallet(visited.page);
  await visited.context.close();
  await lan.stop();
});

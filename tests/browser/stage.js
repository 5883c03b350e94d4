// What every test needs: the program's server, a browser, a person at the page.
//
// MILCHGLAS is the program, WASM_PACKAGE the npm package, CHROMIUM the browser; tests/scripts/browser.sh sets them.

import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = process.env.MILCHGLAS ?? `${root}/target/release/milchglas`;
const wasm = process.env.WASM_PACKAGE ?? `${root}/target/wasm-pkg`;
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const output = `${root}/target/browser`;
mkdirSync(output, { recursive: true });

const QUIET = [
  "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
export const PASSPHRASE = "glass over glass";

/** The server, at a free port where none is named: its address, and how it is stopped. */
export async function serve(...options) {
  const server = spawn(program, ["serve", ...(options.includes("--port") ? [] : ["--port", "0"]), "--wasm", wasm, "--json", ...options], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  for await (const line of createInterface({ input: server.stdout })) {
    const { address, certificate_sha256 } = JSON.parse(line);
    const stop = async () => {
      server.kill("SIGTERM");
      return ended;
    };
    return { address, certificate: certificate_sha256, stop };
  }
  throw new Error("the server said nothing");
}

export const launch = (...more) => chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0, args: [...QUIET, ...more] });

/** A page in a browser of its own, as a person has it; what goes wrong in it, and every address that it asks for, is kept. */
export async function visit(browser, address, { path = "/", language = "en", width = 1280, height = 900, dark = false, touch = false, ...more } = {}) {
  const context = await browser.newContext({
    locale: language, viewport: { width, height }, colorScheme: dark ? "dark" : "light", hasTouch: touch, isMobile: touch, serviceWorkers: "allow", ...more,
  });
  const asked = [];
  const complaints = [];
  context.on("request", (request) => asked.push(request.url()));
  const watch = (page) => {
    page.setDefaultTimeout(30_000);
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  };
  context.on("page", watch);
  const page = await context.newPage();
  await page.goto(address + path);
  await ready(page).catch((error) => {
    throw Object.assign(error, { message: [error.message, ...complaints].join("\n") });
  });
  return { page, context, asked, complaints };
}

/** Waits until the page can be used. */
export const ready = (page) => page.waitForSelector("html[data-ready]", { state: "attached" });

export async function makeWallet(page) {
  await page.fill("#wallet-passphrase", PASSPHRASE);
  await page.click("#create-wallet");
  await page.click("#phrase-done");
  await page.waitForSelector("#wallet[data-view=home]");
}

export async function unlock(page) {
  await page.waitForSelector("#wallet[data-view=locked]");
  await page.fill("#wallet-passphrase", PASSPHRASE);
  await page.click("#unlock");
}

/** Gets a card at the office, on the page that shows all three. */
export async function enrol(page, person = "erika") {
  await page.check(`#person-${person}`);
  await page.click("#issue");
  await page.waitForSelector("#issuer .done");
  await page.waitForSelector("#wallet .cards .card");
}

/** Lets one of the kiosk's errands ask the wallet on the same page. */
export async function askFor(page, errand) {
  await page.click(`#errand-${errand}`);
  await page.waitForSelector(`#kiosk[data-view=asking][data-errand=${errand}]`);
  await page.click("#give-request");
}

/** Shares, and waits for the kiosk's verdict. */
export async function share(page) {
  await page.click("#share");
  await page.waitForSelector("#kiosk[data-view=accepted], #kiosk[data-view=rejected]");
  return page.textContent("#verdict");
}

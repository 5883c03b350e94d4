// The page: which half is shown, in which language, and how it starts.

import { button, fill, h, icon, say } from "./dom.js";
import { engine } from "./engine.js";
import { takeFromAddress } from "./exchange.js";
import * as issuer from "./issuer.js";
import * as kiosk from "./kiosk.js";
import { language, onLanguage, setLanguage, t } from "./language.js";
import * as wallet from "./wallet.js";

const VIEWS = { "/": "both", "/wallet": "wallet", "/kiosk": "kiosk", "/issuer": "issuer" };
const PATHS = { wallet: "/wallet", kiosk: "/kiosk", issuer: "/issuer", both: "/" };
const PICTURES = { both: "spark", wallet: "wallet", kiosk: "cup", issuer: "office" };

const here = () => VIEWS[location.pathname] ?? "both";
/** On a narrow screen one half is shown of both; this one. */
let half = "wallet";

function show() {
  document.body.dataset.show = here();
  document.body.dataset.half = here() === "both" ? half : here();
  document.title = here() === "both" ? "Milchglas" : `${t(here())} – Milchglas`;
  top();
}

function visit(view) {
  if (view !== here()) history.pushState(null, "", PATHS[view]);
  show();
  scrollTo(0, 0);
}

/** Brings a half to the eye where it is hidden, without leaving the address of both. */
function reveal(view) {
  if (here() === "both" && view !== "issuer") {
    half = view;
    show();
    if (view === "wallet") document.getElementById("wallet").scrollIntoView({ block: "nearest" });
  } else if (here() !== "both") visit(view);
}

function top() {
  const tab = (view) =>
    h("a", { href: PATHS[view], "data-go": view, id: `go-${view}`, "aria-current": here() === view ? "page" : undefined, class: view === "both" ? "wide" : undefined }, icon(PICTURES[view]), h("span", {}, t(view)));
  const next = language() === "en" ? "de" : "en";
  fill(
    document.getElementById("top"),
    h("a.brand", { href: "/", "data-go": "both" }, h("i", { "aria-hidden": "true" }), h("h1", {}, "Milchglas")),
    h("nav", { "aria-label": t("parts") }, ["both", "wallet", "kiosk", "issuer"].map(tab)),
    button("quiet.language", null, next === "de" ? "Deutsch" : "English", () => setLanguage(next), { id: "language", lang: next }),
  );
  fill(
    document.getElementById("foot"),
    h("p", {}, icon("eyeoff"), t("foot")),
  );
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-go]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  visit(link.dataset.go);
});
document.addEventListener("show", ({ detail }) => reveal(detail));
document.addEventListener("delivered", () => say(t("delivered")));
addEventListener("popstate", show);
addEventListener("hashchange", takeFromAddress);
onLanguage(show);

/** Whether the page may keep things: browsers that block cookies refuse the wallet its place as well. */
function mayKeep() {
  try {
    return Boolean(localStorage && sessionStorage && indexedDB);
  } catch {
    return false;
  }
}

const complain = (words) => document.getElementById("main").prepend(h("p.problem", { role: "alert" }, t(words)));

async function start() {
  const office = issuer.start();
  await engine;
  performance.mark("loaded");
  const kioskStarted = kiosk.start(office);
  await wallet.start().catch((cause) => {
    throw Object.assign(new Error("the wallets can not be read", { cause }), { words: "no_storage" });
  });
  await kioskStarted;
  performance.mark("usable");
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
  await takeFromAddress();
}

show();
if (mayKeep()) {
  await start().catch((error) => {
    console.error(error);
    complain(error.words ?? "no_module");
  });
} else complain("no_storage");
// Under a certificate that nobody vouches for, browsers refuse it; the page works without.
navigator.serviceWorker?.register("/service-worker.js").catch(() => undefined);

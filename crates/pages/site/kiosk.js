// The kiosk's half of the page: it asks, and learns a verdict.

import { receive } from "./camera.js";
import { button, fill, h, icon, qrPicture, say } from "./dom.js";
import { EPOCHS, MilchglasError, engine, utf8, whenIdle } from "./engine.js";
import { handOver, linkFor, onMessage } from "./exchange.js";
import { duration, language, onLanguage, t, tOr } from "./language.js";
import { claimPicture, claimTitle, claimValue, notLearned, provedTo, toldIn } from "./words.js";
import { copying, factLine, picture } from "./wallet.js";

/** Who asks what. The last asks more than an errand needs, and names no purpose that a wallet knows. */
const ERRANDS = [
  { id: "cafe", template: "cafe", origin: "https://cafe.example" },
  { id: "hotel", template: "hotel", origin: "https://hotel.example" },
  { id: "train", template: "train", origin: "https://train.example" },
  { id: "bank", template: "bank", origin: "https://bank.example" },
  { id: "company", template: "company", origin: "https://register.example" },
  { id: "phone", template: "phone", origin: "https://phone.example" },
  { id: "visa", template: "visa", origin: "https://consulate.example" },
  { id: "stall", template: "stall", origin: "https://stall.example" },
  { id: "curious", template: "cafe", origin: "https://club.example" },
];
/** Where the kiosk's keys are kept, each with the passphrase that opens it: a kiosk has nobody who types one. */
const KEPT = "milchglas.kiosk";

const panel = document.getElementById("kiosk");
const state = { view: "loading", errand: ERRANDS[0], asked: null, code: null, verdict: null, took: 0, problem: null, office: null };
const verifiers = new Map();
let turn = 0;

/** Begins, once the office's parameters are known; `office` resolves to their JSON, or to null without one. */
export async function start(office) {
  state.office = await office;
  await ask(state.errand);
  if (state.office) getReady();
}

/** The keys and epochs of all errands, so that each can be asked without a network. */
async function getReady() {
  for (const errand of ERRANDS) {
    await new Promise(whenIdle);
    // What is wrong is said when it asks.
    await verifierFor(errand).then((verifier) => follow(errand, verifier)).catch(() => undefined);
  }
  panel.dataset.ready = "all";
}

/** Trusts an office from now on. */
export async function trust(parameters) {
  state.office = parameters;
  for (const verifier of verifiers.values()) (await verifier).trust(parameters);
}

const verifierFor = (errand) => {
  if (!verifiers.has(errand.id)) {
    const making = makeVerifier(errand);
    verifiers.set(errand.id, making);
    making.catch(() => verifiers.delete(errand.id));
  }
  return verifiers.get(errand.id);
};

async function makeVerifier(errand) {
  const { Verifier } = await engine;
  const verifier = (await reopened(errand)) ?? (await fresh(errand, Verifier));
  await verifier.trust(state.office);
  return verifier;
}

/** Learns the newest epochs, and keeps them for when there is no network. Two histories are no matter of the network: they stop the kiosk. */
async function follow(errand, verifier) {
  const learned = await verifier.sync(EPOCHS).catch((error) => {
    if (error instanceof MilchglasError) throw error;
    return [];
  });
  if (learned.some((epoch) => epoch.new)) await keep(errand, verifier);
}

async function keep(errand, verifier) {
  const passphrase = crypto.randomUUID();
  const sealed = await verifier.seal(utf8(passphrase), 1);
  const text = btoa(Array.from(sealed, (byte) => String.fromCharCode(byte)).join(""));
  localStorage.setItem(`${KEPT}.${errand.id}`, JSON.stringify({ passphrase, sealed: text }));
}

async function fresh(errand, Verifier) {
  const verifier = await Verifier.create({ name: t(`name_${errand.id}`), origin: errand.origin });
  await keep(errand, verifier);
  return verifier;
}

async function reopened(errand) {
  const kept = JSON.parse(localStorage.getItem(`${KEPT}.${errand.id}`) ?? "null");
  if (!kept) return null;
  const { Verifier } = await engine;
  const sealed = Uint8Array.from(atob(kept.sealed), (character) => character.charCodeAt(0));
  return Verifier.open({ sealed, passphrase: utf8(kept.passphrase) }).catch(() => null);
}

/**
 * The template that ships, its purpose in the kiosk's language; the curious one's with a date of birth and without a profile, the consulate's without
 * passports, which the office here does not give.
 */
async function templateFor(errand) {
  const shipped = (await (await engine).templates()).find(({ name }) => name === errand.template);
  const template = { ...JSON.parse(shipped.json), purpose: t(`purpose_${errand.id}`) };
  if (errand.id === "visa") template.ask = template.ask.any.find(({ credential }) => credential.schemas.includes("national-id"));
  if (errand.id === "curious") {
    delete template.profile;
    template.ask.credential = { ...template.ask.credential, prove: ["valid"], disclose: ["surname", "given_names", "date_of_birth"] };
  }
  return JSON.stringify(template);
}

async function ask(errand) {
  turn += 1;
  const mine = turn;
  if (!state.office) return go("closed");
  go("loading", { errand, asked: null, code: null, verdict: null });
  try {
    const verifier = await verifierFor(errand);
    await follow(errand, verifier);
    const asked = await verifier.request(await templateFor(errand));
    const code = await (await engine).qrCode(asked.bytes);
    if (mine !== turn) return;
    go("asking", { asked, code });
    setTimeout(() => mine === turn && state.view === "asking" && ask(errand), Date.parse(asked.expires) - Date.now() - 5000);
  } catch (error) {
    if (!(error instanceof MilchglasError)) console.error(error);
    go("closed", { problem: tOr(`kiosk_${error.code}`, error.message) });
  }
}

onMessage("answer", check);
document.addEventListener("published", () => state.view === "asking" && ask(state.errand));

/** Checks an answer; whether it was one to this kiosk's request. */
async function check(bytes, from) {
  if (state.view !== "asking") return false;
  const { asked, errand } = state;
  const begun = performance.now();
  const verdict = await (await verifierFor(errand)).check(bytes, { nonce: asked.nonce });
  const took = performance.now() - begun;
  const foreign = !verdict.accepted && ["other_request", "unknown_request"].includes(verdict.reason);
  if (from === "tab" && foreign) return false;
  turn += 1;
  panel.dataset.took = took;
  go(verdict.accepted ? "accepted" : "rejected", { verdict, took });
  say(verdict.accepted ? t(`verdict_${errand.id}`) : t("rejected"));
  return true;
}

async function scan() {
  const bytes = await receive(t("scan_answer"));
  if (bytes) await check(bytes, "outside");
}

function go(view, more = {}) {
  const moved = state.view !== view;
  Object.assign(state, { problem: null, ...more, view });
  render();
  if (moved && (view === "accepted" || view === "rejected")) panel.querySelector("[data-focus]")?.focus({ preventScroll: true });
}

async function give() {
  document.dispatchEvent(new CustomEvent("show", { detail: "wallet" }));
  await handOver("request", state.asked.bytes);
}

const views = {
  loading: () => [h("p.loading", {}, h("i.spinner", { "aria-hidden": "true" }), t("kiosk_starting"))],

  closed: () => [h("p", {}, state.problem ?? t("kiosk_closed"))],

  asking: () => [
    h("h2", {}, t(`asks_${state.errand.id}`)),
    h("div.code", {}, qrPicture(state.code, t("qr_request")), h("p.hint", {}, t("show_request"))),
    h(
      "div.row",
      {},
      button("primary.same-page", "send", t("give_to_wallet"), give, { id: "give-request" }),
      button("secondary", "camera", t("scan_answer"), scan, { id: "scan-answer" }),
      copying(t("copy_link"), () => linkFor("request", state.asked.bytes)),
      copying(t("copy_text"), async () => (await engine).encodeText(state.asked.bytes)),
    ),
  ],

  accepted: () => {
    const { verdict, errand, asked } = state;
    const told = toldIn(asked.request, verdict);
    const names = told.map(([claim]) => claim);
    return [
      h(
        "div.verdict.yes",
        { tabindex: "-1", "data-focus": true },
        icon("check"),
        h("h2", { id: "verdict" }, t(`verdict_${errand.id}`)),
        h("p", {}, t("checked_in", { time: duration(state.took) })),
      ),
      h(
        "div.sides",
        {},
        h(
          "section.learns",
          { "aria-labelledby": "did-learn" },
          h("h3", { id: "did-learn" }, icon("eye"), t("did_learn")),
          h(
            "ul",
            {},
            told.map(([claim, value]) => factLine({ picture: claimPicture(claim), words: claimTitle(claim), value: claimValue(claim, value), told: true })),
            provedTo(asked.request, verdict).map(factLine),
            factLine({ picture: "office", words: t("issued_by", { issuer: verdict.issuers.join(", ") }) }),
          ),
        ),
        h("section.hides", { "aria-labelledby": "did-not-learn" }, h("h3", { id: "did-not-learn" }, icon("eyeoff"), t("did_not_learn")), h("ul", {}, notLearned(names, verdict.pseudonyms).map((fact) => h("li", {}, icon(fact.picture), fact.words)))),
      ),
      button("secondary", "send", t("next_guest"), () => ask(errand), { id: "next-guest" }),
    ];
  },

  rejected: () => [
    h("div.verdict.no", { tabindex: "-1", "data-focus": true }, icon("cross"), h("h2", { id: "verdict" }, t("rejected")), h("p", {}, t(`reason_${state.verdict.reason}`))),
    button("secondary", "send", t("ask_again"), () => ask(state.errand), { id: "next-guest" }),
  ],
};

function render() {
  panel.dataset.view = state.view;
  panel.dataset.errand = state.errand.id;
  panel.setAttribute("aria-label", t("kiosk"));
  const chooser = h(
    "div.errands",
    { role: "radiogroup", "aria-label": t("choose_errand") },
    ERRANDS.map((errand) =>
      h(
        "button.errand",
        { type: "button", id: `errand-${errand.id}`, role: "radio", "aria-checked": String(errand === state.errand), tabindex: errand === state.errand ? "0" : "-1", onclick: () => ask(errand), onkeydown: along },
        icon(signOf(errand)),
        h("span", {}, t(`errand_${errand.id}`)),
      ),
    ),
  );
  fill(
    panel,
    h("header.name", {}, icon(signOf(state.errand)), h("span", {}, t(`name_${state.errand.id}`)), h("span.state.open", {}, t("kiosk"))),
    h("div.screen", {}, chooser, h("div.stage", { "aria-live": "polite" }, views[state.view]())),
  );
}

const signOf = ({ id }) => (id === "curious" ? "eye" : picture(id === "stall" ? "purchase" : id));

/** Arrow keys go through the errands, as in any group of radio buttons. */
function along(event) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const next = ERRANDS[(ERRANDS.indexOf(state.errand) + step + ERRANDS.length) % ERRANDS.length];
  ask(next);
  document.getElementById(`errand-${next.id}`)?.focus();
}

let spoken = language();
onLanguage(() => {
  // What is asked is in the kiosk's language, so it is asked anew.
  if (state.view === "asking" && spoken !== language()) ask(state.errand);
  else render();
  spoken = language();
});

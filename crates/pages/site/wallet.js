// The wallet's half of the page.

import { receive } from "./camera.js";
import { button, dialog, fill, h, icon, qrPicture, say } from "./dom.js";
import { EPOCHS, MilchglasError, engine, utf8, whenIdle } from "./engine.js";
import { handOver, linkFor, onMessage, sendToTabs } from "./exchange.js";
import { day, duration, moment, month, onLanguage, t, tOr } from "./language.js";
import { cardTitle, claimPicture, claimTitle, claimValue, learnedBy, notLearned, refusal, remembered } from "./words.js";

const WALLETS = "milchglas.wallets";
/** Wallets that do not know how many tokens the ones before them gave. */
const RESTORED = "milchglas.restored";
/** Minutes without a touch after which the wallet locks itself. */
const PATIENCE = 5;
/** Minutes between two looks at what was revoked. They do not depend on when anything is shown. */
const FOLLOWED_EVERY = 10;
const SHORTEST = 8;

const panel = document.getElementById("wallet");
const state = { view: "loading", wallet: null, name: null, names: [], cards: [], busy: null, problem: null, waiting: null, twofaced: null, spendable: null };
const listeners = new Set();

/** Calls this whenever the wallet opens, locks, or has another card. */
export const onWallet = (listener) => listeners.add(listener);
export const isOpen = () => state.wallet !== null && state.view !== "phrase";
/** The name that the page keeps for this wallet. */
export const walletName = () => state.name;

function tell() {
  for (const listener of listeners) listener();
}

function go(view, more = {}) {
  const moved = state.view !== view;
  Object.assign(state, { problem: null, ...more, view });
  render();
  if (moved) panel.querySelector("[data-focus]")?.focus({ preventScroll: true });
}

/** Does something that takes a while, and shows these words meanwhile; without words nothing is drawn before the work is done, which drawing would delay. */
async function busy(words, work) {
  state.busy = words;
  state.problem = null;
  if (words) render();
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MilchglasError)) console.error(error);
    if (error.kind === "storage") await forget();
    state.problem = inWords(error);
    return undefined;
  } finally {
    state.busy = null;
    if (words || state.problem) render();
  }
}

function inWords(error) {
  if (!(error instanceof MilchglasError)) return error.message;
  if (error.kind === "refused") return refusal(error).words;
  return tOr(`problem_${error.code}`, tOr(`problem_${error.kind}`, error.message));
}

async function forget() {
  state.wallet = null;
  state.cards = [];
  tell();
}

// Starting, locking.

const kept = () => JSON.parse(localStorage.getItem(WALLETS) ?? "null") ?? ["1"];

export async function start() {
  state.names = kept();
  await choose(state.names[0]);
}

async function choose(name) {
  const { Wallet } = await engine;
  state.name = name;
  go((await Wallet.exists(name)) ? "locked" : "welcome");
}

function another() {
  const fresh = String(Math.max(...state.names.map(Number)) + 1);
  state.names = [...state.names, fresh];
  choose(fresh);
}

/** What is typed, as bytes; the field is empty afterwards. */
function taken(field) {
  const bytes = utf8(field.value);
  field.value = "";
  return bytes;
}

async function create(event) {
  event.preventDefault();
  const passphrase = taken(event.target.elements.passphrase);
  const { Wallet } = await engine;
  const made = await busy(t("making_wallet"), () => Wallet.create({ storage: state.name, passphrase }));
  if (!made) return;
  remember(false);
  state.wallet = made.wallet;
  const phrase = new TextDecoder().decode(made.phrase).split(" ");
  made.phrase.fill(0);
  go("phrase", { phrase });
  tell();
}

const restored = () => JSON.parse(localStorage.getItem(RESTORED) ?? "[]");
/** Whether this wallet was made again from an earlier one. */
export const isRestored = () => restored().includes(state.name);

/** Keeps the name of a new wallet, and whether there was one before it. */
function remember(again) {
  localStorage.setItem(WALLETS, JSON.stringify(state.names));
  const others = restored().filter((name) => name !== state.name);
  localStorage.setItem(RESTORED, JSON.stringify(again ? [...others, state.name] : others));
  // A browser that is short of space may otherwise throw the wallet away.
  navigator.storage?.persist?.().catch(() => undefined);
}

/** From the 24 words of an earlier wallet. */
async function recover(event) {
  event.preventDefault();
  const { words, passphrase } = event.target.elements;
  const options = { phrase: taken(words), passphrase: taken(passphrase) };
  await begin(({ Wallet }) => Wallet.recover({ storage: state.name, ...options }));
}

/** From the backup of an earlier wallet. */
async function restore(event) {
  event.preventDefault();
  const { file, before, passphrase } = event.target.elements;
  const backup = new Uint8Array(await file.files[0].arrayBuffer());
  const options = { backup, backupPassphrase: taken(before), passphrase: taken(passphrase) };
  await begin(({ Wallet }) => Wallet.restore({ storage: state.name, ...options }));
}

async function begin(make) {
  const module = await engine;
  const wallet = await busy(t("making_wallet"), () => make(module));
  if (!wallet) return;
  remember(true);
  state.wallet = wallet;
  await enter();
}

async function saveBackup(event) {
  event.preventDefault();
  const passphrase = taken(event.target.elements.passphrase);
  const bytes = await busy(t("making_backup"), () => state.wallet.backup(passphrase));
  if (!bytes) return;
  const address = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  h("a", { href: address, download: `milchglas-${new Date().toISOString().slice(0, 10)}.backup` }).click();
  URL.revokeObjectURL(address);
  go("home");
  say(t("backup_saved"));
}

async function unlock(event) {
  event.preventDefault();
  const passphrase = taken(event.target.elements.passphrase);
  const { Wallet } = await engine;
  const wallet = await busy(t("opening"), () => Wallet.open({ storage: state.name, passphrase }));
  if (!wallet) return panel.querySelector("#wallet-passphrase")?.focus();
  state.wallet = wallet;
  await enter();
}

async function enter() {
  await refresh();
  go("home");
  tell();
  await follow();
  await goOn();
}

export async function lock() {
  const wallet = state.wallet;
  if (!wallet) return;
  await forget();
  go("locked", { consent: null, shared: null, phrase: null, card: null, entries: null });
  await wallet.lock();
  say(t("is_locked"));
}

/** Asks once more: there is no way back. */
function removeIfSure() {
  const sure = () => {
    box.close();
    remove();
  };
  const choices = h("div.row", {}, button("secondary", null, t("keep_wallet"), () => box.close(), { id: "keep-wallet" }), button("danger", "trash", t("delete_wallet"), sure, { id: "delete-sure" }));
  const box = dialog(t("delete_wallet"), t("close"), h("div.receive", {}, h("p", {}, t("delete_sure")), choices));
}

async function remove() {
  const { Wallet } = await engine;
  const { name } = state;
  const deleted = await busy(t("deleting"), () => Wallet.delete(name).then(() => true));
  if (!deleted) return;
  document.dispatchEvent(new CustomEvent("deleted", { detail: name }));
  state.names = state.names.filter((name) => name !== state.name);
  if (state.names.length === 0) state.names = ["1"];
  localStorage.setItem(WALLETS, JSON.stringify(state.names));
  await choose(state.names[0]);
}

async function refresh() {
  const cards = await state.wallet.cards();
  state.cards = await Promise.all(cards.map((card) => state.wallet.card(card.id)));
}

/** Learns what was revoked; without a network everything stays as it is. */
export async function follow() {
  const { wallet } = state;
  if (!wallet) return;
  try {
    const { logs, revoked } = await wallet.sync(EPOCHS);
    if (wallet !== state.wallet) return;
    state.twofaced = logs.find(({ outcome }) => outcome === "two_heads")?.issuer_name ?? null;
    await refresh();
    if (revoked.length > 0) say(t("card_revoked"));
    if (state.view === "home") render();
  } catch (error) {
    console.error(error);
  }
  prepareSoon();
}

function prepareSoon() {
  whenIdle(() => state.wallet?.prepare().catch((error) => console.error(error)));
}

// Getting a card.

/** Runs an enrolment: `invite(wallet)` gives the office's invitation, `answer` sends the application. */
export async function enrol(parameters, invitation, answer) {
  const { wallet } = state;
  await wallet.addIssuer(parameters);
  const application = await wallet.apply(invitation);
  const { card } = await wallet.accept(await answer(application));
  await follow();
  go("home", { fresh: card.id });
  say(t("card_arrived"));
  tell();
  return card;
}

// Answering.

onMessage("request", async (bytes, from) => {
  await receiveRequest(bytes, from);
  return true;
});

async function receiveRequest(bytes, from) {
  // The 24 words are shown once; nothing takes their place before they are written down.
  if (!isOpen()) {
    state.waiting = { bytes, from };
    // Not drawn anew: somebody may be typing the passphrase already.
    panel.querySelector(".notice")?.removeAttribute("hidden");
    panel.querySelector("input")?.focus();
    return;
  }
  try {
    const consent = await state.wallet.review(bytes);
    go("review", { consent, choice: 0, from });
  } catch (error) {
    if (!(error instanceof MilchglasError)) throw error;
    const spendable = error.code === "not_satisfiable" && isRestored() ? bytes : null;
    go("refused", { refused: refusal(error), spendable, from });
  }
}

/** Takes the person's word that the tokens which the request asks for were not given by the wallet before. */
async function allowTokens() {
  const { spendable, from, wallet } = state;
  const changed = await busy(t("loading"), () => wallet.allowTokens(spendable));
  if (changed === undefined) return;
  await receiveRequest(spendable, from);
  if (!changed) go("refused", { spendable: null });
}

async function goOn() {
  const { waiting } = state;
  state.waiting = null;
  if (waiting) await receiveRequest(waiting.bytes, waiting.from);
}

async function scan() {
  const bytes = await receive(t("scan_request"));
  if (bytes) await receiveRequest(bytes, "outside");
}

async function share() {
  const { consent, choice, from, wallet } = state;
  const begun = performance.now();
  const bytes = await busy(null, () => wallet.respond(consent.id, choice));
  if (!bytes) return;
  const took = performance.now() - begun;
  panel.dataset.took = took;
  go("shared", { consent: null, shared: { bytes, took, to: consent.verifier.name, arrived: null, code: null } });
  const { shared } = state;
  shared.arrived = from === "page" ? await handOver("answer", bytes) : from === "link" && (await sendToTabs("answer", bytes));
  if (!shared.arrived) shared.code = await (await engine).qrCode(bytes);
  render();
  say(shared.arrived ? t("answer_arrived") : t("answer_ready"));
  prepareSoon();
}

async function refuse() {
  await state.wallet.decline(state.consent.id);
  go("home", { consent: null });
  say(t("you_refused"));
}

// What is seen.

const heading = (words, picture) => h("h2", { tabindex: "-1", "data-focus": true }, picture && icon(picture), words);
const problem = () => h("p.problem", { role: "alert", hidden: !state.problem }, state.problem ?? "");

const passphraseField = (label, autocomplete, minlength, id = "wallet-passphrase", name = "passphrase") => [
  h("label", { for: id }, label),
  h("input", { id, name, type: "password", autocomplete, minlength, required: true }),
];

const notice = () => h("p.notice", { role: "status", hidden: !state.waiting }, icon("qr"), t(state.view === "phrase" ? "request_waits_for_words" : "request_waits"));

function wallets() {
  const others = state.names.filter((name) => name !== state.name);
  return h(
    "div.others",
    {},
    others.map((name) => button("quiet", "wallet", t("wallet_number", { number: name }), () => choose(name))),
    button("quiet", "plus", t("another_wallet"), another, { id: "another-wallet" }),
  );
}

const views = {
  loading: () => [h("p.loading", {}, h("i.spinner", { "aria-hidden": "true" }), t("loading"))],

  welcome: () => [
    h("div.hero", { "aria-hidden": "true" }, h("i"), icon("wallet")),
    heading(t("welcome_title")),
    h("p", {}, t("welcome")),
    notice(),
    h("form", { onsubmit: create }, passphraseField(t("new_passphrase"), "new-password", SHORTEST), h("p.hint", {}, t("passphrase_hint")), problem(), h("button.primary", { id: "create-wallet" }, t("create_wallet"))),
    button("quiet", "history", t("had_wallet"), () => go("again"), { id: "had-wallet" }),
    state.names.length > 1 && wallets(),
  ],

  again: () => [
    h("div.bar", {}, button("quiet", "back", t("back"), () => go("welcome")), heading(t("had_wallet"))),
    h("p", {}, t("again")),
    problem(),
    h(
      "form",
      { onsubmit: recover, id: "recover" },
      h("h3", {}, t("by_words")),
      h("p.hint", {}, t("by_words_hint")),
      h("label", { for: "words" }, t("words")),
      h("textarea", { id: "words", name: "words", rows: 4, required: true, autocomplete: "off", autocapitalize: "none", spellcheck: "false" }),
      passphraseField(t("new_passphrase"), "new-password", SHORTEST, "recover-passphrase"),
      h("button.primary", { id: "recover-wallet" }, t("recover_wallet")),
    ),
    h(
      "form",
      { onsubmit: restore, id: "restore" },
      h("h3", {}, t("by_backup")),
      h("p.hint", {}, t("by_backup_hint")),
      h("label", { for: "backup-file" }, t("backup_file")),
      h("input", { id: "backup-file", name: "file", type: "file", required: true }),
      passphraseField(t("backup_passphrase"), "off", undefined, "backup-passphrase", "before"),
      passphraseField(t("new_passphrase"), "new-password", SHORTEST, "restore-passphrase"),
      h("button.primary", { id: "restore-wallet" }, t("restore_wallet")),
    ),
  ],

  phrase: () => [
    heading(t("phrase_title")),
    h("p", {}, t("phrase_why")),
    h("ol.phrase", { "aria-label": t("phrase_title") }, state.phrase.map((word) => h("li", {}, word))),
    notice(),
    button("primary", null, t("phrase_done"), () => {
      go("home", { phrase: null });
      tell();
      goOn();
    }, { id: "phrase-done" }),
  ],

  locked: () => [
    h("div.hero", { "aria-hidden": "true" }, h("i"), icon("lock")),
    heading(state.names.length > 1 ? t("locked_number", { number: state.name }) : t("locked_title")),
    notice(),
    h("form", { onsubmit: unlock }, passphraseField(t("passphrase"), "current-password"), problem(), h("button.primary", { id: "unlock" }, t("unlock"))),
    wallets(),
    h("details", {}, h("summary", {}, t("forgotten")), h("p", {}, t("delete_why")), button("danger", "trash", t("delete_wallet"), removeIfSure, { id: "delete-wallet" })),
  ],

  home: () => [
    h(
      "div.bar",
      {},
      heading(t("my_cards")),
      button("quiet", "history", t("history"), showHistory, { id: "show-history" }),
      button("quiet", "lock", t("lock"), lock, { id: "lock" }),
    ),
    state.twofaced && h("p.warning", { role: "alert" }, icon("warn"), t("two_heads", { name: state.twofaced })),
    state.cards.length === 0 ? empty() : h("ul.cards", {}, state.cards.map((card) => h("li", {}, cardPicture(card)))),
    button("primary", "qr", t("scan_request"), scan, { id: "scan-request" }),
    h("p.hint", {}, t("scan_hint")),
    h(
      "details",
      { id: "backup" },
      h("summary", {}, t("backup")),
      h("p.hint", {}, t("backup_why")),
      h("form", { onsubmit: saveBackup }, passphraseField(t("backup_passphrase_new"), "new-password", SHORTEST, "save-passphrase"), problem(), h("button.secondary", { id: "save-backup" }, t("save_backup"))),
    ),
  ],

  review: () => review(),

  refused: () => [
    h("div.stamp.no", { "aria-hidden": "true" }, icon("shield")),
    h("h2", { tabindex: "-1", "data-focus": true, id: "refusal" }, state.refused.title),
    h("p", {}, state.refused.words),
    state.refused.details.length > 0 && h("div.own", { lang: "en" }, state.refused.details.map((words) => h("p", {}, words))),
    h("p.hint", {}, icon("eyeoff"), t("nothing_left")),
    problem(),
    state.spendable && h("p.hint", {}, t("tokens_unknown")),
    state.spendable && button("secondary", "token", t("allow_tokens"), allowTokens, { id: "allow-tokens" }),
    button("primary", null, t("good"), () => go("home"), { id: "refusal-done" }),
  ],

  shared: () => {
    const { shared } = state;
    return [
      !shared.code && h("div.stamp.yes", { "aria-hidden": "true" }, icon(shared.arrived ? "check" : "send")),
      heading(shared.arrived ? t("answer_arrived") : shared.code ? t("answer_ready") : t("answer_sending")),
      h("p", {}, shared.arrived ? t("shared_with", { name: shared.to }) : t("show_answer", { name: shared.to })),
      shared.code && h("div.code", {}, qrPicture(shared.code, t("qr_answer"))),
      shared.code && h("div.row", {}, copying(t("copy_link"), () => linkFor("answer", shared.bytes)), copying(t("copy_text"), async () => (await engine).encodeText(shared.bytes))),
      h("p.hint", {}, icon("spark"), t("answered_in", { time: duration(shared.took), bytes: shared.bytes.length })),
      button("primary", null, t("done"), () => go("home", { shared: null }), { id: "shared-done" }),
    ];
  },

  history: () => [
    h("div.bar", {}, button("quiet", "back", t("back"), () => go("home")), heading(t("history"))),
    state.entries.length === 0 && h("p", {}, t("history_empty")),
    h(
      "ol.history",
      {},
      state.entries.toReversed().map((entry) =>
        h(
          "li",
          {},
          h("strong", {}, entry.name),
          h("time", { datetime: entry.time }, moment(entry.time)),
          h("p", {}, t("quoted", { text: entry.purpose })),
          h("ul", {}, entry.learned.map((sentence) => factLine(remembered(sentence)))),
        ),
      ),
    ),
  ],
};

/** A button that copies what `give` gives. */
export function copying(words, give) {
  const element = button("secondary", "link", words, async () => {
    const text = await give();
    try {
      await navigator.clipboard.writeText(text);
      element.lastChild.textContent = t("copied");
      say(t("copied"));
    } catch {
      toCopyByHand(words, text);
    }
  });
  return element;
}

/** Where the browser does not let the page copy. */
function toCopyByHand(title, text) {
  const field = h("textarea", { id: "by-hand", rows: 6, readonly: true, "aria-label": title, value: text });
  dialog(title, t("close"), h("div.receive", {}, h("p", {}, t("copy_by_hand")), field));
  field.focus();
  field.select();
}

function empty() {
  return h(
    "div.empty",
    {},
    h("div.card.ghost", { "aria-hidden": "true" }, icon("card")),
    h("p", {}, t("no_cards")),
    h("a.button.secondary", { href: "/issuer", "data-go": "issuer", id: "to-office" }, icon("office"), h("span", {}, t("to_office"))),
  );
}

function cardPicture(card) {
  const { claims } = card;
  const holder = [claims.given_names, claims.surname].filter(Boolean).join(" ");
  return h(
    `button.card.${card.kind}${card.id === state.fresh ? ".fresh" : ""}${card.newest ? "" : ".older"}${card.revoked === null ? "" : ".revoked"}`,
    { type: "button", onclick: () => showCard(card), "aria-label": t(card.revoked === null ? "card_label" : "card_label_revoked", { title: cardTitle(card.title), issuer: card.issuer_name }) },
    h("span.title", {}, cardTitle(card.title)),
    h("span.issuer", {}, card.issuer_name),
    h("span.frost", { "aria-hidden": "true" }, h("span.portrait", {}, icon("person")), h("span.lines", {}, h("b", {}, holder), h("i"), h("i"))),
    h("span.until", {}, card.revoked !== null ? t("is_revoked") : card.valid_until ? t("valid_until", { month: month(card.valid_until) }) : ""),
    h("span.mark", { "aria-hidden": "true" }, icon(card.revoked === null ? "shieldok" : "cross")),
  );
}

function showCard(card) {
  const rows = Object.entries(card.claims).map(([claim, value]) =>
    h("div", {}, h("dt", {}, icon(claimPicture(claim)), claimTitle(claim)), h("dd", {}, claimValue(claim, value))),
  );
  dialog(cardTitle(card.title), t("close"), h("div", {}, h("p.hint", {}, icon("eyeoff"), t("only_you_see")), h("dl.claims", {}, rows)));
}

async function showHistory() {
  go("history", { entries: await state.wallet.history() });
}

/** A fact as a line: its picture and its words. */
export function factLine(fact) {
  return h(
    `li${fact.told ? ".told" : ""}`,
    {},
    fact.badge ? h("span.badge", { "aria-hidden": "true" }, fact.badge) : icon(fact.picture),
    h("span", { lang: fact.foreign ? "en" : undefined }, fact.words, fact.value && h("b", {}, fact.value), fact.note && h("small", {}, fact.note)),
  );
}

function review() {
  const { consent } = state;
  const choice = consent.choices[state.choice];
  const told = choice.cards.flatMap((card) => card.disclosed.map(({ claim }) => claim));
  const warnings = [...consent.warnings, ...choice.warnings];
  // That nobody vouches for a café is said once, small; what it asks too much is said loudly.
  const [quiet, loud] = [warnings.filter(({ code }) => code === "first_time" || code === "nobody_vouches"), warnings.filter(({ code }) => code !== "first_time" && code !== "nobody_vouches")];
  const known = consent.known ? t("known", { day: day(consent.known.since.slice(0, 10)), count: consent.known.answers }) : t("unknown");
  return [
    h("header.asker", {}, h("span.sign", { "aria-hidden": "true" }, icon(picture(consent.profile))), h("div", {}, h("h2", { tabindex: "-1", "data-focus": true }, t("asks", { name: consent.verifier.name })), h("p", {}, t("quoted", { text: consent.purpose })), h("p.origin", {}, consent.verifier.origin))),
    consent.choices.length > 1 &&
      h(
        "fieldset.choices",
        {},
        h("legend", {}, t("choices")),
        consent.choices.map((each, place) =>
          h("label", {}, h("input", { type: "radio", name: "choice", checked: place === state.choice, onchange: () => go("review", { choice: place }) }), each.cards.map((card) => cardTitle(card.title)).join(" + ")),
        ),
      ),
    loud.map((warning) => h("p.warning", { role: "alert" }, icon("warn"), h("span", {}, tOr(`warning_${warning.code}`, warning.text, { about: tOr(`about_${warning.about}`, cardTitle(warning.about)) })))),
    h("section.learns", { "aria-labelledby": "learns" }, h("h3", { id: "learns" }, icon("eye"), t("will_learn")), h("ul", {}, learnedBy(consent, choice).map(factLine))),
    h("section.hides", { "aria-labelledby": "hides" }, h("h3", { id: "hides" }, icon("eyeoff"), t("will_not_learn")), h("ul", {}, notLearned(told, choice.cards.some((card) => card.pseudonym)).map((fact) => h("li", {}, icon(fact.picture), fact.words)))),
    h("p.hint", {}, icon("person"), known, quiet.length > 0 ? ` ${t("nobody_vouches")}` : ""),
    problem(),
    h("div.row.decide", {}, button(loud.length > 0 ? "primary" : "secondary", "cross", t("refuse"), refuse, { id: "refuse" }), button(loud.length > 0 ? "secondary" : "primary", "check", t("share"), share, { id: "share" })),
  ];
}

/** The picture of a purpose. */
export const picture = (profile) => ({ cafe: "cup", hotel: "bed", purchase: "noodles", train: "train", bank: "bank", company: "briefcase", phone: "phone", visa: "flag" })[profile] ?? "person";

function render() {
  panel.dataset.view = state.view;
  panel.setAttribute("aria-label", t("wallet"));
  panel.classList.toggle("busy", Boolean(state.busy));
  const screen = h("div.screen", {}, views[state.view](), state.busy && h("p.loading", { role: "status" }, h("i.spinner", { "aria-hidden": "true" }), state.busy));
  fill(panel, h("header.name", {}, icon("wallet"), h("span", {}, t("wallet")), state.wallet ? h("span.state.open", {}, t("open")) : h("span.state", {}, icon("lock"))), screen);
}

onLanguage(render);

let touched = Date.now();
for (const event of ["pointerdown", "keydown"]) addEventListener(event, () => (touched = Date.now()), { passive: true });
setInterval(follow, FOLLOWED_EVERY * 60_000);
document.addEventListener("published", follow);
setInterval(() => {
  if (isOpen() && Date.now() - touched > PATIENCE * 60_000) lock();
}, 10_000);

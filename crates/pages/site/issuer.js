// The office's corner: cards for invented people.

import { button, fill, h, icon, say } from "./dom.js";
import { fromHex } from "./engine.js";
import { day, onLanguage, t, tOr } from "./language.js";
import { enrol, isOpen, isRestored, onWallet, walletName } from "./wallet.js";
import { refusal } from "./words.js";

/** Who stands behind each wallet of this tab, so that a second card is a renewal for the same person. */
const KEPT = "milchglas.people";
/** The office's parameters, which everybody may know: for kiosks that are offline. */
const PARAMETERS = "milchglas.office";

const panel = document.getElementById("issuer");
const state = { office: null, busy: false, problem: null, done: null, chosen: "erika", typed: {} };

const people = () => JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
const years = (count, offset = 0) => {
  const date = new Date();
  date.setUTCFullYear(date.getUTCFullYear() - count, date.getUTCMonth(), date.getUTCDate() + offset);
  return date.toISOString().slice(0, 10);
};
const PEOPLE = [
  { id: "erika", given_names: "Erika", surname: "Mustermann", date_of_birth: years(36, -40) },
  { id: "max", given_names: "Max", surname: "Mustermann", date_of_birth: years(17, -90) },
];

/** The office's public parameters, those of last time where it can not be reached; null where there are none. */
export async function start() {
  try {
    const response = await fetch("/office", { cache: "no-store" });
    if (!response.ok) throw new Error(response.statusText);
    state.office = await response.json();
    localStorage.setItem(PARAMETERS, state.office.parameters);
  } catch {
    state.office = null;
  }
  render();
  return localStorage.getItem(PARAMETERS);
}

async function post(path, body) {
  const response = await fetch(`/office/${path}`, { method: "POST", body });
  if (response.ok) return response;
  const { error } = await response.json().catch(() => ({ error: { code: "storage" } }));
  throw Object.assign(new Error(error.message || error.code), { office: error });
}

async function issue(event) {
  event.preventDefault();
  const form = new FormData(event.target);
  const invented = PEOPLE.find(({ id }) => id === state.chosen);
  const asked = invented
    ? { given_names: invented.given_names, surname: invented.surname, date_of_birth: invented.date_of_birth }
    : { given_names: form.get("given_names").trim(), surname: form.get("surname").trim(), date_of_birth: form.get("date_of_birth") };
  await give(asked, "national-id");
}

/** A second card, of another kind, for whoever has the first. */
async function giveTaxCard() {
  const { given_names, surname, date_of_birth } = people()[walletName()];
  await give({ given_names, surname, date_of_birth }, "tax-credential");
}

async function give(asked, kind) {
  Object.assign(state, { busy: true, problem: null, done: null });
  render();
  try {
    const before = people();
    const same = (known) => known?.given_names === asked.given_names && known?.surname === asked.surname && known?.date_of_birth === asked.date_of_birth;
    // Whoever comes with a wallet made again is the one who had the wallet before.
    const known = [before[walletName()], ...(isRestored() ? Object.values(before) : [])].find(same);
    const invited = (person) => post("invitation", JSON.stringify({ ...asked, person, kind }));
    const response = await invited(known?.person).catch((error) => {
      // An office that was started anew knows nobody: to it everybody is new.
      if (error.office?.code === "unknown_person") return invited(undefined);
      throw error;
    });
    const { person, invitation } = await response.json();
    await enrol(state.office.parameters, fromHex(invitation), async (application) => new Uint8Array(await (await post("answer", application)).arrayBuffer()));
    sessionStorage.setItem(KEPT, JSON.stringify({ ...before, [walletName()]: { ...asked, person } }));
    state.done = t(kind === "tax-credential" ? "tax_issued_to" : "issued_to", { name: `${asked.given_names} ${asked.surname}` });
    document.dispatchEvent(new CustomEvent("show", { detail: "wallet" }));
  } catch (error) {
    if (error.office) state.problem = tOr(`office_${error.office.code}`, error.message);
    else if (error.kind) state.problem = refusal(error).words;
    else state.problem = error.message;
    say(state.problem);
  } finally {
    state.busy = false;
    render();
  }
}

const offers = (what) => state.office?.offers.includes(what);

async function revoke(name) {
  await doing(async () => {
    const person = people()[name];
    await post("revocation", JSON.stringify({ person: person.person }));
    sessionStorage.setItem(KEPT, JSON.stringify({ ...people(), [name]: { ...person, revoked: true } }));
    return t("revoked");
  });
}

async function publish() {
  await doing(async () => {
    const { epoch, revoked } = await (await post("epoch", "{}")).json();
    document.dispatchEvent(new CustomEvent("published"));
    return t("published", { epoch, count: revoked });
  });
}

/** Does something at the desk, and says what became of it. */
async function doing(work) {
  Object.assign(state, { busy: true, problem: null, done: null });
  render();
  try {
    state.done = await work();
    say(state.done);
  } catch (error) {
    state.problem = tOr(`office_${error.office?.code}`, error.message);
    say(state.problem);
  } finally {
    state.busy = false;
    render();
  }
}

function choice(id, words, note) {
  return h(
    "label.choice",
    {},
    h("input", {
      type: "radio",
      name: "who",
      id: `person-${id}`,
      value: id,
      checked: state.chosen === id,
      onchange: () => {
        state.chosen = id;
        render();
      },
    }),
    h("span.face", { "aria-hidden": "true" }, icon(id === "max" ? "young" : id === "erika" ? "adult" : "plus")),
    h("span", {}, h("b", {}, words), h("small", {}, note)),
  );
}

const field = (name, type, autocomplete) =>
  h("p", {}, h("label", { for: `field-${name}` }, t(`claim_${name}`)), h("input", {
      id: `field-${name}`, name, type, autocomplete, required: true, maxlength: type === "text" ? 64 : undefined, value: state.typed[name] ?? "",
      oninput: ({ target }) => (state.typed[name] = target.value),
    }));

function desk() {
  if (!state.office) return [h("p.notice", {}, icon("warn"), t("office_unreachable"))];
  const taxpayer = isOpen() && people()[walletName()];
  const revocable = offers("revoke") ? Object.entries(people()) : [];
  return [
    h("p", {}, t("office_words")),
    h(
      "form",
      { onsubmit: issue },
      h(
        "fieldset",
        {},
        h("legend", {}, t("who")),
        PEOPLE.map((person) => choice(person.id, `${person.given_names} ${person.surname}`, t(`note_${person.id}`, { day: day(person.date_of_birth) }))),
        choice("other", t("somebody"), t("note_other")),
      ),
      state.chosen === "other" && h("div.fields", {}, field("given_names", "text", "off"), field("surname", "text", "off"), field("date_of_birth", "date", "off")),
      h("p.problem", { role: "alert", hidden: !state.problem }, state.problem ?? ""),
      state.done && h("p.done", { role: "status" }, icon("check"), state.done),
      h("button.primary", { id: "issue", disabled: state.busy || !isOpen() }, icon("card"), h("span", {}, t("issue"))),
      offers("tax") && taxpayer && button("secondary", "card", t("issue_tax"), giveTaxCard, { id: "issue-tax", disabled: state.busy || taxpayer.revoked }),
      !isOpen() && h("p.hint", {}, icon("lock"), t("open_wallet_first")),
    ),
    (offers("revoke") || offers("epoch")) &&
      h(
        "section.revocation",
        { "aria-labelledby": "revocation" },
        h("h3", { id: "revocation" }, t("revocation")),
        h("p.hint", {}, t("revocation_words")),
        h("ul", {}, revocable.map(([name, person]) => h("li", {}, `${person.given_names} ${person.surname}`, button("danger", "cross", t(person.revoked ? "is_revoked" : "revoke"), () => revoke(name), { id: `revoke-${name}`, disabled: state.busy || person.revoked })))),
        offers("epoch") && button("secondary", "send", t("publish_epoch"), publish, { id: "publish-epoch", disabled: state.busy }),
      ),
    h("details.fingerprint", {}, h("summary", {}, t("fingerprint")), h("code", {}, state.office.fingerprint)),
  ];
}

function render() {
  panel.dataset.view = state.office ? "open" : "closed";
  panel.setAttribute("aria-label", t("office"));
  fill(panel, h("header.name", {}, icon("office"), h("span", {}, state.office?.name ?? t("office"))), h("div.screen", {}, h("h2", {}, t("office_title")), desk()));
}

onLanguage(render);
onWallet(render);
// Another wallet may get the name of a deleted one; it is not that person's.
document.addEventListener("deleted", ({ detail: name }) => {
  const { [name]: _, ...others } = people();
  sessionStorage.setItem(KEPT, JSON.stringify(others));
  render();
});

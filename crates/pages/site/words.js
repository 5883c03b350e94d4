// What a request asks and an answer tells, in words and pictures, from the request's JSON form.
//
// What this does not know it leaves to the wallet's own words, in English; it never leaves anything out.

import { day, language, month, t, tOr } from "./language.js";

const CLAIM_PICTURES = {
  surname: "person", given_names: "person", id_number: "hash", passport_number: "hash", tax_number: "hash", date_of_birth: "cake",
  nationality: "flag", address: "home", portrait: "photo", valid_until: "calendar", date_of_expiry: "calendar",
};
/** What people care about most, and whether it was told. */
const SENSITIVE = ["name", "date_of_birth", "id_number", "address", "nationality", "portrait"];

export const claimPicture = (claim) => CLAIM_PICTURES[claim] ?? "card";
export const claimTitle = (claim, otherwise = claim) => tOr(`claim_${claim}`, otherwise);
export const cardTitle = (title) => tOr(`title_${title}`, title);

/** A claim's value as people write it. */
export function claimValue(claim, value) {
  if (value === null || value === undefined) return t("none");
  if (typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value)) return day(value);
  if (typeof value === "string" && /^\d{4}-\d{2}$/.test(value)) return month(value);
  if (claim === "nationality") return tOr(`country_${value}`, countryName(value));
  if (typeof value === "boolean") return t(value ? "yes" : "no");
  if (claim === "residence") return tOr(`residence_${value}`, value);
  if (claim === "assurance") return tOr(`assurance_${value}`, String(value));
  return String(value);
}

function countryName(code) {
  try {
    return new Intl.DisplayNames([language()], { type: "region" }).of(code);
  } catch {
    return code;
  }
}

/** A range in words, where it is about a birthday; null where it is not. */
function ageWords(range) {
  if (range.age_at_least !== undefined) return t("age_at_least", { years: range.age_at_least });
  if (range.age_under !== undefined) return t("age_under", { years: range.age_under });
  return null;
}

/** What a predicate proves: `{picture or badge, words, note}`. */
function proved(predicate, request, otherwise) {
  if (predicate === "valid") return { picture: "calendar", words: t("proved_valid", { month: month(request.as_of.slice(0, 7)) }) };
  const [[name, body]] = Object.entries(predicate);
  const about = { claim: claimTitle(body.claim) };
  if (name === "age_at_least") return { badge: `${body.years}+`, words: t("age_at_least", body), note: t("not_the_age") };
  if (name === "age_under") return { badge: `<${body.years}`, words: t("age_under", body), note: t("not_the_age") };
  if (name === "any_hidden" && body.of.every((range) => ageWords(range))) {
    const [first, second] = body.of.map(ageWords);
    return { picture: "mask", words: t("either", { first, second }), note: t("not_which") };
  }
  if (name === "at_least" && body.claim === "assurance") return { picture: "shieldok", words: t(`proved_assurance_${body.value}`) };
  if (name === "on_or_after" || name === "on_or_before") {
    return { picture: "calendar", words: t(`proved_${name}`, { ...about, day: day(body.date) }) };
  }
  return { picture: "shieldok", words: otherwise, foreign: true };
}

/** The credentials that an ask is about, by their names in it. */
function credentials(ask, found = new Map()) {
  for (const part of ask.all ?? ask.any ?? []) credentials(part, found);
  if (ask.credential) found.set(ask.credential.name, ask.credential);
  return found;
}

/** What would be learned by this choice of a consent. */
export function learnedBy(consent, choice) {
  const asked = credentials(consent.request.ask);
  const facts = [];
  for (const card of choice.cards) {
    const ask = asked.get(card.name);
    facts.push({ picture: "card", words: t("fact_card", { title: cardTitle(card.title), issuer: card.issuer_name }) });
    for (const { claim, title, value } of card.disclosed) {
      facts.push({ picture: claimPicture(claim), words: claimTitle(claim, title), value: claimValue(claim, value), told: true });
    }
    card.proved.forEach((words, place) => facts.push(ask?.prove?.[place] ? proved(ask.prove[place], consent.request, words) : { picture: "shieldok", words, foreign: true }));
    if (card.not_revoked) facts.push({ picture: "shieldok", words: t("proved_not_revoked"), note: t("by_epoch", card.not_revoked) });
    if (card.pseudonym) facts.push({ picture: "again", words: t("fact_pseudonym"), note: t("fact_pseudonym_note") });
    if (card.rate) facts.push({ picture: "token", words: t("fact_rate", card.rate), note: t("fact_rate_note", card.rate) });
    if (card.encrypted) facts.push({ picture: "lock", words: card.encrypted, foreign: true });
  }
  return facts;
}

/** What a request asks to see proven, for whoever asks. */
export function provedTo(request, verdict) {
  const facts = [];
  const told = new Set(Object.keys(verdict.learned));
  for (const [name, credential] of credentials(request.ask)) {
    // Of several ways to answer, the verdict has only the words.
    if (request.ask.any && !told.has(name)) continue;
    for (const predicate of credential.prove ?? []) facts.push(proved(predicate, request, JSON.stringify(predicate)));
    const epoch = verdict.not_revoked?.[name];
    if (epoch !== undefined) facts.push({ picture: "shieldok", words: t("proved_not_revoked"), note: t("by_epoch", { epoch }) });
    if (credential.pseudonym) facts.push({ picture: "again", words: t("fact_pseudonym_theirs"), value: verdict.pseudonyms?.[name]?.slice(0, 12) });
    if (credential.rate) facts.push({ picture: "token", words: t("fact_rate", credential.rate) });
  }
  return facts;
}

/** The claims that a verdict has, in the order in which they were asked for. */
export function toldIn(request, verdict) {
  const asked = credentials(request.ask);
  return Object.entries(verdict.learned).flatMap(([name, claims]) => {
    const order = asked.get(name)?.disclose ?? [];
    return Object.entries(claims).toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  });
}

/** What stays unknown, of what people care about, when these claims are told. */
export function notLearned(claims, pseudonym) {
  const told = new Set(claims);
  if (told.has("surname") || told.has("given_names")) told.add("name");
  const hidden = SENSITIVE.filter((claim) => !told.has(claim)).map((claim) => ({
    picture: claim === "name" ? "person" : claimPicture(claim),
    words: t(`hidden_${claim}`),
  }));
  if (!pseudonym) hidden.push({ picture: "again", words: t("hidden_again") });
  return hidden;
}

/** The wallet's sentences about what was told, and the words for them here. */
const SENTENCES = [
  [/^That you have an? (?<title>.+?) from “(?<issuer>.+?)”\.$/, ({ title, issuer }) => ({ picture: "card", words: t("fact_card", { title: cardTitle(title), issuer }) })],
  [/^Its (?<title>[a-z ]+): (?<value>[^]*)$/, ({ title, value }) => {
    const claim = title.replaceAll(" ", "_");
    return { picture: claimPicture(claim), words: claimTitle(claim, title), value: claimValue(claim, value), told: true };
  }],
  [/^That its date of birth is on or before \S+ \(at least (?<years>\d+) years old on \S+\)\.$/, ({ years }) => ({ badge: `${years}+`, words: t("age_at_least", { years }) })],
  [/^That its valid until is \S+ or later \(valid on (?<day>\d{4}-\d{2})-\d{2}\)\.$/, (said) => ({ picture: "calendar", words: t("proved_valid", { month: month(said.day) }) })],
  [/^That it has not been revoked, by epoch (?<epoch>\d+), /, ({ epoch }) => ({ picture: "shieldok", words: t("proved_not_revoked"), note: t("by_epoch", { epoch }) })],
  [/^A name for you that only it sees, for “/, () => ({ picture: "again", words: t("fact_pseudonym"), note: t("fact_pseudonym_note") })],
];

/** A sentence of the wallet's history as a fact; in the wallet's own words where there are no others. */
export function remembered(sentence) {
  for (const [form, fact] of SENTENCES) {
    const found = form.exec(sentence);
    if (found) return fact(found.groups ?? {});
  }
  return { picture: "shieldok", words: sentence, foreign: true };
}

/** A refusal in words: a headline, a sentence, and the wallet's own words where they say more. */
export function refusal(error) {
  return {
    title: tOr(`refused_${error.code}_title`, t("refused_title")),
    words: tOr(`refused_${error.code}`, error.message),
    details: error.explanation ?? [],
  };
}

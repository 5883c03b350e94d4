// English and German, one dictionary each.

import en from "./en.js";
import de from "./de.js";

const dictionaries = { en, de };
const LANGUAGES = Object.keys(dictionaries);
const KEPT = "milchglas.language";

/** Null where nothing was kept, or nothing may be. */
function remembered() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

const wished = () => {
  const kept = remembered();
  if (LANGUAGES.includes(kept)) return kept;
  return navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => LANGUAGES.includes(tag)) ?? "en";
};

let current = wished();
const listeners = new Set();
document.documentElement.lang = current;

export const language = () => current;

export function setLanguage(next) {
  if (!LANGUAGES.includes(next)) return;
  current = next;
  try {
    localStorage.setItem(KEPT, next);
  } catch {
    // Then it holds for this visit.
  }
  document.documentElement.lang = next;
  for (const listener of listeners) listener();
}

/** Calls this whenever the language has changed. */
export const onLanguage = (listener) => listeners.add(listener);

/** The words for a key, values put in for their names in braces. */
export function t(key, values = {}) {
  const words = dictionaries[current][key] ?? en[key];
  if (words === undefined) throw new Error(`no words for ${key}`);
  return words.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** The words for a key, or these. */
export const tOr = (key, otherwise, values) => (dictionaries[current][key] ?? en[key]) === undefined ? otherwise : t(key, values);

const written = (options) => (text) => new Intl.DateTimeFormat(current, { timeZone: "UTC", ...options }).format(new Date(text));
/** A day, `2026-11-23`. */
export const day = (text) => written({ dateStyle: "long" })(text);
/** A month, `2026-11`. */
export const month = (text) => written({ year: "numeric", month: "long" })(`${text}-01`);
/** A point in time. */
export const moment = (text) => new Intl.DateTimeFormat(current, { dateStyle: "medium", timeStyle: "short" }).format(new Date(text));
/** Milliseconds. */
export const duration = (milliseconds) =>
  new Intl.NumberFormat(current, { maximumFractionDigits: milliseconds < 10 ? 1 : 0 }).format(milliseconds);

// Milchglas: wallet and verifier, the same code as in the native program, as WebAssembly.
//
// Everything runs where it is called. A page calls it in a Web Worker through `milchglas/client`, which has the same classes and methods.
// Bytes are `Uint8Array`; times are `Date` and are "now" unless given; numbers of 64 bits in claims are strings.
//
// Secrets: passphrases and recovery phrases are bytes, never strings. A `Uint8Array` that is passed as one is filled with zeros when the
// call returns, and one that is returned is the caller's to fill with zeros.

/** Loads the module; calling it again does nothing. Without a source: the file beside this one, in a browser and in Node. */
export function load(source?: BufferSource | WebAssembly.Module | URL | string): Promise<void>;

/**
 * What went wrong, by whose fault it is.
 *
 * `refused`: a policy of the wallet or the verifier says no; `code` says which, `explanation` has the sentences for the person.
 * `input`: bytes or text are not what they should be. `passphrase`: a wrong passphrase, or a changed vault. `storage`: it could not be saved, and
 * the wallet is locked; open it again. `misuse`: the caller asked for what there is not.
 */
export class MilchglasError extends Error {
  readonly kind: "refused" | "input" | "passphrase" | "storage" | "misuse";
  /** In snake case: `expired`, `verifier_key_changed`, `beyond_profile`, … ; `in_use` where another has the storage; otherwise the same as `kind`. */
  readonly code: string;
  /** May name the holder's claims: for the holder's screen only. */
  readonly explanation: string[];
}

// Storage.

/**
 * Where a wallet is kept: named entries, as in a native wallet's folder. `vault` is encrypted; `parameters/DIGEST.json` and
 * `published/SHA256` are public files of issuers and authorities. Copied into a folder they are a wallet of the native program, and the reverse.
 */
export interface Storage {
  /** All entries; none where there is no wallet. */
  load(): Promise<Map<string, Uint8Array>>;
  /** Makes all of these changes or none, durably before it resolves; `null` removes an entry. */
  save(changes: Map<string, Uint8Array | null>): Promise<void>;
  /** Keeps others out (another tab, say) until `release`; rejects where another has it. */
  acquire?(): Promise<void>;
  release?(): Promise<void>;
}

/** A database of IndexedDB by this name, and a Web Lock, so that one tab at a time has the wallet open. */
export class IndexedDbStorage implements Storage {
  constructor(name: string);
  load(): Promise<Map<string, Uint8Array>>;
  save(changes: Map<string, Uint8Array | null>): Promise<void>;
  acquire(): Promise<void>;
  release(): Promise<void>;
  /** Deletes the wallet for good. */
  delete(): Promise<void>;
}

/** In memory, for tests and demonstrations. */
export class MemoryStorage implements Storage {
  load(): Promise<Map<string, Uint8Array>>;
  save(changes: Map<string, Uint8Array | null>): Promise<void>;
}

// The wallet.

/**
 * A holder's wallet, open.
 *
 * Every method that changes it resolves after the change is saved; nothing leaves the wallet before. Methods run one after the other.
 */
export class Wallet {
  /** A new wallet, and the 24 words (UTF-8) that restore its secret; they are shown this once. */
  static create(options: NewWallet): Promise<{ wallet: Wallet; phrase: Uint8Array }>;
  /** A wallet with the secret of an earlier one. Cards are issued anew; it gives no limited tokens until they are allowed. */
  static recover(options: NewWallet & { phrase: Uint8Array }): Promise<Wallet>;
  /** The wallet in a backup, cards and all; it gives no limited tokens until they are allowed. */
  static restore(options: NewWallet & { backup: Uint8Array; backupPassphrase: Uint8Array }): Promise<Wallet>;
  static open(options: { storage: Storage; passphrase: Uint8Array }): Promise<Wallet>;
  static exists(storage: Storage): Promise<boolean>;

  /** Erases what is in memory. The object is of no use afterwards. */
  lock(): Promise<void>;
  changePassphrase(passphrase: Uint8Array, work?: Work): Promise<void>;
  /** Everything, encrypted under a passphrase of its own, to be kept elsewhere. */
  backup(passphrase: Uint8Array, work?: Work): Promise<Uint8Array>;
  /**
   * Takes the holder's word, in a wallet that was restored, that what this request counts was not used up before; whether that changed anything.
   */
  allowTokens(request: Uint8Array, now?: Date): Promise<boolean>;
  /** Asks an issuer (by its fingerprint) to revoke the holder's cards, which are lost: bytes for the issuer. */
  requestRevocation(issuer: string, now?: Date): Promise<Uint8Array>;
  /** All entries, as they are stored: a native wallet's folder. */
  entries(): Promise<Map<string, Uint8Array>>;

  /** Checks an issuer's published parameters (JSON) and pins the issuer. Compare the fingerprint, or give the expected one. */
  addIssuer(json: string, expected?: string): Promise<AddedIssuer>;
  /** Checks an authority's trust list (JSON) and pins the authority. */
  addTrustList(json: string, expected?: string): Promise<AddedTrustList>;
  /** Checks an inspector's file (JSON) and pins the inspector. */
  addInspector(json: string, expected?: string): Promise<AddedInspector>;
  /** Checks a published set, or a list, and keeps it. */
  addSet(json: string, expected?: string): Promise<AddedPublication>;
  addList(file: Uint8Array, expected?: string): Promise<AddedPublication>;
  issuers(): Promise<KnownIssuer[]>;
  verifiers(): Promise<KnownVerifier[]>;
  forgetVerifier(key: string): Promise<boolean>;

  /** Answers an issuer's invitation with an application. The same invitation again gives the same application. */
  apply(invitation: Uint8Array, now?: Date): Promise<Uint8Array>;
  /** Opens an issuer's answer and keeps the card. */
  accept(answer: Uint8Array, now?: Date): Promise<{ card: Card; new: boolean }>;
  /** The cards, newest first. */
  cards(): Promise<Card[]>;
  /** One card with its claims. */
  card(id: number): Promise<Card & { claims: Record<string, ClaimValue | null> }>;
  removeCard(id: number): Promise<void>;

  /** Checks a signed request and says what it would learn. Refused requests reject with a `MilchglasError` of kind `refused`. */
  review(request: Uint8Array, now?: Date): Promise<Consent>;
  /** Answers what was consented to, with one of its choices; the bytes are for the verifier. A consent answers once. */
  respond(consent: Consent | number, choice?: number, now?: Date): Promise<Uint8Array>;
  /** Forgets a consent: the person said no. */
  decline(consent: Consent | number): Promise<void>;

  /**
   * Follows the issuers' lists of revocations, so that cards can be shown as not revoked. Call it at regular times, not when a request comes: whoever
   * serves the files sees the address that asks, and when; which cards there are does not show in what is asked for.
   */
  sync(source: EpochSource): Promise<SyncReport>;
  /** Trusts an issuer again that was found with two histories, once that is explained; whether it had been. */
  settle(issuer: string): Promise<boolean>;

  /** Makes answers to the kinds of request that were answered last, for idle time; how many are ready. `respond` uses them. */
  prepare(now?: Date): Promise<number>;
  prepared(): Promise<number>;
  /** Erases them; do so when the device locks. */
  discardPrepared(): Promise<void>;

  /** What was told whom, oldest first. */
  history(): Promise<HistoryEntry[]>;
}

export interface NewWallet {
  storage: Storage;
  passphrase: Uint8Array;
  work?: Work;
}

/** log₂ of scrypt's N, 1 to 18: 17 (the default) takes 128 MiB and about a second. Lower ones for tests only. */
export type Work = number;

/** As in JSON claims: text, codes, digests, dates and months are strings, 64-bit integers too. */
export type ClaimValue = string | number | boolean;

export interface Card {
  id: number;
  /** The schema's short name, `national-id` say. */
  kind: string;
  title: string;
  schema: string;
  issuer: string;
  issuer_name: string;
  added: string;
  valid_until: string | null;
  /** Whether there is no newer one of this issuer and schema. */
  newest: boolean;
  /** The epoch in which it was revoked, if the wallet has found it so. */
  revoked: number | null;
}

/**
 * Where the published files of epochs are: the address of a web server, or (not through `milchglas/client`) a function that gives a file's bytes, at most
 * `limit` of them, or null where there is none. The files are signed; who serves them needs no trust.
 */
export type EpochSource = string | URL | ((path: string, limit: number) => Promise<Uint8Array | null>);
/** The files of epochs on a web server. */
export function epochsAt(root: string | URL): (path: string, limit: number) => Promise<Uint8Array | null>;

export interface SyncReport {
  /** Each signature key of each pinned issuer. */
  logs: {
    issuer: string;
    issuer_name: string;
    key: string;
    /** The epoch up to which it was followed, before and now. */
    before: number | null;
    now: number | null;
    /** `current`; `behind`: the source is older than the wallet; `two_heads`: the issuer has signed two histories, and its cards are not shown as not revoked. */
    outcome: "current" | "behind" | "not_published" | "missing" | "damaged" | "unreachable" | "two_heads";
  }[];
  /** Cards that were found to be revoked, now. */
  revoked: number[];
  /** Cards that the issuer has to replace. */
  broken: number[];
}

export interface Consent {
  /** Names the consent for `respond`; it is of no use elsewhere. */
  id: number;
  verifier: { name: string; origin: string; key: string };
  purpose: string;
  /** The purpose profile that the request names. */
  profile: string | null;
  issued: string;
  expires: string;
  as_of: string;
  /** How well the wallet knows who asks; null: it never answered it. */
  known: { since: string; answers: number } | null;
  /** Who vouches for it. */
  vouchers: { authority: string; verifier: string; purpose: string; text: string }[];
  warnings: Warning[];
  /** What the answer signs. */
  document: { title: string; sha256: string } | null;
  /** The ways to answer, the least revealing first; at least one. */
  choices: Choice[];
  /** The request itself in its JSON form (`spec/request.schema.json`), for pages that put it into other words. */
  request: unknown;
}

export interface Choice {
  cards: CardShown[];
  /** What the verifier would learn, in sentences. */
  learned: string[];
  warnings: Warning[];
  /** The whole text to agree to, in sentences, warnings included. */
  text: string[];
}

export interface CardShown {
  /** The name that the request gives it. */
  name: string;
  id: number;
  title: string;
  issuer: string;
  issuer_name: string;
  disclosed: { claim: string; title: string; value: string | null }[];
  /** What would be proven about claims that stay hidden, in words. */
  proved: string[];
  /** By which epoch it would be shown not to be revoked, and how many epochs before the newest that is. */
  not_revoked: { epoch: number; back: number } | null;
  pseudonym: string | null;
  /** A token would be spent: how many of how many were spent before. */
  rate: { scope: string; epoch: string; limit: number; used: number } | null;
  encrypted: string | null;
}

export interface Warning {
  /** In snake case: `first_time`, `new_name`, `same_name`, `nobody_vouches`, `listed_as`, `unknown_profile`, `date_disclosed`, `proof_would_do`, `tells_value`, `pins_down`. */
  code: string;
  /** What it is about (a claim's title, a name, a profile), where it is about one. */
  about: string | null;
  text: string;
}

export interface HistoryEntry {
  time: string;
  name: string;
  origin: string;
  key: string;
  purpose: string;
  learned: string[];
}

export interface AddedIssuer {
  fingerprint: string;
  name: string;
  sequence: number;
  digest: string;
  before: "nothing" | "older" | "same";
  /** Other known issuers of the same name. */
  same_name: string[];
  /** The authorities whose trust lists have it. */
  listed_by: string[];
}

export interface AddedTrustList {
  fingerprint: string;
  name: string;
  sequence: number;
  before: "nothing" | "older" | "same";
}

export interface AddedInspector {
  fingerprint: string;
  digest: string;
  name: string;
  threshold: number;
  shareholders: number;
  new: boolean;
  same_name: string[];
  /** The authorities whose trust lists have it, with this key and file. */
  listed_by: string[];
}

export interface AddedPublication {
  name: string;
  authority: string;
  number: number;
  length: number;
  before: "nothing" | "older" | "same";
  /** The authorities whose trust lists have its authority. */
  listed_by: string[];
}

export interface KnownIssuer {
  fingerprint: string;
  name: string;
}

export interface KnownVerifier {
  key: string;
  origin: string;
  name: string;
  since: string;
  answers: number;
}

// The verifier.

/** Asks and checks. Pending requests and tokens are in memory: after a reload no earlier request is known. */
export class Verifier {
  /** A verifier with a fresh key. */
  static create(identity: { name: string; origin: string }): Promise<Verifier>;
  /** The verifier that `seal` gave. */
  static open(options: { sealed: Uint8Array; passphrase: Uint8Array }): Promise<Verifier>;
  /** Name, origin, key, trusted issuers and their newest epochs, encrypted. */
  seal(passphrase: Uint8Array, work?: Work): Promise<Uint8Array>;
  /** What wallets and trust lists may know: the file `identity.json`. */
  identity(): Promise<{ milchglas: string; name: string; origin: string; key: string }>;

  /** Trusts an issuer's published parameters (JSON). */
  trust(json: string, expected?: string): Promise<TrustedIssuer>;
  trusted(): Promise<TrustedIssuer[]>;

  /** Learns the newest head of an issuer's key, as it is published. Needed for requests of cards that are not revoked. */
  learnEpoch(head: Uint8Array): Promise<LearnedEpoch>;
  /** Learns the newest heads of all trusted issuers. */
  sync(source: EpochSource): Promise<LearnedEpoch[]>;

  /** Makes, signs and remembers a request. The template is the name of one that ships, or a template file (JSON). */
  request(template: string, now?: Date): Promise<Asked>;
  /** Checks an answer; with a nonce, only as the answer to that request. */
  check(presentation: Uint8Array, options?: { nonce?: string; now?: Date }): Promise<Verdict | Rejection>;
  /** Forgets requests that have expired; how many. */
  prune(now?: Date): Promise<number>;
  /** Erases what is in memory. */
  close(): Promise<void>;
}

export interface TrustedIssuer {
  fingerprint: string;
  name: string;
  sequence: number;
  digest: string;
}

export interface LearnedEpoch {
  issuer: string;
  issuer_name: string;
  key: string;
  /** The newest that is known now. */
  epoch: number;
  /** Whether it was not known before. */
  new: boolean;
}

export interface Asked {
  /** The signed request, for the wallet. */
  bytes: Uint8Array;
  nonce: string;
  expires: string;
  /** The request in its JSON form. */
  request: unknown;
}

/** Everything that was learned; nothing else was. */
export interface Verdict {
  accepted: true;
  nonce: string;
  time: string;
  as_of: string;
  /** The issuers' names, one for each card shown. */
  issuers: string[];
  /** The disclosed claims of each card that disclosed any. */
  learned: Record<string, Record<string, ClaimValue | null>>;
  /** What was proven about the others, in words. */
  proved: string[];
  /** The epoch by which each card was not revoked, where that was asked. */
  not_revoked?: Record<string, number>;
  pseudonyms?: Record<string, string>;
  tokens?: Record<string, string>;
  encrypted?: Record<string, unknown>;
  document?: { title: string; sha256: string };
}

export interface Rejection {
  accepted: false;
  /** For whoever sent the answer: one sentence, whatever the cause. */
  message: string;
  /** For the operator: `undecodable`, `other_request`, `unknown_request`, `answered`, `token_seen`, `expired`, `not_proven`, `untrusted` or `store`. */
  reason: string;
}

/** The templates that ship: names, and their JSON. */
export function templates(): Promise<{ name: string; json: string }[]>;

// Between devices.

/** Base45 (RFC 9285), as it stands in QR codes. */
export function encodeText(bytes: Uint8Array): Promise<string>;
export function decodeText(text: string): Promise<Uint8Array>;

/** The QR code of some bytes: `size` × `size` modules row by row, 1 is dark, without the light border of 4 modules that belongs around it. */
export function qrCode(bytes: Uint8Array): Promise<{ version: number; size: number; modules: Uint8Array }>;

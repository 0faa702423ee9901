/**
 * The counted subject as text: `account/api/dimension=value,…`, e.g. `acme/publish-bot/bot=b-17`.
 *
 * Invariants: different subjects have different keys; the same text in another Unicode normalization form has the same
 * key; no value can produce the key of the shared subject for unresolved dimensions (`*`), whatever characters it
 * contains.
 */
import {
  type ApiEntry,
  type Catalogue,
  didYouMean,
  LANES,
  MAX_DIMENSION_BYTES,
  nearestNames,
} from '@rollgate/contract';
import { type Dimensions, InvalidRequestError } from './subject-ref.js';

const ACCOUNT = 'account';

/** Represents a value that could not be resolved. It is never the encoding of a value. */
const UNRESOLVED_MARK = '*';

// Characters of the key's own syntax, characters that an SQL array literal would have to escape, and control
// characters, which are invisible when a table is read.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const SPECIAL = /[%/,=*"\\\u0000-\u001f\u007f]/;
const SPECIAL_EACH = new RegExp(SPECIAL.source, 'g');
/** ASCII text without special characters or white space. It needs no encoding, and most values are like this. */
const PLAIN = /^[!#$&'()+\-.0-9:;<>?@A-Z[\]^_`a-z{|}~]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is all of ASCII
const ASCII = /^[\u0000-\u007f]*$/;

/**
 * Encodes a value for use in a key.
 *
 * @throws InvalidRequestError when it is not a string, is blank, is too long, contains NUL, or is not well-formed
 * Unicode.
 */
function encodeValue(field: string, value: unknown): string {
  if (typeof value !== 'string') throw new InvalidRequestError(field, 'must be a string');
  if (value.length <= MAX_DIMENSION_BYTES && PLAIN.test(value)) return value;
  if (value.trim() === '') throw new InvalidRequestError(field, 'must not be blank');
  if (value.length > MAX_DIMENSION_BYTES) throw tooLong(field);
  let text = value;
  if (!ASCII.test(value)) {
    if (!value.isWellFormed()) throw new InvalidRequestError(field, 'must be well-formed Unicode');
    text = value.normalize('NFC');
    if (Buffer.byteLength(text) > MAX_DIMENSION_BYTES) throw tooLong(field);
  }
  if (!SPECIAL.test(text)) return text;
  if (text.includes('\0')) throw new InvalidRequestError(field, 'must not contain NUL');
  return text.replace(SPECIAL_EACH, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`);
}

function tooLong(field: string): InvalidRequestError {
  return new InvalidRequestError(field, `must be at most ${MAX_DIMENSION_BYTES} bytes`);
}

/** Reverses `encodeValue`. */
function decodeValue(text: string): string {
  return text.includes('%') ? decodeURIComponent(text.replace(/%(?![0-9A-F]{2})/g, '%25')) : text;
}

/** With `scope: 'group'`, all APIs of the group share one subject: `acme/@data-access/…`. No API ID starts with `@`. */
function scopeOf(entry: ApiEntry): string {
  return entry.scope === 'group' ? `@${entry.group}` : entry.id;
}

/** Finds the API that the scope of a key names; for a group whose APIs share a subject, its first one. */
export function entryOfScope(catalogue: Catalogue, scope: string): ApiEntry | undefined {
  if (!scope.startsWith('@')) return catalogue.find(scope);
  return catalogue.entries().find((entry) => scopeOf(entry) === scope);
}

/** Encodes an account for use in a key. @throws InvalidRequestError when the account is malformed. */
export function encodeAccount(account: string): string {
  return encodeValue('account', account);
}

/**
 * Builds the key of a subject.
 *
 * @param account as returned by `encodeAccount`
 * @throws InvalidRequestError when a dimension is unknown or its value is malformed.
 */
export function subjectKey(
  entry: ApiEntry,
  account: string,
  {
    level = entry.level,
    dimensions = {},
  }: { level?: readonly string[] | undefined; dimensions?: Dimensions | undefined },
): string {
  for (const name in dimensions) {
    if (name === ACCOUNT || !level.includes(name)) checkOther(name, { entry, account, level, dimensions });
  }
  let key = `${account}/${scopeOf(entry)}/`;
  let separator = '';
  for (const name of level) {
    if (name === ACCOUNT) continue; // the key starts with it
    // Own properties only: a dimension called `constructor` must not find Object.prototype's.
    const value = Object.hasOwn(dimensions, name) ? dimensions[name] : undefined;
    key += `${separator}${name}=${value === undefined ? UNRESOLVED_MARK : encodeValue(`dimensions.${name}`, value)}`;
    separator = ',';
  }
  return key;
}

/** Checks a name that is not part of the level: only `account` may be repeated, and only with the same value. */
function checkOther(
  name: string,
  {
    entry,
    account,
    level,
    dimensions,
  }: { entry: ApiEntry; account: string; level: readonly string[]; dimensions: Dimensions },
): void {
  if (!Object.hasOwn(dimensions, name)) return;
  const field = `dimensions.${name}`;
  if (name === ACCOUNT) {
    const value = dimensions[name];
    if (value === undefined || encodeValue(field, value) === account) return;
    throw new InvalidRequestError(field, 'is another account than the one that calls');
  }
  const counted = level.map((dimension) => `"${dimension}"`).join(', ');
  const nearest = nearestNames(name, level);
  throw new InvalidRequestError(
    field,
    `is no dimension of "${entry.id}", which counts by ${counted}${didYouMean(nearest)}`,
    nearest,
  );
}

/** Parses a key. `scope` is the API ID, or `@group`. An unresolved value is `*`. */
export function parseSubjectKey(key: string): { account: string; scope: string; dimensions: Record<string, string> } {
  const [account = '', scope = '', rest = ''] = key.split('/');
  const dimensions: Record<string, string> = {};
  for (const pair of rest === '' ? [] : rest.split(',')) {
    const [name = '', value = ''] = pair.split('=');
    dimensions[name] = decodeValue(value);
  }
  return { account: decodeValue(account), scope, dimensions };
}

/** The prefix of all keys of an account. */
export function accountPrefix(account: string): string {
  return `${encodeAccount(account)}/`;
}

/** The lane of an account. It is the same on every instance and never changes. */
export function laneOf(account: string): number {
  return laneOfKey(accountPrefix(account));
}

const SLASH = 47;

/** The lane of a subject's account. FNV-1a (32 bit) over UTF-16 units: cheap and even. */
export function laneOfKey(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0, unit = 0; i < key.length; i++) {
    unit = key.charCodeAt(i);
    if (unit === SLASH) break; // a slash inside the account is encoded
    hash = Math.imul(hash ^ unit, 0x01000193);
  }
  // The low bits of FNV-1a alone mix badly for short text, so fold in the high half.
  return ((hash ^ (hash >>> 15)) >>> 0) % LANES;
}

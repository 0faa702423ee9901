/**
 * The header fields of an HTTP response, on Express and on Fastify.
 *
 * Invariant: nothing here throws, even if the response lacks methods, and nothing is written after its head was sent.
 */
import type { HeaderField } from './headers.js';

/** Writes header fields of one response. */
export interface ResponseHeaders {
  set(name: string, value: string): void;
  /** Sets the content type of the JSON body that will be sent. */
  setJsonType(type: string): void;
  /** Sets and exposes these fields. */
  announce(fields: readonly HeaderField[]): void;
  /** Lets pages of other origins read these fields, if CORS is enabled for this response. */
  expose(names: readonly string[]): void;
  /** Forbids caches to store this response, and ignores cache fields that other code sets before or after. */
  forbidCaching(): void;
}

type SetHeader = (this: unknown, name: string, value: unknown) => unknown;

/** The methods used here of Node's response and of Fastify's reply. */
interface Writable {
  setHeader?: SetHeader;
  appendHeader?: SetHeader;
  header?: SetHeader;
  getHeader?(name: string): unknown;
  getHeaders?(): object;
  removeHeader?(name: string): unknown;
  /** Express only. */
  json?(this: unknown, body: unknown): unknown;
}

const NO_HEADERS: ResponseHeaders = {
  set: () => {},
  setJsonType: () => {},
  announce: () => {},
  expose: () => {},
  forbidCaching: () => {},
};

const ORIGIN = 'Access-Control-Allow-Origin';
const CREDENTIALS = 'Access-Control-Allow-Credentials';
const EXPOSE = 'Access-Control-Expose-Headers';

/** Fields that control caching: the standard ones, and those of one kind of cache, e.g. `CDN-Cache-Control`. */
const CACHING = /^(cache-control|expires|surrogate-control|.*cdn-cache-control)$/i;

/** `response`: Express's or Node's response, or Fastify's reply. For any other value the result has no effect. */
export function responseHeaders(response: unknown): ResponseHeaders {
  if (!isObject(response)) return NO_HEADERS;
  const { header, raw, setHeader } = response as { header?: unknown; raw?: unknown; setHeader?: unknown };
  // The reply of Fastify comes first. Middleware for Express writes to the response that the reply wraps.
  if (typeof header === 'function' && isObject(raw)) return new HttpHeaders(raw, response, raw);
  return typeof setHeader === 'function' ? new HttpHeaders(response, response) : NO_HEADERS;
}

/** One object for each call instead of closures. `below` is the response that `first` wraps. */
class HttpHeaders implements ResponseHeaders {
  readonly #head: { headersSent?: unknown };
  readonly #first: Writable;
  readonly #below: Writable | undefined;

  constructor(head: { headersSent?: unknown }, first: Writable, below?: Writable) {
    this.#head = head;
    this.#first = first;
    this.#below = below;
  }

  set(name: string, value: string): void {
    if (this.#isOpen) write(this.#first, name, value);
  }

  setJsonType(type: string): void {
    if (this.#isOpen) writeJsonType(this.#first, type);
  }

  announce(fields: readonly HeaderField[]): void {
    if (!this.#isOpen) return;
    for (const [name, value] of fields) write(this.#first, name, value);
    if (this.#read(ORIGIN) !== undefined) this.expose(fields.map(([name]) => name));
  }

  expose(names: readonly string[]): void {
    if (!this.#isOpen || this.#read(ORIGIN) === undefined) return;
    const listed = [this.#read(EXPOSE) ?? []].flat().join(',').split(',');
    const exposed = listed.map((name) => name.trim()).filter((name) => name !== '');
    // The wildcard covers every field, except when credentials are allowed.
    if (exposed.includes('*') && String(this.#read(CREDENTIALS)) !== 'true') return;
    const has = new Set(exposed.map((name) => name.toLowerCase()));
    const missing = names.filter((name) => !has.has(name.toLowerCase()));
    if (missing.length > 0) write(this.#first, EXPOSE, [...exposed, ...missing].join(', '));
  }

  forbidCaching(): void {
    if (!this.#isOpen) return;
    forbidCachingOf(this.#first);
    if (this.#below) forbidCachingOf(this.#below);
  }

  get #isOpen(): boolean {
    return this.#head.headersSent !== true;
  }

  #read(name: string): unknown {
    const value = this.#first.getHeader?.(name);
    return value === undefined ? this.#below?.getHeader?.(name) : value;
  }
}

function write(target: Writable, name: string, value: string): void {
  if (target.header && !target.setHeader) target.header(name, value);
  else target.setHeader?.(name, value);
}

/**
 * On Express the type is set when the body is sent. Before version 12, Nest logs a warning for a type other than
 * `application/json` that it finds there when it sends an error, and replaces it.
 */
function writeJsonType(target: Writable, type: string): void {
  const { json } = target;
  if (typeof json !== 'function') {
    write(target, 'Content-Type', type);
    return;
  }
  target.json = function (this: unknown, body: unknown) {
    if (target.getHeader?.('Content-Type') === undefined) write(target, 'Content-Type', type);
    return json.call(this, body);
  };
}

/**
 * Hooks that run later, when the head is written, must not make the response cacheable, so the cache fields they set
 * are ignored.
 */
function forbidCachingOf(target: Writable): void {
  for (const name of Object.keys(target.getHeaders?.() ?? {})) {
    if (CACHING.test(name)) target.removeHeader?.(name);
  }
  write(target, 'Cache-Control', 'no-store');
  for (const setter of ['setHeader', 'appendHeader', 'header'] as const) {
    const set = target[setter];
    if (typeof set !== 'function') continue;
    target[setter] = function (this: unknown, name: string, value: unknown) {
      return CACHING.test(String(name)) ? target : set.call(this, name, value);
    };
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

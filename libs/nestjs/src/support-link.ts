/**
 * The support link of a denied call. It contains the facts of the denial, signed, so that the form of a limit request
 * is pre-filled, and no request can refer to a denial that did not happen.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Decision, Window } from '@rollgate/contract';
import { parseSubjectKey } from '@rollgate/limiter';

/** The facts of a denial. Limits are in units; `at` is ISO 8601. */
export interface DeniedCall {
  readonly id: string;
  readonly account: string;
  readonly api: string;
  readonly group: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly window: Window | null;
  readonly perMinute: number;
  readonly perHour: number;
  readonly at: string;
}

const MIN_SECRET_BYTES = 32;
/** How long a link is valid. Links are normally followed within days. */
const GOOD_FOR_MS = 30 * 24 * 3_600_000;

/** Creates and reads signed support links. */
export class SupportLinks {
  readonly #url: string | (() => string);
  readonly #secret: string;
  readonly #now: () => number;

  /**
   * `url`: the page or API that accepts limit requests; `?denial=…` is appended.
   * @throws Error if the secret is shorter than 32 bytes
   */
  constructor({ url, secret, now = Date.now }: { url: string | (() => string); secret: string; now?: () => number }) {
    if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) {
      throw new Error(`limitRequests.secret: needs at least ${MIN_SECRET_BYTES} bytes`);
    }
    this.#url = url;
    this.#secret = secret;
    this.#now = now;
  }

  /** The URL of the form, with the signed denial. */
  linkTo(decision: Decision): string {
    const url = typeof this.#url === 'string' ? this.#url : this.#url();
    return `${url}${url.includes('?') ? '&' : '?'}denial=${this.sign(decision)}`;
  }

  /** The signed denial alone, as a token for a URL. */
  sign({ id, account, api, group, subject, deniedBy, windows, decidedAtMs }: Decision): string {
    const call: DeniedCall = {
      id,
      account,
      api,
      group,
      dimensions: parseSubjectKey(subject).dimensions,
      window: deniedBy,
      perMinute: windows.minute.limit,
      perHour: windows.hour.limit,
      at: new Date(decidedAtMs).toISOString(),
    };
    const payload = Buffer.from(JSON.stringify(call)).toString('base64url');
    return `${payload}.${this.#mac(payload).toString('base64url')}`;
  }

  /** The denial in the token; `undefined`: the signature is not valid, or the denial is older than 30 days. */
  read(token: string): DeniedCall | undefined {
    const [payload = '', mac = '', ...more] = token.split('.');
    const given = Buffer.from(mac, 'base64url');
    const own = this.#mac(payload);
    if (more.length > 0 || given.length !== own.length || !timingSafeEqual(new Uint8Array(given), new Uint8Array(own)))
      return undefined;
    const call = JSON.parse(Buffer.from(payload, 'base64url').toString()) as DeniedCall;
    return this.#now() - Date.parse(call.at) > GOOD_FOR_MS ? undefined : call;
  }

  #mac(payload: string): Buffer {
    return createHmac('sha256', this.#secret).update(`rollgate denial ${payload}`).digest();
  }
}

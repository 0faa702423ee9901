/**
 * The support link of a denied call: it carries what was denied, signed, so that a request for a custom limit arrives
 * filled in and nobody can file one for a denial that never was.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Decision, Window } from '@rollgate/contract';
import { parseSubjectKey } from '@rollgate/limiter';

/** What was denied. Limits in units; `at` is ISO 8601. */
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
/** A link is followed within days, or not at all. */
const GOOD_FOR_MS = 30 * 24 * 3_600_000;

export class SupportLinks {
  readonly #url: string | (() => string);
  readonly #secret: string;
  readonly #now: () => number;

  /** `url`: of the page or API that takes requests; `?denial=…` is added. @throws Error for a secret under 32 bytes */
  constructor({ url, secret, now = Date.now }: { url: string | (() => string); secret: string; now?: () => number }) {
    if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) {
      throw new Error(`limitRequests.secret: needs at least ${MIN_SECRET_BYTES} bytes`);
    }
    this.#url = url;
    this.#secret = secret;
    this.#now = now;
  }

  linkTo(decision: Decision): string {
    const url = typeof this.#url === 'string' ? this.#url : this.#url();
    return `${url}${url.includes('?') ? '&' : '?'}denial=${this.sign(decision)}`;
  }

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

  /** undefined: it was not signed here, or is older than 30 days. */
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

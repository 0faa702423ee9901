/** An API in memory that keeps rolling limits exactly as the sample platform does, by a clock of the test. */
import type { TestTimers } from '@rollgate/testing';

export interface ApiWindow {
  readonly name: string;
  readonly limit: number;
  readonly seconds: number;
}

export interface LimitedApiOptions {
  readonly timers: TestTimers;
  readonly windows: readonly ApiWindow[];
  /** Time until a call is decided, and from then until its response arrives. Default: 0. */
  readonly latencyMs?: () => readonly [thereMs: number, backMs: number];
  /** Changes the fields of a response, e.g. to another form. */
  readonly headers?: (headers: Headers, seen: Seen) => void;
}

interface Seen {
  readonly isDenied: boolean;
  readonly windows: readonly (ApiWindow & { readonly remaining: number; readonly resetSeconds: number | null })[];
  readonly retryAfterSeconds: number;
  readonly nowMs: number;
}

export class LimitedApi {
  admitted = 0;
  denied = 0;
  /** Calls that were sent and not decided yet. */
  undecided = 0;
  readonly decidedMs: number[] = [];
  readonly bodies: string[] = [];
  readonly #options: LimitedApiOptions;
  readonly #spentSeconds: number[] = [];

  constructor(options: LimitedApiOptions) {
    this.#options = options;
  }

  readonly fetch = async (request: Request): Promise<Response> => {
    const { timers, latencyMs = () => [0, 0] as const } = this.#options;
    const [thereMs, backMs] = latencyMs();
    this.undecided += 1;
    const body = await request.text();
    if (thereMs > 0) await timers.sleep(thereMs);
    this.undecided -= 1;
    this.bodies.push(body);
    const response = this.#decide(request.url);
    if (backMs > 0) await timers.sleep(backMs);
    return response;
  };

  /** Units left in the window with the fewest. */
  remaining(): number {
    return Math.min(...this.#states().map(({ remaining }) => remaining));
  }

  /** Gives all units back, as staff may do. */
  reset(): void {
    this.#spentSeconds.length = 0;
  }

  #decide(url: string): Response {
    const before = this.#states();
    const full = before.filter(({ remaining }) => remaining < 1);
    const isDenied = full.length > 0;
    if (isDenied) this.denied += 1;
    else {
      this.admitted += 1;
      this.#spentSeconds.push(this.#second());
      this.decidedMs.push(this.#options.timers.nowMs());
    }
    const windows = this.#states();
    const retryAfterSeconds = Math.max(1, ...full.map(({ resetSeconds }) => resetSeconds ?? 1));
    const headers = new Headers({
      'RateLimit-Policy': windows.map(({ name, limit, seconds }) => `"${name}";q=${limit};w=${seconds}`).join(', '),
      RateLimit: windows
        .map(({ name, remaining, resetSeconds: t }) => `"${name}";r=${remaining}${t === null ? '' : `;t=${t}`}`)
        .join(', '),
      ...(isDenied && { 'Retry-After': String(retryAfterSeconds) }),
    });
    this.#options.headers?.(headers, { isDenied, windows, retryAfterSeconds, nowMs: this.#options.timers.nowMs() });
    return new Response(isDenied ? 'denied' : `answer to ${url}`, { status: isDenied ? 429 : 200, headers });
  }

  /** A unit counts in the second in which it was spent and in the next `seconds` ones. */
  #states() {
    const now = this.#second();
    return this.#options.windows.map((window) => {
      const inside = this.#spentSeconds.filter((second) => second + window.seconds >= now);
      const resetSeconds =
        inside[0] === undefined
          ? null
          : Math.ceil(inside[0] + window.seconds + 1 - this.#options.timers.nowMs() / 1000);
      return { ...window, remaining: Math.max(0, window.limit - inside.length), resetSeconds };
    });
  }

  #second(): number {
    return Math.floor(this.#options.timers.nowMs() / 1000);
  }
}

/** When the last of `calls` can be admitted at the earliest, in ms after the first, by the limits alone. */
export function leastMs(calls: number, windows: readonly ApiWindow[]): number {
  const seconds: number[] = [];
  for (let index = 0; index < calls; index += 1) {
    const free = windows.map(({ limit, seconds: length }) =>
      index < limit ? 0 : Number(seconds[index - limit]) + length + 1,
    );
    seconds.push(Math.max(0, Number(seconds[index - 1] ?? 0), ...free));
  }
  return Number(seconds.at(-1)) * 1000;
}

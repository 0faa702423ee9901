/**
 * The one place where a limiter reports that something has changed: it decides without its database, it has recovered, it
 * lost events, its limits may be old.
 *
 * Invariant: each topic is reported once when its trouble begins, once more when it is over, and not in between, so a
 * failing database can not flood a log.
 */
export interface Report {
  /** What has changed. */
  readonly topic: ReportTopic;
  /** `info`: it is over. */
  readonly level: 'info' | 'warn' | 'error';
  /** One sentence for the log. It holds no password and nothing that a caller sent. */
  readonly message: string;
}

/**
 * - `start`: the limiter has not reached its database yet
 * - `database`: decisions are made without the database
 * - `connections`: a lost connection can not be opened again
 * - `limits`: the limits in force may have changed without this limiter knowing
 * - `events`: denials were lost that should be on record
 * - `answers`: the database gives answers that can not be true; no decision is made of them
 * - `quarantine`: counts can not be trusted whole, so limits are halved for a minute
 */
export type ReportTopic = 'start' | 'database' | 'connections' | 'limits' | 'events' | 'answers' | 'quarantine';

export type OnReport = (report: Report) => void;

export class Reports {
  readonly #troubles = new Map<ReportTopic, string>();
  #listener: OnReport;
  #chosen: boolean;

  /** `onReport`: receives every report; by default they go to `console.warn`. */
  constructor(onReport?: OnReport) {
    this.#chosen = onReport !== undefined;
    this.#listener = onReport ?? ((report) => console.warn(`rollgate: ${report.message}`));
  }

  /** Where reports go from now on, unless the limiter was created with `onReport`. */
  routeByDefault(listener: OnReport): void {
    if (!this.#chosen) this.#listener = listener;
  }

  /** Reports a trouble that begins, or that has become another `kind` of trouble. */
  trouble(topic: ReportTopic, { kind, message, level = 'error' }: Trouble): void {
    if (this.#troubles.get(topic) === kind) return;
    this.#troubles.set(topic, kind);
    this.#send({ topic, level, message });
  }

  /** Reports that the topic's trouble is over, if it had any. */
  over(topic: ReportTopic, message: string): void {
    if (this.#troubles.delete(topic)) this.#send({ topic, level: 'info', message });
  }

  #send(report: Report): void {
    try {
      this.#listener(report);
    } catch {
      // A log that fails must not fail a decision.
    }
  }
}

export interface Trouble {
  /** Tells two troubles of one topic apart. The message may hold figures that change; this must not. */
  readonly kind: string;
  readonly message: string;
  readonly level?: 'warn' | 'error';
}

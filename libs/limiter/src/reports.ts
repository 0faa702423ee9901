/**
 * Reports changes of the limiter's state: it decides without its database, it has recovered, it lost events, or its
 * limits may be outdated.
 *
 * Invariant: each topic is reported once when a problem begins and once when it is over, and not in between, so a
 * failing database can't flood a log.
 */
export interface Report {
  /** What the report is about. */
  readonly topic: ReportTopic;
  /** `info` means that the problem is over. */
  readonly level: 'info' | 'warn' | 'error';
  /** One sentence for the log. It contains no password and nothing sent by a caller. */
  readonly message: string;
}

/**
 * - `start`: the limiter has not reached its database yet
 * - `database`: decisions are made without the database
 * - `overload`: the database answers, but does not decide every call within its budget
 * - `connections`: a lost connection can't be reopened
 * - `limits`: the effective limits may have changed without this limiter knowing
 * - `plans`: a call brought a plan that does not exist; reported once for each plan
 * - `events`: denials were lost that should have been recorded
 * - `answers`: the database gives inconsistent answers, which are not used for decisions
 * - `catalogue`: the program's APIs can't be registered, or some are no longer registered by it
 * - `quarantine`: the counts may be incomplete, so limits are halved for a minute
 */
export type ReportTopic =
  | 'start'
  | 'database'
  | 'overload'
  | 'connections'
  | 'limits'
  | 'plans'
  | 'events'
  | 'answers'
  | 'catalogue'
  | 'quarantine';

export type OnReport = (report: Report) => void;

export class Reports {
  readonly #troubles = new Map<ReportTopic, string>();
  #listener: OnReport;
  #chosen: boolean;

  /** `onReport` receives every report. By default reports are written with `console.warn`. */
  constructor(onReport?: OnReport) {
    this.#chosen = onReport !== undefined;
    this.#listener = onReport ?? ((report) => console.warn(`rollgate: ${report.message}`));
  }

  /** Sets where reports go from now on, unless the limiter was created with `onReport`. */
  routeByDefault(listener: OnReport): void {
    if (!this.#chosen) this.#listener = listener;
  }

  /** Reports a problem that begins or has become another `kind` of problem. */
  trouble(topic: ReportTopic, { kind, message, level = 'error' }: Trouble): void {
    if (this.#troubles.get(topic) === kind) return;
    this.#troubles.set(topic, kind);
    this.#send({ topic, level, message });
  }

  /** Reports one event that is not a state of the topic. */
  notice(topic: ReportTopic, { level, message }: Omit<Report, 'topic'>): void {
    this.#send({ topic, level, message });
  }

  /** Reports that the topic's problem is over, if it had one. */
  over(topic: ReportTopic, message: string): void {
    if (this.#troubles.delete(topic)) this.#send({ topic, level: 'info', message });
  }

  #send(report: Report): void {
    try {
      this.#listener(report);
    } catch {
      // A failing log must not make a decision fail.
    }
  }
}

export interface Trouble {
  /** Distinguishes two problems of one topic. It must stay the same while the message may contain changing figures. */
  readonly kind: string;
  readonly message: string;
  readonly level?: 'warn' | 'error';
}

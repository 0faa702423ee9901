export { type DatabaseUrl, DatabaseUrlError, type Password } from './connections/database-login.js';
export { DatabaseSilentError, SILENT_CALLS_END_WITHIN_MS, SilenceWatch } from './connections/silence-watch.js';
export {
  DEFAULT_KEEP_EVENT_DAYS,
  EventDays,
  type EventDaysOptions,
  type EventDaysPass,
} from './events/event-days.js';
export { type EventOptions, EventsLostError, Recorder, type RecorderOptions } from './events/recorder.js';
export { Limiter, LimiterClosedError, type LimiterOptions, type PolicySource, type UsagePage } from './limiter.js';
export { LimiterStartError } from './outage/contact.js';
export { isDatabaseAway } from './outage/database-away.js';
export { type InstanceState, LimiterUnavailableError, type OutageMode, type OutageModes } from './outage/outage.js';
export { type InForce, Policy } from './policy/policy.js';
export { type OverrideState, overrideState } from './policy/resolve.js';
export { createPostgresLimiter, type PostgresLimiterOptions } from './postgres-limiter.js';
export { type OnReport, type Report, Reports, type ReportTopic } from './reports.js';
export { LimitRequestRefused, LimitRequests, refusalStatus, type Wish } from './requests/limit-requests.js';
export { Janitor, type JanitorOptions, type SweepTotals } from './store/janitor.js';
export { MemoryStore } from './store/memory-store.js';
export type { Store } from './store/store.js';
export { encodeAccount, laneOf, parseSubjectKey, subjectKey } from './subject/subject-key.js';
export { type AcquireRequest, type Dimensions, InvalidRequestError, type SubjectRef } from './subject/subject-ref.js';
export { SingleFlight } from './tasks/single-flight.js';

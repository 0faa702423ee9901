export type { AcquireRequest } from './call/acquire-request.js';
export { LimiterClosedError } from './call/gate.js';
export type { UsagePage } from './call/usage-reader.js';
export { type DatabaseUrl, DatabaseUrlError, type Password } from './connections/database-login.js';
export { DatabaseSilentError, SILENT_CALLS_END_WITHIN_MS, SilenceWatch } from './connections/silence-watch.js';
export { createLimiter, type LimiterOptions } from './create-limiter.js';
export {
  DEFAULT_KEEP_EVENT_DAYS,
  EventDays,
  type EventDaysOptions,
  type EventDaysPass,
} from './events/event-days.js';
export { type EventOptions, EventsLostError, Recorder, type RecorderOptions } from './events/recorder.js';
export { Limiter, type PolicyState } from './limiter.js';
export { LimiterStartError } from './outage/contact.js';
export { isDatabaseAway } from './outage/database-away.js';
export type { InstanceState } from './outage/instance-state.js';
export { LimiterUnavailableError, type OutageMode, type OutageModes } from './outage/outage.js';
export { checkApplicationName } from './policy/application-name.js';
export { type InForce, Policy, type PolicyChanges } from './policy/policy.js';
export { type OverrideState, overrideState } from './policy/resolve.js';
export { createPostgresLimiter, PostgresLimiter } from './postgres-limiter.js';
export type { PostgresLimiterOptions } from './postgres-limiter-options.js';
export { type OnReport, type Report, Reports, type ReportTopic } from './reports.js';
export { LimitRequestRefused, LimitRequests, type NewLimitRequest, refusalStatus } from './requests/limit-requests.js';
export { DEFAULT_KEEP_SECONDS, Janitor, type JanitorOptions, type SweepTotals } from './store/janitor.js';
export { MemoryStore } from './store/memory-store.js';
export {
  type CatalogueChange,
  type CatalogueConflict,
  CatalogueConflictError,
  registerCatalogue,
} from './store/register-catalogue.js';
export type { Store } from './store/store.js';
export { encodeAccount, entryOfScope, laneOf, parseSubjectKey, subjectKey } from './subject/subject-key.js';
export { type Dimensions, InvalidRequestError, type SubjectRef } from './subject/subject-ref.js';
export { JitteredLoop } from './tasks/jittered-loop.js';
export { SingleFlight } from './tasks/single-flight.js';

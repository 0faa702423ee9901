export { InvalidRequestError, type AcquireRequest, type Dimensions, type SubjectRef } from './request.js';
export { Limiter, LimiterClosedError, type LimiterOptions } from './limiter.js';
export { laneOf, parseSubjectKey } from './subject.js';
export type { Store } from './store.js';
export { createPostgresLimiter, type PostgresLimiterOptions } from './postgres-limiter.js';
export { Janitor, type JanitorOptions, type SweepTotals } from './janitor.js';

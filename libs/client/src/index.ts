export type { Call, CallDenial, CallOptions } from './calls/call.js';
export { type LimitState, RateLimitedClient } from './client.js';
export type { Clock } from './clock.js';
export {
  CallAbortedError,
  CallError,
  type CallErrorCode,
  ClientClosedError,
  QueueFullError,
  WaitTooLongError,
} from './errors.js';
export { type Client, createClient, type LimitedFetch } from './fetch.js';
export type { HeaderReader, LimitReport, WindowReport } from './headers/limit-report.js';
export { readLimits } from './headers/read-limits.js';
export type { ClientOptions, LimitedCall } from './options.js';

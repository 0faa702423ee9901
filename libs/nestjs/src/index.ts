export { CallerUsage, type CallerUsagePage, type CallerUsageQuery } from './caller-usage.js';
export { type Readiness, RollgateHealth } from './health.js';
export { LimitRequestsController, limitRequestsController } from './limit-requests.controller.js';
export { CallerLimitRequests } from './limit-requests.js';
export { RollgateModule } from './module.js';
export { ROLLGATE_OPTIONS } from './module-definition.js';
export type {
  RollgateOptions,
  RollgateOptionsFactory,
  SubjectResolver,
  SubjectResolvers,
  SubjectValue,
} from './options.js';
export { RateLimit, SkipRateLimit } from './rate-limit.decorator.js';
export { RateLimitGuard } from './rate-limit.guard.js';
export type { Cost, RateLimitRule } from './rate-limit-rule.js';
export { RateLimitsController, rateLimitsController } from './rate-limits.controller.js';
export { RateLimitExceededException } from './refusals.js';
export { RateLimitSetupError, type SetupProblem } from './route-limits.js';
export { type RouteMark, routeMarkOf } from './route-marks.js';
export { type DeniedCall, SupportLinks } from './support-link.js';

export {
  type ApiEntry,
  Catalogue,
  type CatalogueGroup,
  catalogueGroupSchema,
  didYouMean,
  isApiId,
  type Limits,
  levelSchema,
  nearestNames,
  UnknownApiError,
} from './catalogue.js';
export type {
  Decision,
  DecisionMode,
  LimitSource,
  Release,
  SubjectUsage,
  WindowState,
  WindowUsage,
} from './decision.js';
export { factorSchema, multipliedLimit } from './factor.js';
export { jsonProblem } from './json-problem.js';
export { type LimitRequest, limitRequestSchema } from './limit-request.js';
export { momentSchema, parseMoment } from './moment.js';
export { QUOTA_EXCEEDED_TYPE, type RateLimitProblem, rateLimitProblemSchema } from './problem.js';
export {
  DENIED_MESSAGE,
  INTERNAL_ACCOUNT,
  LANES,
  MAX_DIMENSION_BYTES,
  MAX_FACTOR,
  MAX_UNITS,
  WINDOW_SECONDS,
  WINDOWS,
  type Window,
} from './units.js';
export { visibleText } from './visible-text.js';
export { waitText } from './wait-text.js';

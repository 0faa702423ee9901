import type { SubjectRef } from '../subject/subject-ref.js';

/** One call to decide. */
export interface AcquireRequest extends SubjectRef {
  /** Units to spend, a whole number from 1, 1 by default. */
  readonly cost?: number;
  /**
   * The route that was called, recorded with a denial, e.g. `POST /bots/:botId/publish`. At most 256 characters are
   * kept.
   */
  readonly route?: string | undefined;
  /** The HTTP request ID, recorded with a denial. At most 128 characters are kept. */
  readonly requestId?: string | undefined;
}

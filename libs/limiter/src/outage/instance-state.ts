/** Whether the database decides the calls of this instance, since when, and why not. */
export interface InstanceState {
  /**
   * - `starting`: the limiter has not reached its database yet and decides nothing
   * - `normal`: the database decides
   * - `fallback`: this instance decides without the database
   * - `quarantine`: the database decides, under half limits
   */
  readonly mode: 'starting' | 'normal' | 'fallback' | 'quarantine';
  /** Unix ms. */
  readonly sinceMs: number;
  /** Why the mode is not `normal`; empty if it is. */
  readonly reason: string;
}

/**
 * Whether Nest runs guards for a method.
 *
 * The metadata keys are those of Nest's own decorators, which Nest does not export. A key that is not listed here makes
 * a method 'unknown', never 'plain'.
 */
import type { Handler } from './route-marks.js';

/**
 * `plain`: only decorators of Rollgate. `unguarded`: called by something that runs no guards, such as a schedule.
 * `unknown`: has a decorator that is not listed here.
 */
export type HandlerKind = 'http' | 'rpc' | 'ws' | 'graphql' | 'plain' | 'unguarded' | 'unknown';

const KINDS: readonly [pattern: RegExp, kind: HandlerKind][] = [
  [/^path$/, 'http'],
  [/^microservices:pattern$/, 'rpc'],
  [/^websockets:message_mapping$/, 'ws'],
  [/^graphql:resolve/, 'graphql'],
  // @Cron, @Interval and @Timeout, @OnEvent, and processors of Bull and BullMQ.
  [/^(SCHEDULER?_|EVENT_LISTENER_|bull)/, 'unguarded'],
];

/**
 * Keys that don't tell the kind of a method: types, guards and the like around a handler, its API description, and our
 * own marks.
 */
const NEUTRAL = /^(design:|__guards__|__interceptors__|__pipes__|__exceptionFilters__|swagger\/|rollgate:)/;

export function handlerKind(handler: Handler): HandlerKind {
  const keys = Reflect.getMetadataKeys(handler).map((key: unknown) =>
    typeof key === 'symbol' ? (key.description ?? '') : String(key),
  );
  for (const [pattern, kind] of KINDS) {
    if (keys.some((key) => pattern.test(key))) return kind;
  }
  return keys.some((key) => !NEUTRAL.test(key)) ? 'unknown' : 'plain';
}

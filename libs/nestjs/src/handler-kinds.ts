/**
 * Whether a method is something that Nest runs guards for.
 *
 * The keys are those of Nest's own decorators, which it exports under no public name. A key that is new or foreign makes
 * a method 'unknown', never a plain one.
 */
import type { Handler } from './route-marks.js';

/**
 * `plain`: no decorator but ours. `unguarded`: called by something that runs no guards. `unknown`: another decorator says
 * what it is.
 */
export type HandlerKind = 'http' | 'rpc' | 'ws' | 'graphql' | 'plain' | 'unguarded' | 'unknown';

const KINDS: readonly [pattern: RegExp, kind: HandlerKind][] = [
  [/^path$/, 'http'],
  [/^microservices:pattern$/, 'rpc'],
  [/^websockets:message_mapping$/, 'ws'],
  [/^graphql:resolve/, 'graphql'],
  // @Cron, @Interval and @Timeout, @OnEvent, Bull's and BullMQ's processors.
  [/^(SCHEDULER?_|EVENT_LISTENER_|bull)/, 'unguarded'],
];

/** Says nothing of what a method is: types, what stands around a handler, its description, and our own mark. */
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

/**
 * What resolvers find, made fit to be counted.
 *
 * Invariant: a value is text, or it is unresolved, or the call is refused. A list is never joined and an object never
 * printed, as either would let a client choose between two names for one subject.
 */
import type { ExecutionContext } from '@nestjs/common';
import { didYouMean, nearestNames } from '@rollgate/contract';
import { InvalidRequestError } from '@rollgate/limiter';
import { callerOf } from './call.js';
import type { SubjectResolver, SubjectResolvers, SubjectValue } from './options.js';

/** The dimension every subject begins with. */
export const ACCOUNT = 'account';

const DEFAULT_RESOLVERS: SubjectResolvers = {
  [ACCOUNT]: (context) => callerOf(context).user?.account as SubjectValue,
  bot: sentAs('botId'),
  request_id: sentAs('requestId'),
  table: sentAs('tableName'),
};

function sentAs(name: string): SubjectResolver {
  return (context: ExecutionContext) => {
    const { params } = callerOf(context);
    const sent = typeof params === 'object' && params !== null && Object.hasOwn(params, name);
    return sent ? (params as Record<string, SubjectValue>)[name] : undefined;
  };
}

/** A resolver is for a dimension that nothing counts by. */
export class UnknownDimensionError extends Error {
  override readonly name = 'UnknownDimensionError';
  constructor(
    message: string,
    readonly nearest: readonly string[],
  ) {
    super(message);
  }
}

/** `why`: what is counted by instead. */
export function unknownDimension(name: string, known: Iterable<string>, why: string): UnknownDimensionError {
  const nearest = nearestNames(name, known);
  return new UnknownDimensionError(`subjects: "${name}" is no dimension, ${why}${didYouMean(nearest)}`, nearest);
}

/**
 * The defaults, under the module's, under the route's. A map, so that no name finds what every object has.
 * @throws Error for a resolver that is no function.
 */
export function resolversOf(...layers: (SubjectResolvers | undefined)[]): ReadonlyMap<string, SubjectResolver> {
  const resolvers = new Map(Object.entries(DEFAULT_RESOLVERS));
  for (const layer of layers) {
    for (const [dimension, resolver] of Object.entries(layer ?? {})) {
      if (resolver === undefined) continue;
      if (typeof resolver !== 'function') throw new Error(`subjects: the resolver of "${dimension}" is no function`);
      resolvers.set(dimension, resolver);
    }
  }
  return resolvers;
}

/**
 * @returns `undefined` where the value is unresolved: `undefined`, `null` or blank.
 * @throws InvalidRequestError when it is neither text nor a number.
 */
export function subjectText(field: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value))) return String(value);
  throw new InvalidRequestError(field, 'must be a string');
}

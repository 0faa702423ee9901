/**
 * Checks and converts the values that resolvers return.
 *
 * Invariant: a value becomes text, or is unresolved, or the call is rejected. Lists are never joined and objects never
 * printed, because a client could then choose between two names for one subject.
 */
import type { ExecutionContext } from '@nestjs/common';
import { didYouMean, nearestNames } from '@rollgate/contract';
import { InvalidRequestError } from '@rollgate/limiter';
import { callerOf } from './call.js';
import type { SubjectResolver, SubjectResolvers, SubjectValue } from './options.js';

/** The dimension with which every subject begins. */
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

/** Thrown for a resolver whose dimension nothing counts by. */
export class UnknownDimensionError extends Error {
  override readonly name = 'UnknownDimensionError';
  constructor(
    message: string,
    readonly nearest: readonly string[],
  ) {
    super(message);
  }
}

/** `why`: which dimensions are counted by instead. */
export function unknownDimension(name: string, known: Iterable<string>, why: string): UnknownDimensionError {
  const nearest = nearestNames(name, known);
  return new UnknownDimensionError(`subjects: "${name}" is no dimension, ${why}${didYouMean(nearest)}`, nearest);
}

/**
 * The default resolvers, with those of the module and of the route on top. A map, so that names such as `constructor`
 * find nothing.
 * @throws Error if a resolver is not a function
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
 * @returns the value as text; `undefined` if it is unresolved: `undefined`, `null` or blank
 * @throws InvalidRequestError if it is neither text nor a number
 */
export function subjectText(field: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value))) return String(value);
  throw new InvalidRequestError(field, 'must be a string');
}

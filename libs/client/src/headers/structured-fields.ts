/**
 * `RateLimit` and `RateLimit-Policy`: lists of RFC 9651, as in draft-ietf-httpapi-ratelimit-headers; and the dictionary
 * and the policies without names of the drafts before the eighth.
 */
import {
  type BareItem,
  type Item,
  type List,
  type Parameters,
  parseDictionary,
  parseList,
  Token,
} from 'structured-headers';
import { count, secondsToMs, type WindowReport } from './limit-report.js';

interface Policy {
  readonly name: string;
  readonly partition: string | null;
  readonly limit: number | null;
  readonly lengthMs: number | null;
}

/** Windows of both fields, joined by name and partition. Empty if neither is there or readable. */
export function readStructuredFields(state: string | null, policy: string | null): WindowReport[] {
  const { policies, foreign } = readPolicies(policy);
  const states = readStates(state).filter(({ name }) => !foreign.has(name));
  const reported = states.map((one) => {
    const its = policies.find(
      ({ name, partition }) => name === one.name && (partition ?? one.partition) === one.partition,
    );
    return { ...one, limit: one.limit ?? its?.limit ?? null, lengthMs: its?.lengthMs ?? null };
  });
  // A policy without a state still tells a limit.
  const silent = policies.filter(({ name }) => !states.some((one) => one.name === name));
  return [...reported, ...silent.map((one) => ({ ...one, remaining: null, resetMs: null }))];
}

/** Policies that count calls, and the names of those that count something else, such as bytes. */
export function readPolicies(field: string | null): { policies: Policy[]; foreign: Set<string> } {
  const foreign = new Set<string>();
  const policies: Policy[] = [];
  for (const [value, parameters] of items(field)) {
    const { name, limit } = nameOrLimit(value);
    const unit = parameters.get('qu');
    if (unit !== undefined && unit !== 'requests') foreign.add(name);
    else
      policies.push({
        name,
        partition: partitionOf(parameters),
        limit: limit ?? count(parameters.get('q')),
        lengthMs: secondsToMs(parameters.get('w')) || null,
      });
  }
  return { policies, foreign };
}

function readStates(field: string | null): WindowReport[] {
  const listed = items(field).flatMap(([value, parameters]) => {
    const remaining = count(parameters.get('r'));
    if (remaining === null) return [];
    const { name } = nameOrLimit(value);
    return [
      {
        name,
        partition: partitionOf(parameters),
        limit: null,
        lengthMs: null,
        remaining,
        resetMs: secondsToMs(parameters.get('t')),
      },
    ];
  });
  return listed.length > 0 ? listed : readDictionary(field);
}

/** The seventh draft: `limit=10, remaining=1, reset=7`. */
function readDictionary(field: string | null): WindowReport[] {
  const read = attempt(() => parseDictionary(field ?? ''));
  const value = (key: string): unknown => read?.get(key)?.[0];
  const remaining = count(value('remaining'));
  if (remaining === null) return [];
  const [limit, resetMs] = [count(value('limit')), secondsToMs(value('reset'))];
  return [{ name: '', partition: null, limit, lengthMs: null, remaining, resetMs }];
}

/** Policies of older drafts have no name; their value is the limit. */
function nameOrLimit(value: BareItem): { name: string; limit: number | null } {
  if (typeof value === 'number') return { name: '', limit: count(value) };
  return { name: value instanceof Token ? value.toString() : String(value), limit: null };
}

function partitionOf(parameters: Parameters): string | null {
  const key = parameters.get('pk');
  if (key === undefined) return null;
  return key instanceof ArrayBuffer ? String.fromCharCode(...new Uint8Array(key)) : String(key);
}

function items(field: string | null): Item[] {
  const list: List = (field !== null && attempt(() => parseList(field))) || [];
  return list.filter((member): member is Item => !Array.isArray(member[0]));
}

/** A field with a mistake is ignored as a whole, as RFC 9651 requires. */
function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

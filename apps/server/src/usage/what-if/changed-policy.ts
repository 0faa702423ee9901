/**
 * The policy in force, and the same policy with one change. Limits of both are resolved by the limiter's own code, so an
 * answer can't differ from what instances would apply.
 */
import { HttpException } from '@nestjs/common';
import type { ApiEntry, Catalogue, Limits } from '@rollgate/contract';
import { encodeAccount, entryOfScope, Policy, type PolicyChanges } from '@rollgate/limiter';
import { problem } from '../../http/problem.js';
import { STAFF_GROUP } from '../../limiting/staff-limits.js';
import type { ScopeColumns } from '../../limiting/subjects.js';
import type { WhatIfQuestion } from './what-if.schemas.js';

type Override = PolicyChanges['overrides'][number];

/** The whole policy, as `rollgate.sync_instance` returns it. */
export interface PolicySnapshot extends Omit<PolicyChanges, 'version' | 'whole'> {
  readonly nowMs: number;
}

/** A new override: its scope, and its limits as they would be stored. */
export type NewOverride = ScopeColumns &
  Pick<Override, 'perMinute' | 'perHour' | 'factor' | 'extraMinute' | 'extraHour'>;

export interface ChangedPolicy {
  /** The second parts of the keys of subjects whose limits may change, with the API whose limits apply. */
  readonly scopes: ReadonlyMap<string, ApiEntry>;
  /** The only accounts whose limits may change, as in keys; `null`: any account. */
  readonly accounts: readonly string[] | null;
  readonly before: (entry: ApiEntry, subject: string) => Limits;
  readonly after: (entry: ApiEntry, subject: string) => Limits;
}

/** A change of a snapshot, and whom it may concern. */
interface Change {
  readonly after: PolicySnapshot;
  readonly accounts: readonly string[] | null;
  readonly covers: (entry: ApiEntry) => boolean;
}

/** @throws HttpException 404 for an unknown API, group, plan or override */
export function changedPolicy(
  snapshot: PolicySnapshot,
  {
    question,
    created,
    catalogue,
  }: { question: WhatIfQuestion; created?: NewOverride | undefined; catalogue: Catalogue },
): ChangedPolicy {
  const apis = catalogue.entries().filter(({ group }) => group !== STAFF_GROUP);
  const { after, accounts, covers } = changeOf(snapshot, { question, created, apis });
  const scopes = apis.filter(covers).flatMap((entry) => {
    const scope = entry.scope === 'group' ? `@${entry.group}` : entry.id;
    // The limits of a group that is counted together are those of its first API.
    return entryOfScope(catalogue, scope) === entry ? [[scope, entry] as const] : [];
  });
  return { scopes: new Map(scopes), accounts, before: limitsUnder(snapshot), after: limitsUnder(after) };
}

function limitsUnder({ nowMs, ...changes }: PolicySnapshot): (entry: ApiEntry, subject: string) => Limits {
  const policy = new Policy();
  policy.apply({ ...changes, version: 1, whole: true });
  return (entry, subject) => {
    const account = subject.slice(0, subject.indexOf('/'));
    return policy.inForce(entry, { account, subject, nowMs }).limits;
  };
}

interface Asked {
  readonly question: WhatIfQuestion;
  readonly created: NewOverride | undefined;
  readonly apis: readonly ApiEntry[];
}

function changeOf(snapshot: PolicySnapshot, { question, created, apis }: Asked): Change {
  if (question.change === 'default') return changedDefault(snapshot, question, apis);
  if (question.change === 'plan') return changedPlan(snapshot, question, apis);
  const stored = snapshot.overrides.find(({ id }) => id === question.override);
  if (created === undefined && stored === undefined) {
    throw unknown(`There is no override "${question.override}" that is in force or scheduled.`);
  }
  const override = created === undefined ? changedOverride(stored as Override, question) : newOverride(created);
  // As if it were in force now.
  const held = { ...override, startsAtMs: 0, expiresAtMs: null };
  const covers = ({ id, group }: ApiEntry) => (held.api ?? id) === id && (held.group ?? group) === group;
  if (!apis.some(covers)) throw unknown(`There is no API or group "${held.api ?? held.group}".`);
  return {
    after: { ...snapshot, overrides: [...snapshot.overrides.filter(({ id }) => id !== held.id), held] },
    accounts: [encodeAccount(held.account)],
    covers,
  };
}

function changedDefault(snapshot: PolicySnapshot, question: WhatIfQuestion, apis: readonly ApiEntry[]): Change {
  const { api, group, perMinute, perHour } = question;
  const covers = (entry: ApiEntry) => (api === undefined ? entry.group === group : entry.id === api);
  if (!apis.some(covers)) throw unknown(`There is no API or group "${api ?? group}".`);
  const changed = new Set(apis.filter(covers).map(({ id }) => id));
  const edits = snapshot.apis.map((edit) =>
    changed.has(edit.api)
      ? {
          ...edit,
          perMinute: perMinute === undefined ? edit.perMinute : perMinute,
          perHour: perHour === undefined ? edit.perHour : perHour,
        }
      : edit,
  );
  return { after: { ...snapshot, apis: edits }, accounts: null, covers };
}

function changedPlan(snapshot: PolicySnapshot, question: WhatIfQuestion, apis: readonly ApiEntry[]): Change {
  const { plan: id, limits = [] } = question;
  if (!snapshot.plans.some((plan) => plan.id === id)) throw unknown(`There is no plan "${id}".`);
  for (const { api, group } of limits) {
    const isKnown = apis.some((entry) => (api ?? entry.id) === entry.id && (group ?? entry.group) === entry.group);
    if (!isKnown) throw unknown(`There is no API or group "${api ?? group}".`);
  }
  const rows = limits.map(({ group = null, api = null, perMinute = null, perHour = null, factor = null }) => ({
    group,
    api,
    perMinute,
    perHour,
    factor,
  }));
  const assigned = snapshot.assignments.filter(({ plan }) => plan === id).map(({ account }) => encodeAccount(account));
  return {
    after: { ...snapshot, plans: snapshot.plans.map((plan) => (plan.id === id ? { ...plan, limits: rows } : plan)) },
    accounts: [...new Set(assigned)],
    covers: () => true,
  };
}

/** Limits, a factor and extra units replace one another. */
function changedOverride(stored: Override, question: WhatIfQuestion): Override {
  const { perMinute, perHour, factor, extraMinute, extraHour } = question;
  const nothing = { perMinute: null, perHour: null, factor: null, extraMinute: null, extraHour: null };
  if (factor !== undefined) return { ...stored, ...nothing, factor };
  if (extraMinute !== undefined || extraHour !== undefined) {
    const added = { extraMinute: extraMinute ?? stored.extraMinute, extraHour: extraHour ?? stored.extraHour };
    return { ...stored, ...nothing, ...added };
  }
  return {
    ...stored,
    ...nothing,
    perMinute: perMinute === undefined ? stored.perMinute : perMinute,
    perHour: perHour === undefined ? stored.perHour : perHour,
  };
}

function newOverride({ account, group_id: group, api, subject, ...limits }: NewOverride): Override {
  const order = Number.MAX_SAFE_INTEGER;
  return { ...limits, id: 'new', account, group, api, subject, mode: null, startsAtMs: 0, expiresAtMs: null, order };
}

function unknown(message: string): HttpException {
  return new HttpException(problem(404, message), 404);
}

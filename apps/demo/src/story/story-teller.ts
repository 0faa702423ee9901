/** Carries out the acts of a story in order of time, each at its time in the past. */
import { SAMPLE_APPLICATION, sampleCatalogue } from '@rollgate/contract/sample';
import type { Period } from '../period.js';
import { type Subject, subjectOf } from '../traffic/world.js';
import type { Act, LimitRequested, OverrideCreated, RequestApproved, RequestDeclined, Values } from './acts.js';
import type { Columns, PastPolicy } from './past-policy.js';

const FILED_AFTER_DENIAL_MS = 20 * 60_000;
const FIRST_USED_AFTER_MS = 90_000;

/** A denial that a limit request names, so its limit event must exist. */
export interface WantedDenial {
  readonly eventId: string;
  readonly at: Date;
  readonly subject: Subject;
}

/** Usage of the override with this id. */
export interface Use {
  readonly id: string;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly peakMinute: number;
  readonly peakHour: number;
  readonly neededAt: Date | null;
}

interface StoryTellerOptions {
  readonly policy: PastPolicy;
  readonly period: Period;
  /** Returns a new id of a limit event. */
  readonly eventId: () => string;
  /** The hash of the password that all staff have. */
  readonly passwordHash: string;
}

export class StoryTeller {
  readonly #options: StoryTellerOptions;
  readonly #uses: Use[] = [];
  readonly #denials = new Map<Act, WantedDenial>();
  /** Ids of overrides, and of limit requests until they are approved, by their names in the story. */
  readonly #ids = new Map<string, string>();

  constructor(options: StoryTellerOptions) {
    this.#options = options;
  }

  /** Returns what must be written besides the limits: denials, and reports of the overrides' use. */
  async tell(story: readonly Act[]): Promise<{ denials: WantedDenial[]; uses: Use[] }> {
    const { period } = this.#options;
    for (const act of story) if (act.act === 'request limit') this.#noteDenial(act);
    const dated = story.map((act) => ({ act, at: act.when(period) }));
    for (const { act, at } of dated.toSorted((a, b) => a.at.getTime() - b.at.getTime())) await this.#carryOut(act, at);
    return { denials: [...this.#denials.values()], uses: this.#uses };
  }

  async #carryOut(act: Act, at: Date): Promise<void> {
    const { policy, period, passwordHash } = this.#options;
    switch (act.act) {
      case 'register catalogue':
        return await policy.registerCatalogue({ at, application: SAMPLE_APPLICATION, catalogue: sampleCatalogue });
      case 'change catalogue':
        return await policy.changeCatalogue({ ...act, at, changes: this.#columns(act.changes) });
      case 'create plan':
        return await policy.createPlan({ ...act, at });
      case 'assign plan':
        return await policy.assignPlan({ ...act, at, spec: this.#columns(act.spec) });
      case 'add person':
        return await policy.addPerson({ ...act, at, person: { ...act.person, passwordHash } });
      case 'create override':
        return this.#noteOverride(act, await policy.createOverride({ ...act, at, spec: this.#columns(act.spec) }));
      case 'change override':
        return await policy.changeOverride({
          ...act,
          at,
          id: this.#idOf(act.name),
          changes: this.#columns(act.changes),
        });
      case 'expire override':
        return await policy.expireOverride({ ...act, at, id: this.#idOf(act.name) });
      case 'restore override':
        return await policy.restoreOverride({ ...act, at, id: this.#idOf(act.name), until: act.until(period) });
      case 'undo newest change of override':
        return await policy.undoOverride({ ...act, at, id: this.#idOf(act.name) });
      case 'request limit':
        this.#ids.set(act.name, await policy.requestLimit({ ...act, at, spec: this.#requested(act) }));
        return;
      case 'approve request':
        return this.#noteOverride(act, await this.#decide(act, this.#columns(act.changes)));
      case 'decline request':
        await this.#decide(act, null);
    }
  }

  #decide(act: RequestApproved | RequestDeclined, changes: Columns | null): Promise<string | null> {
    const { policy, period } = this.#options;
    return policy.decideRequest({ ...act, at: act.when(period), id: this.#idOf(act.name), changes });
  }

  #noteDenial(act: LimitRequested): void {
    const { eventId, period } = this.#options;
    // Each request takes an id, with or without a denial.
    const id = eventId();
    if (act.denied === undefined) return;
    this.#denials.set(act, {
      eventId: id,
      at: new Date(act.when(period).getTime() - FILED_AFTER_DENIAL_MS),
      subject: subjectOf(act.account, act.api, act.denied),
    });
  }

  #requested(act: LimitRequested): Columns {
    const { account, api, spec } = act;
    const denial = this.#denials.get(act);
    return { account, api, ...this.#columns(spec), ...(denial !== undefined && deniedCall(denial)) };
  }

  #noteOverride({ name, when, used }: OverrideCreated | RequestApproved, id: string | null): void {
    const { period } = this.#options;
    if (id === null) throw new Error(`the story's "${name}" created no override`);
    this.#ids.set(name, id);
    if (used === undefined) return;
    const { lastAt, neededAt, peakMinute, peakHour } = used;
    this.#uses.push({
      id,
      firstAt: new Date(when(period).getTime() + FIRST_USED_AFTER_MS),
      lastAt: lastAt(period),
      neededAt: neededAt?.(period) ?? null,
      peakMinute,
      peakHour,
    });
  }

  #idOf(name: string): string {
    const id = this.#ids.get(name);
    if (id === undefined) throw new Error(`the story has nothing called "${name}" at that time`);
    return id;
  }

  /** Replaces each time of the story by its date in the period. */
  #columns(values: Values): Columns {
    const { period } = this.#options;
    return Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, typeof value === 'function' ? value(period) : value]),
    );
  }
}

/** The columns of a limit request that the support link of the denied call fills. */
function deniedCall({ eventId, at, subject: { account, entry, dimensions } }: WantedDenial): Columns {
  const id = `${eventId}.1`;
  const { perMinute, perHour } = entry.limits;
  const call = { id, account, api: entry.id, group: entry.group, dimensions, window: 'minute', perMinute, perHour };
  return { denial_id: id, denial: { ...call, at: at.toISOString() } };
}

/** The form of the story: acts with their times. The teller (story-teller.ts) carries them out. */
import type { Period } from '../period.js';
import type { PastAuthor, PastPerson, PlanSpec } from './past-policy.js';

/** A time of the story, relative to the period that is filled. */
export type When = (period: Period) => Date;

/** Between the start of the period (0) and three hours before its end (1). */
export const at =
  (fraction: number): When =>
  (period) =>
    period.at(fraction);

/** Minutes before the end of the period. */
export const ago =
  (minutes: number): When =>
  (period) =>
    period.ago(minutes);

/** Hours after the end of the period. */
export const inHours =
  (hours: number): When =>
  (period) =>
    period.inHours(hours);

/** Days after the end of the period. */
export const inDays = (days: number): When => inHours(24 * days);

/** Columns of rollgate.override, rollgate.limit_request or rollgate.catalogue, with their values in the story. */
export type Values = Readonly<Record<string, string | number | boolean | When>>;

/** How an override was used, as instances report it. Its first use is 90 seconds after its creation. */
interface UseOfOverride {
  readonly lastAt: When;
  readonly peakMinute: number;
  readonly peakHour: number;
  /** The last call that only the override allowed; null: there was none. */
  readonly neededAt: When | null;
}

interface Dated {
  readonly when: When;
  readonly by: PastAuthor;
}

/** `name` identifies an override or a limit request within the story. */
interface Named extends Dated {
  readonly name: string;
}

/** A program registers the APIs that it ships. */
interface CatalogueRegistered {
  readonly act: 'register catalogue';
  readonly when: When;
}

interface CatalogueChanged extends Dated {
  readonly act: 'change catalogue';
  readonly api: string;
  readonly changes: Values;
  readonly reason: string;
  readonly ticket: string;
}

interface PlanCreated extends Dated {
  readonly act: 'create plan';
  readonly spec: PlanSpec;
}

interface PlanAssigned extends Dated {
  readonly act: 'assign plan';
  readonly spec: Values;
}

interface PersonAdded extends Dated {
  readonly act: 'add person';
  readonly person: Omit<PastPerson, 'passwordHash'>;
}

export interface OverrideCreated extends Named {
  readonly act: 'create override';
  readonly spec: Values;
  /** Undefined: it was never used. */
  readonly used?: UseOfOverride;
}

interface OverrideChanged extends Named {
  readonly act: 'change override';
  readonly changes: Values;
  readonly reason: string;
}

interface OverrideEnded extends Named {
  readonly act: 'expire override' | 'undo newest change of override';
  readonly reason: string;
}

interface OverrideRestored extends Named {
  readonly act: 'restore override';
  readonly until: When;
  readonly reason: string;
}

export interface LimitRequested extends Named {
  readonly act: 'request limit';
  readonly account: string;
  readonly api: string;
  readonly spec: Values;
  /** The denied bot or table, which filed the request twenty minutes later. Undefined: no denial is the reason. */
  readonly denied?: string;
}

export interface RequestApproved extends Named {
  readonly act: 'approve request';
  readonly answer: string;
  /** What the created override changes from the request. */
  readonly changes: Values;
  readonly used?: UseOfOverride;
}

export interface RequestDeclined extends Named {
  readonly act: 'decline request';
  readonly answer: string;
}

export type Act =
  | CatalogueRegistered
  | CatalogueChanged
  | PlanCreated
  | PlanAssigned
  | PersonAdded
  | OverrideCreated
  | OverrideChanged
  | OverrideEnded
  | OverrideRestored
  | LimitRequested
  | RequestApproved
  | RequestDeclined;

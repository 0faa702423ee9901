/** Makes the changes of a policy file, each by the SQL function that a member of staff would use. */
import type { EntityManager } from 'typeorm';
import { type Lowered, refusalOf } from '../../database/refusals.js';
import type { ScopeColumns } from '../../limiting/subjects.js';
import { type Item, microseconds, type Section } from './policy-content.js';
import type { Change, Diff } from './policy-diff.js';
import { type Entry, hasStarted, placeOf } from './policy-entries.js';
import { PolicyFaultsError } from './policy-faults.js';

/** A change that was made. */
export interface Made {
  readonly change: Change;
  readonly lowered: readonly Lowered[];
}

export interface Writing {
  readonly manager: EntityManager;
  /** The parameters of `ROW(…)::rollgate.author`. */
  readonly author: readonly [string, string, string, string];
  readonly reason: string;
  readonly ticket: string | null;
  /** Microseconds since 1970. */
  readonly now: number;
  /** The scope of each override to be added. */
  readonly scopes: ReadonlyMap<Item, ScopeColumns>;
}

interface ChangedRow {
  readonly id?: string;
  readonly api: string;
  readonly lowered: readonly Lowered[] | null;
}

/** A plan is retired last, because a retired one can't be assigned. Whether that is allowed was checked by then. */
type Step = 'retire';

/** A row of `rollgate.import_overrides`. */
interface ImportedRow extends ChangedRow {
  readonly n: number;
  readonly batch: string;
  readonly refusal: string | null;
  readonly message: string;
}

/** Overrides that one statement adds. */
const STEP = 500;
const BY = 'ROW($1, $2, $3, $4)::rollgate.author';
const ALLOWED = { allow_lowering: true };

/** Adds the stored items that the changes made (`placeOf`) to `own`. Lowered limits are returned, not refused. */
export async function makeChanges(diff: Diff, writing: Writing, own: Set<string>): Promise<Made[]> {
  const made = new Map<Change, Lowered[]>();
  const note = (change: Change, row: Pick<ChangedRow, 'id' | 'api' | 'lowered'>): void => {
    if (change.to !== undefined) own.add(`${change.section} ${row.id ?? row.api}`);
    made.set(change, [...(made.get(change) ?? []), ...(row.lowered ?? [])]);
  };
  const make = async (change: Change, step?: Step): Promise<void> => {
    const row = await refusedAtItem(change, () => write(change, { diff, step, writing }));
    if (row !== undefined) note(change, row);
  };
  for (const change of inOrder(diff.changes)) {
    if (isNewOverride(change)) continue;
    if (!isRetirement(change)) await make(change);
    else if (change.to !== undefined && otherThanRetired(change)) await make(change);
  }
  await addOverrides(diff.changes.filter(isNewOverride), writing, note);
  for (const change of diff.changes.filter(isRetirement)) await make(change, 'retire');
  for (const { from, to } of diff.changes) if (from !== undefined && to !== undefined) own.add(placeOf(from));
  return diff.changes.map((change) => ({ change, lowered: made.get(change) ?? [] }));
}

const SECTION_ORDER: readonly Section[] = ['catalogue', 'plans', 'assignments', 'overrides'];
/** A later assignment ends the one before it, so it is added before the end of that one is compared. */
const ACTION_ORDER = ['remove', 'add', 'change'];

function inOrder(changes: readonly Change[]): Change[] {
  const rank = ({ section, action }: Change): number =>
    SECTION_ORDER.indexOf(section) * ACTION_ORDER.length + ACTION_ORDER.indexOf(action);
  return changes.toSorted((a, b) => rank(a) - rank(b) || startOf(a) - startOf(b));
}

/** Only assignments are made in the order of their starts. Overrides keep the order of the file. */
function startOf({ section, to }: Change): number {
  const startsAt = to?.item['startsAt'];
  return section !== 'assignments' || startsAt === undefined ? 0 : microseconds(startsAt as string);
}

function isRetirement({ section, to, from }: Change): boolean {
  if (section !== 'plans') return false;
  return to === undefined || (to.item['retired'] === true && from?.item['retired'] !== true);
}

function otherThanRetired({ from, fields }: Change): boolean {
  return from === undefined || fields.some(({ field }) => field !== 'retired');
}

interface WriteOf {
  readonly diff: Diff;
  readonly step: Step | undefined;
  readonly writing: Writing;
}

/** undefined: there is nothing left to do. */
async function write(change: Change, { diff, step, writing }: WriteOf): Promise<ChangedRow | undefined> {
  const { section, from, to } = change;
  const id = from?.stored?.id ?? to?.item['id'];
  switch (section) {
    case 'catalogue':
      return await call(writing, `change_catalogue($5, NULL, $6, $7, $8, ${BY})`, [
        ...[(to ?? (from as Entry)).item['api'], editOf(to?.item)],
        ...[writing.reason, writing.ticket],
      ]);
    case 'plans':
      if (step === 'retire') return await changePlan(writing, id, { retired: true });
      if (from !== undefined) return await changePlan(writing, id, planColumns((to as Entry).item));
      return await call(writing, `create_plan($5, ${BY})`, [
        { id, ...planColumns((to as Entry).item), reason: writing.reason },
      ]);
    case 'assignments':
      return await writeAssignment(change, diff, writing);
    case 'overrides':
      return await writeOverride(change, writing);
  }
}

const editOf = (item: Item = {}): object => ({
  per_minute: item['perMinute'] ?? null,
  per_hour: item['perHour'] ?? null,
  shadow: item['shadow'] ?? false,
  ...ALLOWED,
});

async function changePlan(writing: Writing, id: unknown, { reason: _, ...changes }: Item): Promise<ChangedRow> {
  return await call(writing, `change_plan($5, NULL, $6, $7, ${BY})`, [id, { ...changes, ...ALLOWED }, writing.reason]);
}

function planColumns({ title, description, limits }: Item): Item {
  return {
    title,
    description: description ?? '',
    limits: (limits as Item[]).map((limit) => ({
      ...limitColumns(limit),
      group_id: limit['group'],
      api: limit['api'],
    })),
  };
}

const limitColumns = ({ perMinute, perHour, factor }: Item): object => ({
  per_minute: perMinute ?? null,
  per_hour: perHour ?? null,
  factor: factor ?? null,
});

async function writeAssignment({ from, to }: Change, diff: Diff, writing: Writing): Promise<ChangedRow | undefined> {
  const reason = to?.item['reason'] ?? writing.reason;
  const end = (endsAt: unknown) =>
    call(writing, `end_assignment($5, NULL, $6, $7, ${BY}, true)`, [from?.stored?.id, endsAt ?? null, reason]);
  if (to === undefined) return await end(null);
  const { account, plan, startsAt, endsAt, ticket } = to.item;
  const started = hasStarted(to.item, writing.now);
  if (from !== undefined) {
    if (isEndedByNext(to, diff)) return undefined;
    if (from.item['plan'] === plan && isEarlier(endsAt, from.item['endsAt'])) return await end(endsAt);
    // One that has not started never will. One in force ends when the next one begins.
    if (!started) await end(null);
  }
  const start = from !== undefined && started ? {} : { starts_at: startsAt, backdated: true };
  const spec = { account, plan, ...start, ends_at: endsAt ?? null, reason, ticket: ticket ?? null, ...ALLOWED };
  return await call(writing, `assign_plan($5, ${BY})`, [spec]);
}

/** Whether the file only ends it because it adds another assignment at that time. */
function isEndedByNext({ item }: Entry, { changes }: Diff): boolean {
  return changes.some(
    ({ section, action, to }) =>
      section === 'assignments' &&
      action === 'add' &&
      to?.item['account'] === item['account'] &&
      to?.item['startsAt'] === item['endsAt'],
  );
}

function isEarlier(end: unknown, other: unknown): boolean {
  if (end === undefined) return false;
  return other === undefined || microseconds(end as string) < microseconds(other as string);
}

const isNewOverride = ({ section, action }: Change): boolean => section === 'overrides' && action === 'add';

/** A change or an end. New ones are added together. */
async function writeOverride({ from, to }: Change, writing: Writing): Promise<ChangedRow> {
  const id = from?.stored?.id;
  if (to === undefined) return await call(writing, `expire_override($5, NULL, $6, ${BY})`, [id, writing.reason]);
  const { reason = writing.reason } = to.item;
  return await call(writing, `change_override($5, NULL, $6, $7, ${BY})`, [id, overrideValues(to.item), reason]);
}

const overrideValues = ({ extraMinute, extraHour, mode, expiresAt, ticket, ...limits }: Item): object => ({
  ...limitColumns(limits),
  extra_minute: extraMinute ?? null,
  extra_hour: extraHour ?? null,
  mode: mode ?? null,
  expires_at: expiresAt ?? null,
  ticket: ticket ?? null,
  ...ALLOWED,
});

/** In the order of the file, which decides among overrides of the same scope. @throws PolicyFaultsError with all refusals of a step */
async function addOverrides(
  changes: readonly Change[],
  { manager, author, scopes, reason }: Writing,
  note: (change: Change, row: ImportedRow) => void,
): Promise<void> {
  let batch: string | undefined;
  for (let start = 0; start < changes.length; start += STEP) {
    const step = changes.slice(start, start + STEP);
    const specs = step.map(({ to }) => {
      const { item } = to as Entry;
      const startAndReason = { starts_at: item['startsAt'], backdated: true, reason: item['reason'] ?? reason };
      return { ...scopes.get(item), ...overrideValues(item), ...startAndReason };
    });
    const rows = await manager.query<ImportedRow[]>(
      `SELECT i.n, i.batch, (i.changed).id, i.lowered, i.refusal, i.message FROM rollgate.import_overrides($5, $6, ${BY}) i ORDER BY i.n`,
      [...author, batch, JSON.stringify(specs)],
    );
    batch = rows[0]?.batch;
    const refused = rows.filter(({ refusal }) => refusal !== null);
    if (refused.length > 0) {
      throw new PolicyFaultsError(
        refused.map(({ n, message }) => ({ section: 'overrides', index: step[n - 1]?.to?.index ?? 0, message })),
      );
    }
    for (const row of rows) note(step[row.n - 1] as Change, row);
  }
}

async function call({ manager, author }: Writing, sql: string, given: readonly unknown[]): Promise<ChangedRow> {
  const values = given.map((value) => (typeof value === 'object' && value !== null ? JSON.stringify(value) : value));
  const rows = await manager.query<ChangedRow[]>(`SELECT (c.changed).*, c.lowered FROM rollgate.${sql} c`, [
    ...author,
    ...values,
  ]);
  return rows[0] as ChangedRow;
}

/** @throws PolicyFaultsError for a refusal of the database, at the item of the file */
async function refusedAtItem<Result>({ to }: Change, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined || to === undefined) throw error;
    throw new PolicyFaultsError([{ section: to.section, index: to.index, message: refusal.message }]);
  }
}

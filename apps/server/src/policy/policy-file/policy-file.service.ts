/** Exports the policy of a database as the content of a file, and brings a database to the content of a file. */
import { createHash } from 'node:crypto';
import { HttpException } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { authorOf, type Caller } from '../../authentication/caller.js';
import { problemOf } from '../../http/problem.js';
import type { KnownApis } from '../../limiting/known-apis.service.js';
import { dimensionsOf, type ScopeColumns, type ScopeInput, scopeColumns } from '../../limiting/subjects.js';
import { contentHash, type Item, type PolicyContent, type Section, sortContent, tidyItem } from './policy-content.js';
import { commonContent, comparePolicy, type Diff, type StoredContent } from './policy-diff.js';
import type { Stored } from './policy-entries.js';
import { changeFaults, contentFaults, type Fault, orderFaults, PolicyFaultsError } from './policy-faults.js';
import { type Made, makeChanges } from './policy-writes.js';

export interface PolicyFile {
  /** Hash of the content that the file began as. */
  readonly exported: string;
  /** SHA-256 of the file, in hex. */
  readonly sha256: string;
  readonly content: PolicyContent;
}

export interface Application {
  readonly file: PolicyFile;
  readonly prune: ReadonlySet<Section>;
  readonly reason: string;
  readonly ticket: string | null;
  readonly caller: Caller;
  /** Called with the changes before they are committed. If it throws, they are rolled back. */
  readonly keep: (outcome: Outcome) => void;
}

export interface Outcome {
  readonly diff: Diff;
  readonly made: readonly Made[];
  /** Whether this database knows the export that the file began as. */
  readonly isKnown: boolean;
  /** Equal for outcomes with the same changes. */
  readonly fingerprint: string;
}

interface ItemRow {
  readonly section: Section;
  readonly id: string;
  readonly version: number;
  readonly changed_at: Date;
  readonly changed_by: string | null;
  readonly facts: Item & { readonly subject?: string | null };
}

export class PolicyFileService {
  constructor(
    private readonly database: DataSource,
    private readonly apis: KnownApis,
  ) {}

  async export(): Promise<{ exported: string; content: PolicyContent }> {
    return await this.database.transaction(async (manager) => {
      const { content } = await storedContent(manager, await moment(manager, 'clock_timestamp()'));
      const exported = contentHash(content);
      await keepContent(manager, exported, content);
      return { exported, content };
    });
  }

  /**
   * Shows what the file would change, by making the changes and rolling them back.
   *
   * @throws PolicyFaultsError
   */
  async plan(application: Omit<Application, 'keep'>): Promise<Outcome> {
    const rollBack = new Error('rolled back');
    let outcome: Outcome | undefined;
    const keep = (found: Outcome): never => {
      outcome = found;
      throw rollBack;
    };
    await this.apply({ ...application, keep }).catch((error) => {
      if (error !== rollBack) throw error;
    });
    return outcome as Outcome;
  }

  /**
   * Makes all changes or none, while all other changes of limits wait. Where the file and the database are in conflict, it makes none.
   *
   * @throws PolicyFaultsError
   */
  async apply({ file, prune, reason, ticket, caller, keep }: Application): Promise<Outcome> {
    const author = authorOf({ ...caller, requestId: `file:${file.sha256}` });
    return await this.database.transaction(async (manager) => {
      const { text, now } = await moment(manager, 'rollgate.lock_policy()');
      const base = await commonBefore(manager, file.exported);
      const database = await storedContent(manager, { text, now });
      refuse(contentFaults(file.content, now));
      const diff = comparePolicy({ file: file.content, database, base, prune, now });
      const scopes = await this.#checked(diff, manager);
      const own = new Set(diff.equal);
      // Items that staff changed stay as they are, so there is nothing to try.
      const changes = diff.conflicts.length > 0 ? [] : diff.changes;
      const made = await makeChanges({ ...diff, changes }, { manager, author, reason, ticket, now, scopes }, own);
      const outcome = { diff, made, isKnown: base !== undefined, fingerprint: fingerprintOf(diff) };
      keep(outcome);
      if (made.length > 0) {
        await manager.query(
          `SELECT rollgate.record_policy_file($5, $6, $7, $8, ROW($1, $2, $3, $4)::rollgate.author)`,
          [...author, file.sha256, JSON.stringify(countsOf(diff)), reason, ticket],
        );
      }
      const after = await storedContent(manager, { text, now });
      await keepContent(manager, file.exported, commonContent({ file: diff.file, base, now }, after, own));
      return outcome;
    });
  }

  /** @throws PolicyFaultsError with everything that is wrong with the changes */
  async #checked(diff: Diff, manager: EntityManager): Promise<ReadonlyMap<Item, ScopeColumns>> {
    const rows = await manager.query<{ api: string; group_id: string; retired: boolean }[]>(
      'SELECT c.api, c.group_id, c.retired_at IS NOT NULL AS retired FROM rollgate.catalogue c',
    );
    const faults = changeFaults(diff, {
      groupOf: new Map(rows.map(({ api, group_id }) => [api, group_id])),
      retiredApis: new Set(rows.filter(({ retired }) => retired).map(({ api }) => api)),
    });
    refuse([...faults, ...orderFaults(diff)]);
    const scopes = new Map<Item, ScopeColumns>();
    const wrong: Fault[] = [];
    for (const { section, action, to } of diff.changes) {
      if (section !== 'overrides' || action !== 'add' || to === undefined) continue;
      try {
        scopes.set(to.item, await scopeColumns(this.apis, to.item as unknown as ScopeInput));
      } catch (error) {
        if (!(error instanceof HttpException)) throw error;
        wrong.push({ section, index: to.index, message: problemOf(error).message });
      }
    }
    refuse(wrong);
    return scopes;
  }
}

function refuse(faults: readonly Fault[]): void {
  if (faults.length > 0) throw new PolicyFaultsError(faults);
}

interface Moment {
  readonly text: string;
  /** Microseconds since 1970. */
  readonly now: number;
}

async function moment(manager: EntityManager, sql: string): Promise<Moment> {
  const rows = await manager.query<{ text: string; now: string }[]>(
    `SELECT t.at::text AS text, (extract(epoch FROM t.at) * 1000000)::bigint AS now FROM (SELECT ${sql} AS at OFFSET 0) t`,
  );
  const { text, now } = rows[0] as (typeof rows)[number];
  return { text, now: Number(now) };
}

async function storedContent(manager: EntityManager, { text }: Moment): Promise<StoredContent> {
  const rows = await manager.query<ItemRow[]>('SELECT * FROM rollgate.policy_items($1)', [text]);
  const content: Record<Section, Item[]> = { catalogue: [], plans: [], assignments: [], overrides: [] };
  const stored = new Map<Item, Stored>();
  for (const { section, id, version, changed_at, changed_by, facts } of rows) {
    const item = tidyItem(section, { ...facts, dimensions: dimensionsOf(facts.subject ?? null) });
    content[section].push(item);
    stored.set(item, { id, version, changedAt: changed_at.toISOString(), changedBy: changed_by ?? 'unknown' });
  }
  return { content: sortContent(content), stored };
}

async function commonBefore(manager: EntityManager, exported: string): Promise<PolicyContent | undefined> {
  const rows = await manager.query<{ content: PolicyContent }[]>(
    'SELECT content FROM rollgate.policy_file WHERE hash = $1',
    [exported],
  );
  const content = rows[0]?.content;
  if (content === undefined) return undefined;
  // jsonb keeps the names of a row in its own order.
  const tidy = (section: Section): Item[] => content[section].map((item) => tidyItem(section, item));
  return {
    catalogue: tidy('catalogue'),
    plans: tidy('plans'),
    assignments: tidy('assignments'),
    overrides: tidy('overrides'),
  };
}

async function keepContent(manager: EntityManager, hash: string, content: PolicyContent): Promise<void> {
  await manager.query('SELECT rollgate.keep_policy_file($1, $2)', [hash, JSON.stringify(content)]);
}

function fingerprintOf({ changes, conflicts }: Diff): string {
  const parts = [changes, conflicts].map((all) => all.map((one) => Object.values(one)));
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** For example `{ "overrides": { "add": 2 } }`. */
function countsOf({ changes }: Diff): Record<string, Record<string, number>> {
  const counts: Record<string, Record<string, number>> = {};
  for (const { section, action } of changes) {
    const ofSection = counts[section] ?? {};
    counts[section] = { ...ofSection, [action]: (ofSection[action] ?? 0) + 1 };
  }
  return counts;
}

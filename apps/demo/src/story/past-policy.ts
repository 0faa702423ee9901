/**
 * Creates limits and their history with the same functions that change them (migrations/functions), at times in the past.
 *
 * Invariants: the ledger is set to a time in the past, and the functions that need an open ledger are called with it, so
 * every rule applies and every change has its row in the chain. Time never goes back. Only the owner of the tables can do
 * this, in one transaction that the caller opened; the database has no function for it.
 */
import type { Catalogue } from '@rollgate/contract';
import type pg from 'pg';

/** The author of a change, as the history names it. */
export interface PastAuthor {
  readonly actor: string;
  readonly role: string;
  readonly address?: string | undefined;
  readonly requestId?: string | undefined;
}

/** Columns of rollgate.override, rollgate.limit_request or rollgate.catalogue, with their values. */
export type Columns = Readonly<Record<string, unknown>>;

export interface PastPerson {
  readonly login: string;
  readonly displayName: string;
  readonly role: string;
  readonly passwordHash: string;
}

/** A plan, as rollgate.create_plan takes it. */
export interface PlanSpec {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly limits: readonly Columns[];
  readonly reason: string;
}

interface PastChange {
  readonly at: Date;
  readonly by: PastAuthor;
}

interface PastRegistration {
  readonly at: Date;
  readonly application: string;
  readonly catalogue: Catalogue;
}

interface PastOverrideChange extends PastChange {
  readonly id: string;
  readonly reason: string;
}

const AUTHOR = (first: number) => `ROW($${first}, $${first + 1}, $${first + 2}, $${first + 3})::rollgate.author`;
const valuesOf = ({ actor, role, address, requestId }: PastAuthor) => [actor, role, address ?? null, requestId ?? null];

export class PastPolicy {
  readonly #database: pg.ClientBase;

  constructor(database: pg.ClientBase) {
    this.#database = database;
  }

  /** Adds the APIs that an application registers; known ones stay unchanged. */
  async registerCatalogue({ at, application, catalogue }: PastRegistration): Promise<void> {
    const by: PastAuthor = { actor: 'instance:platform-1', role: 'program' };
    for (const [i, entry] of catalogue.entries().entries()) {
      const { perMinute, perHour } = entry.limits;
      const known = await this.#one('SELECT api FROM rollgate.catalogue WHERE api = $1', [entry.id]);
      if (known !== undefined) continue;
      if (i === 0) await this.#open(at, true);
      await this.#database.query(
        `WITH made AS (
           INSERT INTO rollgate.catalogue (api, ord, title, group_id, group_title, level, scope, shipped_per_minute, shipped_per_hour, message, changed_in, changed_at, changed_by)
           SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, l.policy_version, l.history_at, $11 FROM rollgate.ledger l
           RETURNING *
         ),
         owned AS (
           INSERT INTO rollgate.catalogue_owner SELECT $15, m.api, m.changed_at FROM made m
         )
         SELECT rollgate.record('catalogue', 'add', m.api, NULL, ${AUTHOR(11)}, NULL, rollgate.catalogue_facts(ROW(m.*)::rollgate.catalogue), 'registered by ' || $15)
         FROM made m`,
        [
          entry.id,
          i + 1,
          entry.title,
          entry.group,
          entry.groupTitle,
          entry.level,
          entry.scope,
          perMinute,
          perHour,
          entry.message,
          ...valuesOf(by),
          application,
        ],
      );
    }
  }

  async addPerson({ at, by, person }: PastChange & { person: PastPerson }): Promise<void> {
    const { login, displayName, role, passwordHash } = person;
    await this.#open(at, false);
    const facts = { login, displayName, role, signsInBy: 'password', disabled: false };
    await this.#database.query(
      `WITH made AS (
         INSERT INTO rollgate.staff (login, display_name, role, password_hash, created_at)
         SELECT $1, $2, $3, $4, l.history_at FROM rollgate.ledger l RETURNING id
       )
       SELECT rollgate.record('staff', 'add', m.id, NULL, ${AUTHOR(6)}, NULL, $5, NULL) FROM made m`,
      [login, displayName, role, passwordHash, JSON.stringify(facts), ...valuesOf(by)],
    );
  }

  async createPlan({ at, by, spec: { limits, reason, ...plan } }: PastChange & { spec: PlanSpec }): Promise<void> {
    await this.#open(at, true);
    await this.#database.query(
      `INSERT INTO rollgate.plan (id, title, description, created_by, created_at, changed_by, changed_at, changed_in)
       SELECT $1, $2, $3, $4, l.history_at, $4, l.history_at, l.policy_version FROM rollgate.ledger l`,
      [plan.id, plan.title, plan.description, by.actor],
    );
    await this.#database.query('SELECT rollgate.put_plan_limits($1, $2)', [plan.id, JSON.stringify(limits)]);
    await this.#database.query(
      `WITH recorded AS (
         SELECT p.id, rollgate.record('plan', 'create', p.id, NULL, ${AUTHOR(2)}, NULL, rollgate.plan_facts(p), $6) AS history_id
         FROM rollgate.plan p WHERE p.id = $1
       )
       UPDATE rollgate.plan p SET history_id = r.history_id FROM recorded r WHERE p.id = r.id`,
      [plan.id, ...valuesOf(by), reason],
    );
  }

  async assignPlan({ at, by, spec }: PastChange & { spec: Columns }): Promise<void> {
    await this.#open(at, true);
    await this.#database.query(
      `SELECT s.id FROM rollgate.ledger l CROSS JOIN LATERAL rollgate.new_assignment($1, ${AUTHOR(2)}, l) n
       CROSS JOIN LATERAL rollgate.store_assignment(n, NULL, ${AUTHOR(2)}, l) s`,
      [JSON.stringify(spec), ...valuesOf(by)],
    );
  }

  /** Returns the override's id. */
  async createOverride({ at, by, spec }: PastChange & { spec: Columns }): Promise<string> {
    await this.#open(at, true);
    const made = await this.#one<{ id: string }>(
      `SELECT (o.changed).id FROM rollgate.ledger l CROSS JOIN LATERAL rollgate.add_override($1, ${AUTHOR(2)}, l) o`,
      [JSON.stringify(spec), ...valuesOf(by)],
    );
    return (made as { id: string }).id;
  }

  async changeOverride({ changes, ...change }: PastOverrideChange & { changes: Columns }): Promise<void> {
    await this.#put({ ...change, changes, action: 'change', undoes: null });
  }

  async expireOverride(change: PastOverrideChange): Promise<void> {
    await this.#put({ ...change, changes: { expires_at: change.at }, action: 'expire', undoes: null });
  }

  async restoreOverride({ until, ...change }: PastOverrideChange & { until: Date }): Promise<void> {
    await this.#put({ ...change, changes: { expires_at: until }, action: 'restore', undoes: null });
  }

  /** Undoes the override's newest change. */
  async undoOverride(change: PastOverrideChange): Promise<void> {
    const done = await this.#one<{ id: string; changes: Columns }>(
      `SELECT h.id, jsonb_build_object('per_minute', h.before -> 'perMinute', 'per_hour', h.before -> 'perHour', 'mode', h.before -> 'mode',
                'factor', h.before -> 'factor', 'expires_at', h.before -> 'expiresAt') AS changes
       FROM rollgate.history h WHERE h.kind = 'override' AND h.target = $1 ORDER BY h.id DESC LIMIT 1`,
      [change.id],
    );
    if (done === undefined) throw new Error(`there is no change of ${change.id}`);
    await this.#put({ ...change, changes: done.changes, action: 'undo', undoes: done.id });
  }

  async changeCatalogue({
    at,
    by,
    api,
    changes,
    reason,
    ticket,
  }: PastChange & { api: string; changes: Columns; reason: string; ticket: string }): Promise<void> {
    await this.#open(at, true);
    await this.#database.query(
      `SELECT p.api FROM rollgate.ledger l CROSS JOIN rollgate.catalogue c
       CROSS JOIN LATERAL rollgate.put_catalogue(c, jsonb_populate_record(c, $2), $3, $4, ${AUTHOR(5)}, l) p
       WHERE c.api = $1`,
      [api, JSON.stringify(changes), reason, ticket, ...valuesOf(by)],
    );
  }

  /** Returns the limit request's id. */
  async requestLimit({ at, by, spec }: PastChange & { spec: Columns }): Promise<string> {
    await this.#open(at, false);
    const filed = await this.#one<{ id: string }>(
      `WITH given AS (SELECT s.*, nextval('rollgate.limit_request_number') AS n FROM jsonb_populate_record(NULL::rollgate.limit_request, $1) s),
       made AS (
         INSERT INTO rollgate.limit_request (id, number, account, group_id, api, subject, per_minute, per_hour, factor, until, reason, ticket,
           denial_id, denial, asked_by, asked_at, needs_admin)
         SELECT 'req_' || g.n, g.n, g.account, g.group_id, g.api, g.subject, g.per_minute, g.per_hour, g.factor, g.until, g.reason, g.ticket,
           g.denial_id, g.denial, $2, l.history_at, coalesce(g.needs_admin, false)
         FROM given g CROSS JOIN rollgate.ledger l
         RETURNING *
       )
       SELECT m.id, rollgate.record('request', 'ask', m.id, m.account, ${AUTHOR(2)}, NULL, rollgate.request_facts(ROW(m.*)::rollgate.limit_request), m.reason, m.ticket)
       FROM made m`,
      [JSON.stringify(spec), ...valuesOf(by)],
    );
    const { id } = filed as { id: string };
    await this.#recorded(id);
    return id;
  }

  /** Approves or declines a limit request. Returns the created override's id, or null if it is declined. */
  async decideRequest({
    at,
    by,
    id,
    changes,
    answer,
  }: PastChange & {
    id: string;
    /** What the created override changes from the limit request; null declines it. */
    changes: Columns | null;
    answer: string;
  }): Promise<string | null> {
    await this.#open(at, changes !== null);
    const made =
      changes === null
        ? undefined
        : await this.#one<{ id: string }>(
            `SELECT (o.changed).id FROM rollgate.ledger l CROSS JOIN rollgate.limit_request r
       CROSS JOIN LATERAL rollgate.add_override(
         jsonb_strip_nulls(jsonb_build_object('account', r.account, 'group_id', r.group_id, 'api', r.api, 'subject', r.subject,
           'per_minute', r.per_minute, 'per_hour', r.per_hour, 'factor', r.factor, 'expires_at', r.until, 'ticket', r.ticket)) || $2::jsonb
         || jsonb_build_object('reason', r.reason, 'request_id', r.id), ${AUTHOR(3)}, l) o
       WHERE r.id = $1`,
            [id, JSON.stringify(changes), ...valuesOf(by)],
          );
    await this.#database.query(
      `WITH old AS (SELECT r AS row FROM rollgate.limit_request r WHERE r.id = $1),
       new AS (
         UPDATE rollgate.limit_request r
         SET state = CASE WHEN $2::text IS NULL THEN 'declined' ELSE 'approved' END, decided_by = $4, decided_at = l.history_at, answer = $3,
             override_id = $2, version = r.version + 1
         FROM rollgate.ledger l WHERE r.id = $1
         RETURNING r.*
       )
       SELECT rollgate.record('request', CASE WHEN $2::text IS NULL THEN 'decline' ELSE 'approve' END, n.id, n.account, ${AUTHOR(4)},
         rollgate.request_facts(o.row), rollgate.request_facts(ROW(n.*)::rollgate.limit_request), $3, n.ticket)
       FROM old o CROSS JOIN new n`,
      [id, made?.id ?? null, answer, ...valuesOf(by)],
    );
    await this.#recorded(id);
    return made?.id ?? null;
  }

  /** The newest row of the history belongs to this limit request. */
  async #recorded(id: string): Promise<void> {
    await this.#database.query(
      'UPDATE rollgate.limit_request SET history_id = (SELECT history_id FROM rollgate.ledger) WHERE id = $1',
      [id],
    );
  }

  async #put({
    at,
    by,
    id,
    reason,
    changes,
    action,
    undoes,
  }: PastOverrideChange & { changes: Columns; action: string; undoes: string | null }): Promise<void> {
    await this.#open(at, true);
    await this.#database.query(
      `SELECT p.id FROM rollgate.ledger l CROSS JOIN LATERAL rollgate.override_at($1, NULL) o
       CROSS JOIN LATERAL jsonb_populate_record(o, $2) n CROSS JOIN LATERAL rollgate.check_ceiling(n, ${AUTHOR(6)})
       CROSS JOIN LATERAL rollgate.put_override(o, n, $3, $4, ${AUTHOR(6)}, l, $5) p`,
      [id, JSON.stringify(changes), action, reason, undoes, ...valuesOf(by)],
    );
  }

  /** Does what rollgate.open_ledger does, at a time in the past. */
  async #open(at: Date, policy: boolean): Promise<void> {
    await this.#database.query(
      `UPDATE rollgate.ledger
       SET policy_version = policy_version + $2::boolean::int, history_at = greatest($1::timestamptz, history_at + interval '1 microsecond')`,
      [at, policy],
    );
  }

  async #one<Row extends object>(sql: string, values: unknown[]): Promise<Row | undefined> {
    return (await this.#database.query<Row>(sql, values)).rows[0];
  }
}

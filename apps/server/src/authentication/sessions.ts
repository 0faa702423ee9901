/**
 * The sessions of signed-in people. The browser holds a random secret, the database its hash.
 *
 * Invariants: all times are the database's, so all instances agree on when a session ends; a sign-in always creates a new
 * session and ends the browser's old one; all sessions of a person end at the moment the person is disabled; each end of a
 * session is in the access log, in the same statement.
 */
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Role } from '../http/permissions.js';
import { hashSecret, newSecret } from './secrets.js';
import { type SignsInBy, signsInBy } from './staff.entity.js';

const IDLE = '30 minutes';
const ABSOLUTE = '12 hours';
/** A session is updated at most this often, so that a screen that polls every second does not write a row each time. */
const TOUCH_AFTER = '10 seconds';
const MOST_USER_AGENT = 512;

export interface SignedIn {
  readonly id: string;
  readonly staff: {
    readonly id: string;
    readonly login: string;
    readonly displayName: string;
    readonly role: Role;
    readonly signsInBy: SignsInBy;
  };
  readonly idleEndsAt: Date;
  readonly endsAt: Date;
}

export interface NewSession {
  readonly staffId: string;
  readonly address: string;
  readonly userAgent: string | undefined;
  /** The secret of the session that the browser had before. */
  readonly replaces: string | undefined;
}

interface SessionRow {
  readonly id: string;
  readonly stale: boolean;
  readonly idleEndsAt: Date;
  readonly endsAt: Date;
  readonly staffId: string;
  readonly login: string;
  readonly displayName: string;
  readonly role: Role;
  readonly oidcIssuer: string | null;
}

const FIND = `
  SELECT s.id, seen.stale, s.ends_at AS "endsAt",
         least(s.ends_at, CASE WHEN seen.stale THEN seen.now ELSE s.last_seen_at END + interval '${IDLE}') AS "idleEndsAt",
         p.id AS "staffId", p.login, p.display_name AS "displayName", p.role, p.oidc_issuer AS "oidcIssuer"
  FROM rollgate.staff_session s
  JOIN rollgate.staff p ON p.id = s.staff_id
  CROSS JOIN LATERAL (
    SELECT t.now, s.last_seen_at < t.now - interval '${TOUCH_AFTER}' AS stale FROM (SELECT clock_timestamp()) t (now)
  ) seen
  WHERE s.id = $1 AND p.disabled_at IS NULL AND s.ends_at > seen.now AND s.last_seen_at > seen.now - interval '${IDLE}'`;

/** Why a session ends: the person signed out, or something else ended it. */
export interface SessionEnd {
  readonly outcome: 'signed_out' | 'session_ended';
  /** Where the person signs out. By default the address of the sign-in. */
  readonly address?: string;
  /** HTTP request ID. */
  readonly requestId?: string;
}

const ENDED: SessionEnd = { outcome: 'session_ended' };

/** Deletes sessions and records their ends. `$1` to `$3`: outcome, address and HTTP request ID. */
const endWhere = (condition: string) => `
  WITH ended AS (DELETE FROM rollgate.staff_session WHERE ${condition} RETURNING staff_id, address, user_agent)
  SELECT rollgate.note_sign_in($1, CASE WHEN p.oidc_issuer IS NULL THEN 'password' ELSE 'oidc' END, p.login, p.id,
    coalesce($2, e.address), e.user_agent, $3)
  FROM ended e JOIN rollgate.staff p ON p.id = e.staff_id`;

@Injectable()
export class Sessions {
  constructor(private readonly database: DataSource) {}

  /** Call it in the transaction that checked the person. Resolves to the secret. */
  async start(manager: EntityManager, { staffId, address, userAgent, replaces }: NewSession): Promise<string> {
    const secret = newSecret();
    await manager.query(
      endWhere(`id = $4 OR ends_at < clock_timestamp() OR last_seen_at < clock_timestamp() - interval '${IDLE}'`),
      [...endValues(ENDED), replaces === undefined ? null : hashSecret(replaces)],
    );
    await manager.query(
      `INSERT INTO rollgate.staff_session (id, staff_id, address, user_agent, ends_at)
       VALUES ($1, $2, $3, $4, clock_timestamp() + interval '${ABSOLUTE}')`,
      [hashSecret(secret), staffId, address, userAgent?.slice(0, MOST_USER_AGENT) ?? null],
    );
    return secret;
  }

  /** Finds a session and restarts its idle time. undefined: it does not exist or has ended. */
  async find(secret: string): Promise<SignedIn | undefined> {
    const [row] = await this.database.query<SessionRow[]>(FIND, [hashSecret(secret)]);
    if (row === undefined) return undefined;
    if (row.stale)
      await this.database.query('UPDATE rollgate.staff_session SET last_seen_at = clock_timestamp() WHERE id = $1', [
        row.id,
      ]);
    const { id, idleEndsAt, endsAt, staffId, login, displayName, role, oidcIssuer } = row;
    const staff = { id: staffId, login, displayName, role, signsInBy: signsInBy(oidcIssuer) };
    return { id, idleEndsAt, endsAt, staff };
  }

  async end(id: string, end: SessionEnd): Promise<void> {
    await this.database.query(endWhere('id = $4'), [...endValues(end), id]);
  }

  /** Ends all sessions of one person, except `except`. `manager`: that of a transaction. */
  async endAll(
    staffId: string,
    {
      end = ENDED,
      except,
      manager = this.database.manager,
    }: { end?: SessionEnd; except?: string | undefined; manager?: EntityManager } = {},
  ): Promise<void> {
    await manager.query(endWhere('staff_id = $4 AND id IS DISTINCT FROM $5'), [
      ...endValues(end),
      staffId,
      except ?? null,
    ]);
  }
}

function endValues({ outcome, address, requestId }: SessionEnd): unknown[] {
  return [outcome, address ?? null, requestId ?? null];
}

/** Rollgate knows the accounts with traffic, denials or limit requests on record. */
import { HttpException, Inject, Injectable } from '@nestjs/common';
import { INTERNAL_ACCOUNT, nearestNames } from '@rollgate/contract';
import { encodeAccount } from '@rollgate/limiter';
import { DataSource } from 'typeorm';
import type { Permission } from '../http/permissions.js';
import { problem } from '../http/problem.js';
import type { Warning } from './limits.schemas.js';

/** The most accounts per prefix that are searched for similar names. Searching more would take too long for a warning. */
const MOST_ALIKE = 300;

@Injectable()
export class KnownAccounts {
  constructor(@Inject(DataSource) private readonly database: DataSource) {}

  /** Warns about an account without any traffic, denial or limit request on record, and suggests similar names. */
  async warningsOf(
    account: string,
    { permissions }: { readonly permissions: ReadonlySet<Permission> },
  ): Promise<Warning[]> {
    const rows = await this.database.query<{ seen: boolean }[]>('SELECT rollgate.account_seen($1) AS seen', [account]);
    if (rows[0]?.seen === true) return [];
    // Only callers who may read accounts may see names of accounts.
    const near = permissions.has('accounts.read') ? await this.#near(account) : [];
    const hint = near.length === 0 ? '' : ` Did you mean ${near.map((name) => `"${name}"`).join(' or ')}?`;
    return [{ code: 'unknownAccount', message: `No traffic of the account "${account}" is on record.${hint}`, near }];
  }

  /** Names that differ only in case come first, then those a few edits away. */
  async #near(account: string): Promise<string[]> {
    const alike = await this.#alike(account);
    const folded = account.toLowerCase();
    const sameButCase = alike.filter((name) => name.toLowerCase() === folded);
    return [...new Set([...sameButCase, ...nearestNames(account, alike)])].slice(0, 3);
  }

  /** Accounts that start with the same two characters in either case, and all that have an override or a limit request. */
  async #alike(account: string): Promise<string[]> {
    const [first = '', second = ''] = [...account];
    const prefixes = spellings(first).flatMap((one) => spellings(second).map((two) => encodeAccount(one + two)));
    const whole = [account.toLowerCase(), account.toUpperCase(), first.toUpperCase() + account.slice(first.length)];
    const rows = await this.database.query<{ account: string }[]>(
      `SELECT DISTINCT f.account FROM unnest($1::text[]) p (prefix) CROSS JOIN LATERAL rollgate.find_accounts(p.prefix, '', $3) f
       WHERE f.account <> $2
       UNION
       (SELECT o.account FROM rollgate.override o WHERE o.account <> $2 AND NOT rollgate.is_internal(o.account) LIMIT 5000)
       UNION
       (SELECT r.account FROM rollgate.limit_request r WHERE r.account <> $2 AND NOT rollgate.is_internal(r.account) LIMIT 5000)`,
      [[...new Set([...prefixes, ...whole.map(encodeAccount)])], account, MOST_ALIKE],
    );
    return rows.map((row) => row.account);
  }
}

/** @throws HttpException 404 for the account under which Rollgate counts its own sign-in attempts */
export function refuseInternal(account: string): void {
  if (account !== INTERNAL_ACCOUNT) return;
  throw new HttpException(
    problem(404, `"${account}" is no account: Rollgate counts its own sign-in under it, and its limits are settings.`),
    404,
  );
}

function spellings(character: string): string[] {
  return [...new Set([character.toLowerCase(), character.toUpperCase()])];
}

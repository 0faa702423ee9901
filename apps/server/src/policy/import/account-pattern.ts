/** Accounts by pattern: `*` stands for any characters, `?` for one. The rule is `rollgate.accounts_matching`. */
import type { EntityManager } from 'typeorm';

/** The known accounts that match a pattern, now; without * and ? the account itself, known or not. */
export async function accountsOf(manager: Pick<EntityManager, 'query'>, text: string): Promise<readonly string[]> {
  if (!/[*?]/.test(text)) return [text];
  const rows = await manager.query<{ account: string }[]>('SELECT account FROM rollgate.accounts_matching($1)', [text]);
  return rows.map(({ account }) => account);
}

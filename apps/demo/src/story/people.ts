/** The staff of the story, and the authors of its changes. */
import { type Act, at } from './acts.js';
import type { PastAuthor } from './past-policy.js';

export const PEOPLE = [
  { login: 'eve@example.com', displayName: 'Eve Adler', role: 'admin' },
  { login: 'ann@example.com', displayName: 'Ann Berg', role: 'support' },
  { login: 'bob@example.com', displayName: 'Bob Chen', role: 'support' },
  { login: 'vic@example.com', displayName: 'Vic Diaz', role: 'viewer' },
  { login: 'ada@example.com', displayName: 'Ada Engel', role: 'auditor' },
] as const;

const ROOT: PastAuthor = { actor: 'cli:root', role: 'admin' };
export const EVE: PastAuthor = { actor: 'staff:eve@example.com', role: 'admin', address: '192.0.2.10' };
export const ANN: PastAuthor = { actor: 'staff:ann@example.com', role: 'support', address: '192.0.2.21' };
export const BOB: PastAuthor = { actor: 'staff:bob@example.com', role: 'support', address: '192.0.2.34' };

/** A customer, who files limit requests for its account. */
export const customerOf = (account: string): PastAuthor => ({
  actor: `account:${account}`,
  role: 'customer',
  address: '203.0.113.9',
});

/** The command line adds the first admin, who adds the others. */
export const PEOPLE_ADDED: readonly Act[] = PEOPLE.map((person, i) => ({
  act: 'add person',
  when: at(0.001 + i / 10_000),
  by: i === 0 ? ROOT : EVE,
  person,
}));

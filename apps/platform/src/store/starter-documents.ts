/** The documents of a new bot and a new account, so that every API has data. */
import type { Owned } from './owned.js';

export interface StarterDocument {
  readonly kind: string;
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The first user of an account. */
export const FIRST_USER = 'admin@example.com';
/** The language and the two test suites of a new bot. */
export const FIRST_LANGUAGE = 'en';
export const FIRST_SUITE = 'smoke';

export const STARTER_DOCUMENTS: Readonly<Record<Owned['kind'], readonly StarterDocument[]>> = {
  account: [
    {
      kind: 'user',
      id: FIRST_USER,
      body: { firstName: 'First', lastName: 'Admin', access: 'enabled', botRoles: [], adminRoles: ['account-admin'] },
    },
    { kind: 'role', id: 'account-admin', body: { permissions: ['users', 'roles', 'bots', 'audit-logs'] } },
    { kind: 'role', id: 'bot-developer', body: { permissions: ['bots'] } },
    { kind: 'role', id: 'bot-tester', body: { permissions: ['bots:read', 'test-suites'] } },
    { kind: 'group', id: 'everyone', body: { description: 'All users of the account' } },
  ],
  bot: [
    { kind: 'language', id: FIRST_LANGUAGE, body: { enabled: true, confidenceThreshold: 0.5 } },
    { kind: 'utterance', id: 'hello', body: { text: 'hello', intent: 'greeting' } },
    { kind: 'utterance', id: 'talk to an agent', body: { text: 'talk to an agent', intent: 'handover' } },
    {
      kind: 'batch-test-suite',
      id: FIRST_SUITE,
      body: {
        testCases: [
          { input: 'hello', expectedIntent: 'greeting' },
          { input: 'an agent please', expectedIntent: 'handover' },
        ],
      },
    },
    { kind: 'conversation-test-suite', id: FIRST_SUITE, body: { turns: [{ user: 'hello', bot: 'greeting' }] } },
    { kind: 'knowledge-task', id: 'faq', body: { name: 'Frequently asked questions', language: FIRST_LANGUAGE } },
  ],
  table: [],
};

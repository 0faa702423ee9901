/** Plans, the accounts on them, and a price that changed. */
import { type Act, at, inDays, type When } from './acts.js';
import { ANN, EVE } from './people.js';

const assign = (
  account: string,
  plan: string,
  { when, reason, ticket, ...times }: { when: When; reason: string; ticket: string; starts_at?: When; ends_at?: When },
): Act => ({ act: 'assign plan', when, by: EVE, spec: { account, plan, reason, ticket, ...times } });

export const PLAN_CHANGES: readonly Act[] = [
  {
    act: 'create plan',
    when: at(0.01),
    by: EVE,
    spec: {
      id: 'free',
      title: 'Free',
      description: 'To try the platform.',
      limits: [{ factor: 0.5 }],
      reason: 'Price list of this year.',
    },
  },
  {
    act: 'create plan',
    when: at(0.011),
    by: EVE,
    spec: {
      id: 'pro',
      title: 'Pro',
      description: 'For teams.',
      limits: [{ factor: 2 }, { api: 'publish-bot', per_minute: 300, per_hour: 9_000 }],
      reason: 'Price list of this year.',
    },
  },
  {
    act: 'create plan',
    when: at(0.012),
    by: EVE,
    spec: {
      id: 'enterprise',
      title: 'Enterprise',
      description: 'By contract.',
      limits: [{ factor: 5 }, { group_id: 'data-access', factor: 10 }],
      reason: 'Price list of this year.',
    },
  },
  ...['tenant-122', 'tenant-123', 'tenant-124', 'tenant-125', 'tenant-126'].map((account, i) =>
    assign(account, 'free', { when: at(0.02 + i / 1_000), reason: 'Signed up.', ticket: `SALES-${70 + i}` }),
  ),
  ...['tenant-113', 'tenant-114', 'tenant-115', 'tenant-116'].map((account, i) =>
    assign(account, 'pro', { when: at(0.1 + i / 20), reason: 'Signed the contract.', ticket: `SALES-${92 + i}` }),
  ),
  ...['tenant-120', 'tenant-121'].map((account, i) =>
    assign(account, 'enterprise', { when: at(0.15 + i / 10), reason: 'Frame contract.', ticket: `SALES-${96 + i}` }),
  ),
  {
    act: 'assign plan',
    when: at(0.3),
    by: ANN,
    spec: { account: 'tenant-117', plan: 'pro', ends_at: at(0.6), reason: 'A trial of two weeks.', ticket: 'SUP-1062' },
  },
  assign('tenant-118', 'enterprise', {
    when: at(0.9),
    starts_at: inDays(5),
    reason: 'The contract begins next week.',
    ticket: 'SALES-101',
  }),
];

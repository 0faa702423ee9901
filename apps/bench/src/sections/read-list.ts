/** The reads that are measured, with the goal to which each belongs. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LARGE_ACCOUNT, USUAL_ACCOUNT } from '../servers/stored-reads.js';

type ReadGoal =
  | 'usageOfAccountMs'
  | 'nearLimitMs'
  | 'findMs'
  | 'denialsHistogramMs'
  | 'topDeniedMs'
  | 'monthReportMs'
  | 'screenMs';

export interface Read {
  readonly label: string;
  /** A statement, or a path of the service. */
  readonly text: string;
  /** The highest median of all reads of a goal is compared with it. */
  readonly goal?: ReadGoal;
}

const docsSql = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../../../docs/sql/${name}.sql`, import.meta.url)), 'utf8');

const histogram = (days: number) =>
  `SELECT * FROM rollgate.count_denials(now() - interval '${days} days', now(), NULL, NULL, NULL, NULL, NULL, NULL)`;

export const SQL_READS: readonly Read[] = [
  {
    label: 'usage of an account',
    text: `SELECT * FROM rollgate_audit.usage_of('${USUAL_ACCOUNT}')`,
    goal: 'usageOfAccountMs',
  },
  {
    label: 'usage of the largest account',
    text: `SELECT * FROM rollgate_audit.usage_of('${LARGE_ACCOUNT}')`,
    goal: 'usageOfAccountMs',
  },
  { label: 'near a limit, the first 200', text: 'SELECT * FROM rollgate.near_limit(80, 200)', goal: 'nearLimitMs' },
  { label: 'near a limit, all, as an auditor', text: docsSql('near-limit-now'), goal: 'nearLimitMs' },
  {
    label: 'accounts that start with a name',
    text: `SELECT * FROM rollgate.find_accounts('account-1', '', 9)`,
    goal: 'findMs',
  },
  { label: 'an unknown account', text: `SELECT * FROM rollgate.find_accounts('missing', '', 9)`, goal: 'findMs' },
  {
    label: 'subjects by a value that is live',
    text: `SELECT * FROM rollgate.find_subjects('bot-77', 10)`,
    goal: 'findMs',
  },
  {
    label: 'subjects by a value that is denied',
    text: `SELECT * FROM rollgate.find_subjects('bot-3', 10)`,
    goal: 'findMs',
  },
  { label: 'denials of a day, by hour', text: histogram(1), goal: 'denialsHistogramMs' },
  { label: 'denials of a week, by hour', text: histogram(7), goal: 'denialsHistogramMs' },
  { label: 'denials of a month, by hour', text: histogram(30), goal: 'denialsHistogramMs' },
  { label: 'accounts denied most today', text: docsSql('top-denied-accounts'), goal: 'topDeniedMs' },
  {
    label: 'a month of an account, by API',
    text: `SELECT u.api, sum(u.admitted), sum(u.denied), max(u.peak_hour) FROM rollgate_audit.usage_by_day_v1 u
      WHERE u.account = '${USUAL_ACCOUNT}' AND u.day >= current_date - 30 GROUP BY u.api`,
    goal: 'monthReportMs',
  },
];

/** For comparison: what a condition on the account costs without its key. */
export const WHOLE_READ: Read = {
  label: 'usage_now_v1 with a condition on account',
  text: `SELECT * FROM rollgate_audit.usage_now_v1 WHERE account = '${USUAL_ACCOUNT}'`,
};

const eventsSince = (days: number) => {
  const now = Date.now();
  return `from=${new Date(now - days * 86_400_000).toISOString()}&to=${new Date(now).toISOString()}`;
};
const screen = (label: string, path: string): Read => ({ label, text: `/admin/api/${path}`, goal: 'screenMs' });

export const httpReads = (): readonly Read[] => [
  { label: 'account: usage', text: `/admin/api/accounts/${USUAL_ACCOUNT}/usage`, goal: 'usageOfAccountMs' },
  { label: 'largest account: usage', text: `/admin/api/accounts/${LARGE_ACCOUNT}/usage`, goal: 'usageOfAccountMs' },
  screen('account: summary', `accounts/${USUAL_ACCOUNT}`),
  screen('account: last hour', `accounts/${USUAL_ACCOUNT}/strip`),
  screen('account: plan', `accounts/${USUAL_ACCOUNT}/plan`),
  screen('accounts', 'accounts'),
  { label: 'near limit', text: '/admin/api/near-limit', goal: 'nearLimitMs' },
  screen('denials', 'limit-events'),
  screen('denials of an API', 'limit-events?api=publish-bot'),
  screen('denials of an account', `limit-events?account=${USUAL_ACCOUNT}`),
  ...[1, 7, 30].map((days) => ({
    label: `denials chart, ${days === 1 ? 'a day' : `${days} days`}`,
    text: `/admin/api/limit-events/histogram?${eventsSince(days)}`,
    goal: 'denialsHistogramMs' as const,
  })),
  screen('overrides', 'overrides'),
  screen('plans', 'plans'),
  screen('accounts of a plan', 'plans/pro/accounts'),
  screen('limit requests', 'requests'),
  screen('history', 'history'),
  screen('catalogue', 'catalogue'),
  screen('system', 'system'),
  ...[
    ['an account', USUAL_ACCOUNT],
    ['a value', 'bot-77'],
    ['an unknown text', 'missing'],
  ].map(([what, text]) => ({
    label: `find ${what}`,
    text: `/admin/api/find?q=${text}`,
    goal: 'findMs' as const,
  })),
];

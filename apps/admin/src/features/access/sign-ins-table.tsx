import { METHOD_NAMES, OUTCOME_NAMES, type SignIn } from '../../data/access.js';
import { count, named } from '../../lib/format.js';
import { Tag, Time, type Tone } from '../../ui/small.js';
import { type Column, Table } from '../../ui/table.js';

const TONES: Readonly<Partial<Record<SignIn['outcome'], Tone>>> = {
  signed_in: 'good',
  wrong_password: 'warn',
  unknown: 'warn',
  disabled: 'bad',
  too_many_attempts: 'bad',
  oidc_refused: 'warn',
  token_refused: 'bad',
};

const orDash = (text: string | null) => (text === null ? '–' : named(text));

const COLUMNS: Column<SignIn>[] = [
  { title: 'Time', cell: ({ lastAt }) => <Time at={lastAt} /> },
  { title: 'Login or token', cell: ({ login }) => orDash(login) },
  { title: 'Outcome', cell: ({ outcome }) => <Tag tone={TONES[outcome] ?? 'plain'}>{OUTCOME_NAMES[outcome]}</Tag> },
  { title: 'Method', cell: ({ method }) => METHOD_NAMES[method] },
  { title: 'Times', numeric: true, cell: ({ times }) => count(times) },
  { title: 'Address', cell: ({ address }) => orDash(address) },
  { title: 'Browser or program', cell: ({ userAgent }) => orDash(userAgent) },
];

export function SignInsTable({ items }: { items: readonly SignIn[] }) {
  return <Table label="Sign-ins" rows={items} keyOf={({ id }) => String(id)} columns={COLUMNS} />;
}

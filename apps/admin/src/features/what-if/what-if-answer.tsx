/** What the change would have done: totals, and a table by account or by subject, greatest effect first. */
import { Group, SegmentedControl, SimpleGrid, Stack, Text } from '@mantine/core';
import type { WhatIf, WhatIfRow } from '../../data/limits.js';
import { count, many, named, subjectText, utc } from '../../lib/format.js';
import { Limits } from '../../ui/limits.js';
import { AccountLink, TextLink } from '../../ui/links.js';
import { EmptyState } from '../../ui/notes.js';
import { Panel } from '../../ui/page.js';
import { Paging } from '../../ui/paging.js';
import { Tag } from '../../ui/small.js';
import { type Column, Table } from '../../ui/table.js';
import type { WhatIfScreen } from './use-what-if-screen.js';

export function WhatIfAnswer({ screen, answer }: { screen: WhatIfScreen; answer: WhatIf }) {
  const { search, show } = screen;
  const by = search.by === 'subject' ? 'subject' : 'account';
  return (
    <Panel
      title="Effect"
      flush
      actions={
        <SegmentedControl
          size="xs"
          aria-label="Rows"
          value={by}
          onChange={(value) => show({ by: value })}
          data={[
            { value: 'account', label: 'By account' },
            { value: 'subject', label: 'By subject' },
          ]}
        />
      }
    >
      <Totals answer={answer} />
      {search.account !== undefined && search.change !== 'override' && (
        <Group px="md" gap="xs">
          <Text size="sm">Only subjects of {named(search.account)}.</Text>
          <Text size="sm">
            <TextLink to="." search={(now) => ({ ...now, account: undefined, after: undefined })}>
              Show all
            </TextLink>
          </Text>
        </Group>
      )}
      {answer.items.length === 0 ? (
        <EmptyState why="No calls of a subject whose limits would change are on record." />
      ) : (
        <Table
          label="Effect"
          rows={answer.items}
          columns={by === 'subject' ? SUBJECT_COLUMNS : ACCOUNT_COLUMNS}
          keyOf={({ account, subject }) => `${account} ${subject ?? ''}`}
        />
      )}
      <Paging shown={answer.items.length} next={answer.next} after={search.after} go={(after) => show({ after })} />
    </Panel>
  );
}

function Totals({ answer: { totals, covered, since } }: { answer: WhatIf }) {
  const span = covered.complete
    ? `Calls since ${utc(since)}.`
    : `Calls since ${utc(covered.from)}. Earlier ones are not on record.`;
  return (
    <Stack px="md" pb="sm" gap="xs">
      <Text size="sm" c="dimmed">
        {span} {many(totals.subjects, 'subject')} of {many(totals.accounts, 'account')} would have other limits; for{' '}
        {count(totals.affected)} the decisions would differ. A call that is allowed counts once for each unit.
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="xs" data-totals>
        <Total
          n={totals.newlyDenied}
          what="allowed calls would have been denied"
          of={totals.stillAllowed + totals.newlyDenied}
        />
        <Total n={totals.newlyAllowed} what="denied calls would have been allowed" of={totals.denied} />
        <Total n={totals.aboveNow} what="subjects are above the new limit now" of={totals.subjects} />
      </SimpleGrid>
      {totals.notReplayed > 0 && (
        <Text size="sm">
          {many(totals.notReplayed, 'denied call')} could not be replayed, because the record does not name the subject.
        </Text>
      )}
    </Stack>
  );
}

function Total({ n, what, of }: { n: number; what: string; of: number }) {
  return (
    <Text size="sm" className="number">
      <strong>{count(n)}</strong> of {count(of)} {what}
    </Text>
  );
}

const NUMBERS: Column<WhatIfRow>[] = [
  { title: 'Allowed as before', numeric: true, cell: ({ stillAllowed }) => count(stillAllowed) },
  { title: 'Would be denied', numeric: true, cell: ({ newlyDenied }) => <Effect n={newlyDenied} tone="bad" /> },
  { title: 'Denied', numeric: true, cell: ({ denied }) => count(denied) },
  { title: 'Would be allowed', numeric: true, cell: ({ newlyAllowed }) => <Effect n={newlyAllowed} tone="good" /> },
];

function Effect({ n, tone }: { n: number; tone: 'good' | 'bad' }) {
  return n === 0 ? '0' : <Tag tone={tone}>{count(n)}</Tag>;
}

const ACCOUNT_COLUMNS: Column<WhatIfRow>[] = [
  { title: 'Account', cell: ({ account }) => <AccountLink account={account} fw={600} /> },
  {
    title: 'Subjects',
    numeric: true,
    cell: ({ account, subjects, affected }) => (
      <TextLink to="." search={(now) => ({ ...now, by: 'subject', account, after: undefined })}>
        {count(affected)} of {count(subjects)} affected
      </TextLink>
    ),
  },
  ...NUMBERS,
  { title: 'Above now', numeric: true, cell: ({ aboveNow }) => count(aboveNow) },
];

const SUBJECT_COLUMNS: Column<WhatIfRow>[] = [
  { title: 'Account', cell: ({ account }) => <AccountLink account={account} fw={600} /> },
  {
    title: 'API and subject',
    cell: ({ api, dimensions }) => `${api}, ${subjectText(dimensions)}`,
  },
  {
    title: 'Limits before and after',
    cell: ({ before, after }) =>
      before !== null &&
      after !== null && (
        <Stack gap={0}>
          <Limits {...before} />
          <span>
            → <Limits {...after} />
          </span>
        </Stack>
      ),
  },
  ...NUMBERS,
  { title: 'Above now', cell: ({ aboveNow }) => (aboveNow > 0 ? <Tag tone="warn">Yes</Tag> : 'No') },
];

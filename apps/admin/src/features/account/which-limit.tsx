/** Every rule that could set the limits of one subject, in ranking order, and why it applies or not. */
import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Usage } from '../../data/accounts.js';
import { type WhichLimit as Answer, type Candidate, whichQuery } from '../../data/limits.js';
import {
  capital,
  count,
  countedTitle,
  named,
  scopeText,
  sourceText,
  subjectText,
  utc,
  WINDOWS,
} from '../../lib/format.js';
import { Limits } from '../../ui/limits.js';
import { Loaded } from '../../ui/loaded.js';
import { SideDrawer } from '../../ui/side.js';
import { ShadowTag, Tag } from '../../ui/small.js';
import { type Column, Table } from '../../ui/table.js';

export const WHICH_LIMIT = 'Which limit applies?';

export function WhichLimit({ account, usage, onClose }: { account: string; usage: Usage; onClose: () => void }) {
  const { api, dimensions } = usage;
  const which = useQuery(whichQuery({ account, api, dimensions }));
  return (
    <SideDrawer title={WHICH_LIMIT} onClose={onClose} size={860}>
      <Stack>
        <Text size="sm">
          {countedTitle(usage)}, {subjectText(dimensions)}, of {named(account)}
        </Text>
        <Loaded query={which}>{(answer) => <Rules answer={answer} />}</Loaded>
      </Stack>
    </SideDrawer>
  );
}

function Rules({ answer }: { answer: Answer }) {
  const { applies, windows, quarantine, items, more } = answer;
  return (
    <>
      <Text size="sm" data-applies>
        <strong>
          <Limits perMinute={applies.perMinute} perHour={applies.perHour} />
        </strong>
        , from the {sourceText(applies.source)}. {applies.mode === 'shadow' && <ShadowTag />}
      </Text>
      {quarantine !== null && (
        <Text size="sm">
          Until {utc(quarantine.until)} half of it applies, because the counts may be incomplete:{' '}
          <Limits perMinute={quarantine.perMinute} perHour={quarantine.perHour} />.
        </Text>
      )}
      {windows !== null && (
        <Text size="sm" c="dimmed" className="number">
          Used now: {count(windows.minute.used)} in {WINDOWS.minute} · {count(windows.hour.used)} in {WINDOWS.hour}
        </Text>
      )}
      <Table label="Rules in ranking order" rows={items} columns={COLUMNS} keyOf={keyOf} />
      {more && (
        <Text size="sm" c="dimmed">
          The account has more overrides for other subjects, which are not shown.
        </Text>
      )}
    </>
  );
}

const keyOf = ({ source, group, api, code }: Candidate) => `${source} ${group} ${api} ${code}`;

const COLUMNS: Column<Candidate>[] = [
  {
    title: 'Rule',
    cell: ({ source, code }) => (
      <>
        {capital(sourceText(source))} {code === 'applies' && <Tag tone="good">Applies</Tag>}
      </>
    ),
  },
  { title: 'Covers', cell: ({ kind, ...rule }) => (rule.code === 'no_row' ? '' : scopeText(rule)) },
  { title: 'Sets', cell: (rule) => <Setting rule={rule} /> },
  { title: 'Why', cell: ({ why }) => why },
];

function Setting({ rule: { kind, code, sets, mode, setsMode } }: { rule: Candidate }) {
  const added = [
    ...(sets.extraMinute === null ? [] : [`+${count(sets.extraMinute)} in ${WINDOWS.minute}`]),
    ...(sets.extraHour === null ? [] : [`+${count(sets.extraHour)} in ${WINDOWS.hour}`]),
  ];
  const isEmpty = sets.perMinute === null && sets.perHour === null && sets.factor === null;
  return (
    <Stack gap={2} align="flex-start">
      {added.length > 0 && <span className="number">{added.join(' · ')}</span>}
      {code !== 'no_row' && code !== 'unknown_plan' && !isEmpty && <Limits {...sets} />}
      {mode !== null && (kind === 'override' || mode === 'shadow') && (
        <span>
          Mode {mode}
          {setsMode ? ', which applies' : ''}
        </span>
      )}
    </Stack>
  );
}

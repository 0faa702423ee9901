/** One row for each API and subject that the account has used in the last hour. */
import { Group, Stack, Text, TextInput } from '@mantine/core';
import type { Usage } from '../../data/accounts.js';
import { useServerNow } from '../../lib/clock.js';
import {
  capital,
  countedScope,
  countedTitle,
  duration,
  planOf,
  sourceText,
  subjectText,
  WINDOWS,
} from '../../lib/format.js';
import { bandOf, Gauge } from '../../ui/gauge.js';
import { ButtonLink, CustomLimitLink, TextLink } from '../../ui/links.js';
import { EmptyState } from '../../ui/notes.js';
import { Expiry, ShadowTag, SourceTag, Tag, Time } from '../../ui/small.js';
import { actions, type Column, Table } from '../../ui/table.js';
import { ResetWindows } from './reset-windows.js';
import type { AccountScreen } from './use-account-screen.js';
import { WHICH_LIMIT } from './which-limit.js';

export interface GaugesProps {
  readonly screen: AccountScreen;
  readonly items: readonly Usage[];
  /** The account has more subjects than are shown. */
  readonly more: boolean;
}

const RANK = { full: 0, near: 1, free: 2 } as const;
/** The filter appears above this number of rows. */
const FEW = 6;

/** Full subjects first. Within a band the order is fixed, so that rows do not move while a person reads them. */
function ordered(items: readonly Usage[]): Usage[] {
  const rank = ({ windows }: Usage) => RANK[bandOf(Math.max(windows.minute.percent, windows.hour.percent))];
  return [...items].sort((a, b) => rank(a) - rank(b) || a.subject.localeCompare(b.subject));
}

export function Gauges({ screen: { account, mayWrite, mayReset, show, setShow }, items, more }: GaugesProps) {
  const wanted = show.toLowerCase();
  const shown = ordered(items).filter((usage) =>
    `${countedTitle(usage)} ${usage.api} ${usage.subject}`.toLowerCase().includes(wanted),
  );
  return (
    <>
      {items.length > FEW && (
        <Group px="md" pb="xs">
          <TextInput
            size="xs"
            w={260}
            placeholder="Filter APIs and subjects"
            aria-label="Filter APIs and subjects"
            value={show}
            onChange={({ currentTarget }) => setShow(currentTarget.value)}
          />
          <Text size="sm" c="dimmed">
            {shown.length} of {items.length}
            {more ? ', and more that are not shown' : ''}
          </Text>
        </Group>
      )}
      {shown.length === 0 ? (
        <EmptyState why={`No used API or subject contains “${show}”.`} />
      ) : (
        <Table
          label="Current usage"
          rows={shown}
          columns={columnsOf({ account, mayWrite, mayReset })}
          keyOf={({ subject }) => subject}
        />
      )}
    </>
  );
}

type Shown = Pick<AccountScreen, 'account' | 'mayWrite' | 'mayReset'>;

const columnsOf = ({ account, mayWrite, mayReset }: Shown): Column<Usage>[] => [
  { title: 'API and subject', cell: (usage) => <Name usage={usage} />, bare: true },
  { title: WINDOWS.minute, cell: (usage) => <WindowGauge usage={usage} name="minute" />, bare: true },
  { title: WINDOWS.hour, cell: (usage) => <WindowGauge usage={usage} name="hour" />, bare: true },
  { title: 'Limit source', cell: (usage) => <Source account={account} usage={usage} /> },
  { title: 'Next call', cell: (usage) => <NextCall usage={usage} /> },
  { title: 'Last denial', cell: (usage) => <LastDenial account={account} usage={usage} /> },
  ...actions(true, (usage: Usage) => (
    <Actions account={account} usage={usage} mayWrite={mayWrite} mayReset={mayReset} />
  )),
];

interface ActionsProps extends Pick<AccountScreen, 'account' | 'mayWrite' | 'mayReset'> {
  readonly usage: Usage;
}

function Actions({ account, usage, mayWrite, mayReset }: ActionsProps) {
  const row = `${countedTitle(usage)}, ${usage.subject}`;
  const looks = { size: 'compact-sm', variant: 'default' } as const;
  return (
    <Stack gap={4} align="flex-start">
      {mayWrite && (
        <CustomLimitLink
          account={account}
          {...countedScope(usage)}
          dimensions={usage.dimensions}
          row={row}
          {...looks}
        />
      )}
      {mayReset && <ResetWindows account={account} usage={usage} />}
      <ButtonLink
        to="."
        search={(search) => ({ ...search, which: usage.subject })}
        aria-label={`${WHICH_LIMIT} ${row}`}
        {...looks}
      >
        {WHICH_LIMIT}
      </ButtonLink>
    </Stack>
  );
}

function Name({ usage }: { usage: Usage }) {
  const { api, group, countedTogether, dimensions, mode } = usage;
  return (
    <Stack gap={0}>
      <Text fw={600} size="sm">
        {countedTitle(usage)} {mode === 'shadow' && <ShadowTag />}
      </Text>
      <Text size="xs" c="dimmed" className="mono">
        {countedTogether ? group : api} · {subjectText(dimensions)}
      </Text>
    </Stack>
  );
}

function WindowGauge({ usage, name }: { usage: Usage; name: 'minute' | 'hour' }) {
  const { used, limit } = usage.windows[name];
  return (
    <div style={{ minWidth: 170 }}>
      <Gauge
        window={WINDOWS[name]}
        used={used}
        limit={limit}
        of={`${countedTitle(usage)}, ${subjectText(usage.dimensions)}`}
      />
    </div>
  );
}

function Source({ account, usage: { source, override } }: { account: string; usage: Usage }) {
  const plan = planOf(source);
  if (source === 'default') return <SourceTag source={source} />;
  if (plan !== undefined) {
    return (
      <TextLink to="/plans" search={{ show: plan }}>
        {capital(sourceText(source))}
      </TextLink>
    );
  }
  return (
    <Stack gap={0} align="flex-start">
      <TextLink to="/overrides" search={{ account, edit: source }} title={override?.reason}>
        {capital(sourceText(source))}
      </TextLink>
      {override !== null && (
        <Text size="xs" c="dimmed">
          <Expiry at={override.expiresAt} first />
        </Text>
      )}
    </Stack>
  );
}

function NextCall({ usage: { nextAllowedAt, windows } }: { usage: Usage }) {
  const now = useServerNow();
  if (nextAllowedAt === null) return <Tag tone="bad">Never: the limit is 0</Tag>;
  const waitMs = Date.parse(nextAllowedAt) - now;
  const free = windows.minute.remaining > 0 && windows.hour.remaining > 0;
  if (free || waitMs <= 0) return <Tag tone="good">Allowed now</Tag>;
  return <Tag tone="bad">Allowed in {duration(waitMs + 999)}</Tag>;
}

function LastDenial({ account, usage: { lastDenial } }: { account: string; usage: Usage }) {
  if (lastDenial === null) return <Text size="sm">None in 24 h</Text>;
  return (
    <TextLink to="/denied" search={{ account, id: lastDenial.id }}>
      <Time at={lastDenial.at} />, {WINDOWS[lastDenial.window]} full
    </TextLink>
  );
}

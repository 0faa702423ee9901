import { Group, Stack, Text, TextInput } from '@mantine/core';
import type { Usage } from '../../data/accounts.js';
import { useMay } from '../../data/session.js';
import { useServerNow } from '../../lib/clock.js';
import { duration, named, subjectText } from '../../lib/format.js';
import { toValues } from '../../lib/search.js';
import { bandOf, Gauge } from '../../ui/gauge.js';
import { ButtonLink, TextLink } from '../../ui/links.js';
import { EmptyState } from '../../ui/notes.js';
import { Expiry, Tag, Time } from '../../ui/small.js';
import { type Column, Table } from '../../ui/table.js';

export interface GaugesProps {
  readonly account: string;
  readonly items: readonly Usage[];
  /** There are more than are shown. */
  readonly more: boolean;
  readonly show: string;
  readonly onShow: (text: string) => void;
}

const RANK = { full: 0, near: 1, free: 2 } as const;

/** Full ones first; within a band nothing moves about while one reads. */
function ordered(items: readonly Usage[]): Usage[] {
  const rank = ({ windows }: Usage) => RANK[bandOf(Math.max(windows.minute.percent, windows.hour.percent))];
  return [...items].sort((a, b) => rank(a) - rank(b) || a.subject.localeCompare(b.subject));
}

export function Gauges({ account, items, more, show, onShow }: GaugesProps) {
  const may = useMay();
  const wanted = show.toLowerCase();
  const shown = ordered(items).filter(({ apiTitle, api, subject }) =>
    `${apiTitle} ${api} ${subject}`.toLowerCase().includes(wanted),
  );
  if (items.length === 0) {
    return (
      <EmptyState why={`${named(account)} made no call in the last hour, so every limit is free.`}>
        <Text size="sm" c="dimmed">
          Is the customer’s account really called “{named(account)}”? With the sample platform running, this makes a
          call:
        </Text>
        <pre className="code">{`TOKEN=$(npm run -s rollgate -- platform-token --account ${account})
curl -X POST http://127.0.0.1:3001/api/public/bots/my-bot/publish -H "authorization: Bearer $TOKEN"`}</pre>
      </EmptyState>
    );
  }
  const columns: Column<Usage>[] = [
    { title: 'API and subject', cell: (usage) => <What usage={usage} />, bare: true },
    { title: '60 s', cell: (usage) => <WindowGauge usage={usage} name="minute" />, bare: true },
    { title: '1 h', cell: (usage) => <WindowGauge usage={usage} name="hour" />, bare: true },
    { title: 'Limit from', cell: (usage) => <Origin account={account} usage={usage} /> },
    { title: 'Next call', cell: (usage) => <NextCall usage={usage} /> },
    { title: 'Last denial', cell: (usage) => <LastDenial account={account} usage={usage} /> },
    ...(may('overrides.write')
      ? [
          {
            title: 'Do',
            bare: true,
            cell: ({ api, apiTitle, dimensions, subject }: Usage) => (
              <ButtonLink
                to="."
                search={(search) => ({ ...search, raise: account, raiseApi: api, raiseFor: toValues(dimensions) })}
                size="compact-sm"
                variant="default"
                aria-label={`Raise ${apiTitle}, ${subject}`}
              >
                Raise
              </ButtonLink>
            ),
          },
        ]
      : []),
  ];
  return (
    <>
      {items.length > 6 && (
        <Group px="md" pb="xs">
          <TextInput
            size="xs"
            w={260}
            placeholder="Show only …"
            aria-label="Show only APIs and subjects that contain"
            value={show}
            onChange={({ currentTarget }) => onShow(currentTarget.value)}
          />
          <Text size="sm" c="dimmed">
            {shown.length} of {items.length}
            {more ? ', and more that are not shown' : ''}
          </Text>
        </Group>
      )}
      {shown.length === 0 ? (
        <EmptyState why={`Nothing with traffic contains “${show}”.`} />
      ) : (
        <Table label="Usage now" rows={shown} columns={columns} keyOf={({ subject }) => subject} />
      )}
    </>
  );
}

function What({ usage: { apiTitle, api, dimensions, mode } }: { usage: Usage }) {
  return (
    <Stack gap={0}>
      <Text fw={600} size="sm">
        {apiTitle} {mode === 'shadow' && <Tag tone="warn">shadow: not enforced</Tag>}
      </Text>
      <Text size="xs" c="dimmed" className="mono">
        {api} · {subjectText(dimensions)}
      </Text>
    </Stack>
  );
}

function WindowGauge({ usage, name }: { usage: Usage; name: 'minute' | 'hour' }) {
  const { used, limit } = usage.windows[name];
  return (
    <div style={{ minWidth: 170 }}>
      <Gauge
        window={name === 'minute' ? '60 s' : '1 h'}
        used={used}
        limit={limit}
        of={`${usage.apiTitle}, ${subjectText(usage.dimensions)}`}
      />
    </div>
  );
}

function Origin({ account, usage: { source, override } }: { account: string; usage: Usage }) {
  if (source === 'default') return <Tag>default</Tag>;
  return (
    <Stack gap={0} align="flex-start">
      <TextLink to="/overrides" search={{ account, edit: source }} title={override?.reason}>
        override {source}
      </TextLink>
      {override !== null && (
        <Text size="xs" c="dimmed">
          <Expiry at={override.expiresAt} />
        </Text>
      )}
    </Stack>
  );
}

function NextCall({ usage: { nextAllowedAt, windows } }: { usage: Usage }) {
  const now = useServerNow();
  if (nextAllowedAt === null) return <Tag tone="bad">never: the limit is 0</Tag>;
  const waitMs = Date.parse(nextAllowedAt) - now;
  const free = windows.minute.remaining > 0 && windows.hour.remaining > 0;
  if (free || waitMs <= 0) return <Tag tone="good">allowed now</Tag>;
  return <Tag tone="bad">allowed in {duration(waitMs + 999)}</Tag>;
}

function LastDenial({ account, usage: { lastDenial } }: { account: string; usage: Usage }) {
  if (lastDenial === null) return <Text size="sm">none in a day</Text>;
  return (
    <TextLink to="/denied" search={{ account, id: lastDenial.id }}>
      <Time at={lastDenial.at} />, {lastDenial.window === 'minute' ? '60 s' : '1 h'} full
    </TextLink>
  );
}

/** One denial explained: the sentence, the limit and its origin, what filled the window, when it would have been allowed. */
import { Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type Explained, explainQuery } from '../../data/events.js';
import { actorText, count, subjectText, utc, written } from '../../lib/format.js';
import { toValues } from '../../lib/search.js';
import { AccountLink, ButtonLink, TextLink } from '../../ui/links.js';
import { ErrorNote, Loading } from '../../ui/notes.js';
import { SideDrawer } from '../../ui/side.js';
import { Copy, Expiry, Tag, Time } from '../../ui/small.js';
import { windowText } from './denied-table.js';
import { Filled } from './filled.js';

export interface DenialDrawerProps {
  readonly id: string;
  readonly mayRaise: boolean;
  readonly onClose: () => void;
}

export function DenialDrawer({ id, mayRaise, onClose }: DenialDrawerProps) {
  const { data, error, refetch } = useQuery(explainQuery(id));
  return (
    <SideDrawer title="Why it was denied" onClose={onClose} size={620}>
      {data === undefined ? (
        error === null ? (
          <Loading />
        ) : (
          <ErrorNote error={error} retry={() => void refetch()} />
        )
      ) : (
        <Explanation told={data} mayRaise={mayRaise} />
      )}
    </SideDrawer>
  );
}

function Explanation({ told, mayRaise }: { told: Explained; mayRaise: boolean }) {
  const { event, sentence, limit, origin, filled, allowedAgainAt } = told;
  const sql = `SELECT * FROM rollgate_audit.explain_denial('${event.id.replaceAll("'", "''")}')`;
  return (
    <Stack>
      <Text fw={500} data-sentence>
        {sentence}
      </Text>
      <Group gap="xs">
        {mayRaise && (
          <ButtonLink
            to="."
            search={(now) => ({
              ...now,
              raise: event.account,
              raiseApi: event.api,
              raiseFor: toValues(event.dimensions),
            })}
            size="compact-sm"
          >
            Raise this limit
          </ButtonLink>
        )}
        <Copy value={location.href} label="Copy as link">
          Copy link
        </Copy>
        <Copy value={JSON.stringify(told, null, 2)} label="Copy as JSON">
          Copy JSON
        </Copy>
        <Copy value={sql} label="Copy as SQL">
          Copy SQL
        </Copy>
      </Group>
      <dl className="facts">
        <dt>Account</dt>
        <dd>
          <AccountLink account={event.account} />
        </dd>
        <dt>API</dt>
        <dd>
          {event.apiTitle} ({event.api}), {subjectText(event.dimensions)}
        </dd>
        <dt>When</dt>
        <dd>
          {utc(event.firstAt)}, <Time at={event.lastAt} />, {count(event.count)} {event.count === 1 ? 'call' : 'calls'}{' '}
          of {event.cost}
        </dd>
        <dt>Limit</dt>
        <dd>
          {count(limit)} in {windowText(event.window)}, <Origin origin={origin} />
        </dd>
        <dt>Mode</dt>
        <dd>
          <Tag tone={event.mode === 'enforced' ? 'plain' : 'warn'}>{event.mode.replace('_', ': ')}</Tag>
        </dd>
        <dt>Allowed again</dt>
        <dd>
          {allowedAgainAt === null ? (
            'not known any more'
          ) : (
            <>
              {utc(allowedAgainAt)}, <Time at={allowedAgainAt} />
            </>
          )}
        </dd>
        <dt>Route</dt>
        <dd className="mono">{event.route ?? 'not told'}</dd>
        <dt>Request id</dt>
        <dd className="mono">{event.requestId ?? 'not told'}</dd>
        <dt>Instance</dt>
        <dd className="mono">{event.instance}</dd>
        <dt>Denial id</dt>
        <dd className="mono">{event.id}</dd>
      </dl>
      <section>
        <Title order={2}>What filled the window</Title>
        <Filled filled={filled} window={event.window ?? 'minute'} at={event.firstAt} limit={limit} />
      </section>
      <pre className="code">{sql};</pre>
    </Stack>
  );
}

function Origin({ origin: { override, catalogueVersion } }: Pick<Explained, 'origin'>) {
  if (override === null)
    return <>the default{catalogueVersion !== null && `, catalogue version ${catalogueVersion}`}</>;
  return (
    <>
      from{' '}
      <TextLink to="/overrides" search={{ state: 'all', edit: override.id }}>
        override {override.id}
      </TextLink>
      {override.createdBy !== null && ` by ${actorText(override.createdBy)}`}
      {override.reason !== null && `: “${written(override.reason)}”`}, <Expiry at={override.expiresAt} />
    </>
  );
}

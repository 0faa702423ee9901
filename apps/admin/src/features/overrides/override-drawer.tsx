/** One override: what it is, what it was good for, and changing, ending or restoring it. */
import { Group, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type Override, overrideQuery } from '../../data/overrides.js';
import { actorText, count, scopeText, written } from '../../lib/format.js';
import { AccountLink, TextLink } from '../../ui/links.js';
import { ErrorNote, Loading } from '../../ui/notes.js';
import { SideDrawer } from '../../ui/side.js';
import { Expiry, Limits, Tag, Time } from '../../ui/small.js';
import { AtItsEnd } from './at-its-end.js';
import { OverrideForm } from './override-form.js';

export interface OverrideDrawerProps {
  readonly id: string;
  readonly mayWrite: boolean;
  readonly onClose: () => void;
  readonly onChanged: () => void;
}

export function OverrideDrawer({ id, mayWrite, onClose, onChanged }: OverrideDrawerProps) {
  const { data, error, refetch } = useQuery(overrideQuery(id));
  return (
    <SideDrawer title={`Override ${id}`} onClose={onClose}>
      {data === undefined ? (
        error === null ? (
          <Loading />
        ) : (
          <ErrorNote error={error} retry={() => void refetch()} />
        )
      ) : (
        <Stack>
          <Facts override={data} />
          {data.state === 'inForce' && <AtItsEnd id={data.id} />}
          {mayWrite && (
            <OverrideForm key={data.version} override={data} onChanged={onChanged} onReload={() => void refetch()} />
          )}
        </Stack>
      )}
    </SideDrawer>
  );
}

function Facts({ override }: { override: Override }) {
  const { account, state, mode, perMinute, perHour, factor, use, expiresAt, startsAt, ticket, reason, limitRequestId } =
    override;
  return (
    <dl className="facts">
      <dt>Account</dt>
      <dd>
        <AccountLink account={account} />
      </dd>
      <dt>For</dt>
      <dd>{scopeText(override)}</dd>
      <dt>State</dt>
      <dd>
        <Group gap="xs">
          <Tag tone={state === 'inForce' ? 'good' : 'plain'}>{state === 'inForce' ? 'in force' : state}</Tag>
          {mode === 'shadow' && <Tag tone="warn">shadow: not enforced</Tag>}
        </Group>
      </dd>
      <dt>Limits</dt>
      <dd>
        <Limits perMinute={perMinute} perHour={perHour} factor={factor} /> (
        {override.api === null ? 'least default' : 'default'} <Limits {...override.default} />)
      </dd>
      <dt>From</dt>
      <dd>
        <Time at={startsAt} />, <Expiry at={expiresAt} />
      </dd>
      <dt>Use</dt>
      <dd>
        {use === null ? (
          'it had no effect on any call'
        ) : (
          <>
            last <Time at={use.lastUsedAt} />, at most {count(use.peakMinute)} in 60 s and {count(use.peakHour)} in an
            hour;{' '}
            {use.neededAt === null
              ? 'never needed: every answer was that of the defaults'
              : 'needed: calls got another answer than by the defaults'}
          </>
        )}
      </dd>
      <dt>Reason</dt>
      <dd>
        “{written(reason)}”{ticket !== null && <>, ticket {ticket}</>}
      </dd>
      <dt>By</dt>
      <dd>
        {actorText(override.createdBy)}, <Time at={override.createdAt} />
        {limitRequestId !== null && (
          <>
            , for{' '}
            <TextLink to="/requests" search={{ state: 'all', account, id: limitRequestId }}>
              request {limitRequestId}
            </TextLink>
          </>
        )}
      </dd>
      <dt>Version</dt>
      <dd>
        {override.version},{' '}
        <TextLink to="/history" search={{ target: override.id }}>
          its history
        </TextLink>
      </dd>
    </dl>
  );
}

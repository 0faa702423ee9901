import { Group } from '@mantine/core';
import type { Override } from '../../data/overrides.js';
import { actorText, count, scopeText, WINDOWS, written } from '../../lib/format.js';
import { Limits } from '../../ui/limits.js';
import { AccountLink, TextLink } from '../../ui/links.js';
import { Expiry, ShadowTag, Tag, Time } from '../../ui/small.js';
import { STATES } from './use-overrides-screen.js';

export function OverrideFacts({ override }: { override: Override }) {
  const { account, state, mode, startsAt, expiresAt, reason, ticket } = override;
  return (
    <dl className="facts">
      <dt>Account</dt>
      <dd>
        <AccountLink account={account} />
      </dd>
      <dt>Scope</dt>
      <dd>{scopeText(override)}</dd>
      <dt>State</dt>
      <dd>
        <Group gap="xs">
          <Tag tone={state === 'inForce' ? 'good' : 'plain'}>{STATES.find(({ value }) => value === state)?.label}</Tag>
          {mode === 'shadow' && <ShadowTag />}
        </Group>
      </dd>
      <dt>Limits</dt>
      <dd>
        <Limits {...override} /> ({override.api === null ? 'lowest default' : 'default'}:{' '}
        <Limits {...override.default} />)
      </dd>
      <dt>Period</dt>
      <dd>
        {state === 'upcoming' ? 'Starts' : 'Started'} <Time at={startsAt} />, <Expiry at={expiresAt} />
      </dd>
      <dt>Usage</dt>
      <dd>
        <Usage use={override.use} />
      </dd>
      <dt>Reason</dt>
      <dd>
        “{written(reason)}”{ticket !== null && <>, ticket {ticket}</>}
      </dd>
      <Origin override={override} />
    </dl>
  );
}

function Usage({ use }: Pick<Override, 'use'>) {
  if (use === null) return <>It has not been used for any call.</>;
  return (
    <>
      Last used <Time at={use.lastUsedAt} />; at most {count(use.peakMinute)} in {WINDOWS.minute} and{' '}
      {count(use.peakHour)} in {WINDOWS.hour}.{' '}
      {use.neededAt === null
        ? 'Not needed so far: with the default limits, every call would have had the same decision.'
        : 'Needed: with the default limits, some calls would have had another decision.'}
    </>
  );
}

function Origin({ override }: { override: Override }) {
  const { id, account, createdBy, createdAt, limitRequestId, version } = override;
  return (
    <>
      <dt>Created by</dt>
      <dd>
        {actorText(createdBy)}, <Time at={createdAt} />
        {limitRequestId !== null && (
          <>
            , for{' '}
            <TextLink to="/requests" search={{ state: 'all', account, id: limitRequestId }}>
              limit request {limitRequestId}
            </TextLink>
          </>
        )}
      </dd>
      <dt>Version</dt>
      <dd>
        {version} ·{' '}
        <TextLink to="/history" search={{ target: id }}>
          Show history
        </TextLink>
      </dd>
    </>
  );
}

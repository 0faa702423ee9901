import type { Explained } from '../../data/events.js';
import { actorText, count, many, subjectText, utc, written } from '../../lib/format.js';
import { AccountLink, TextLink } from '../../ui/links.js';
import { Expiry, Time } from '../../ui/small.js';
import { windowText } from './denials-table.js';
import { EnforcementTag } from './enforcement.js';

export function DenialFacts({ explained: { event, limit, origin, allowedAgainAt } }: { explained: Explained }) {
  return (
    <dl className="facts">
      <dt>Account</dt>
      <dd>
        <AccountLink account={event.account} />
      </dd>
      <dt>API</dt>
      <dd>
        {event.apiTitle} ({event.api}), {subjectText(event.dimensions)}
      </dd>
      <dt>Time</dt>
      <dd>
        {utc(event.firstAt)}, <Time at={event.lastAt} />
      </dd>
      <dt>Calls</dt>
      <dd>
        {count(event.count)}, cost {many(event.cost, 'unit')} each
      </dd>
      <dt>Limit</dt>
      <dd>
        {count(limit)} in {windowText(event.window)}, <Origin origin={origin} />
      </dd>
      <dt>Enforcement</dt>
      <dd>
        <EnforcementTag mode={event.mode} />
      </dd>
      <dt>Allowed again</dt>
      <dd>{allowedAgainAt === null ? 'No longer known' : <AllowedAgain at={allowedAgainAt} />}</dd>
      <dt>Route</dt>
      <dd className="mono">{event.route ?? 'not recorded'}</dd>
      <dt>HTTP request ID</dt>
      <dd className="mono">{event.requestId ?? 'not recorded'}</dd>
      <dt>Instance</dt>
      <dd className="mono">{event.instance}</dd>
      <dt>Denial ID</dt>
      <dd className="mono">{event.id}</dd>
    </dl>
  );
}

function AllowedAgain({ at }: { at: string }) {
  return (
    <>
      {utc(at)}, <Time at={at} />
    </>
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

import type { ReviewedRequest } from '../../data/requests.js';
import { count, local, many, sourceText, WINDOWS } from '../../lib/format.js';
import { Limits, RequestedLimits } from '../../ui/limits.js';
import { TextLink } from '../../ui/links.js';
import { Time } from '../../ui/small.js';

/** The requested limits beside the current ones and the usage. */
export function RequestFacts({ item: { request, proof } }: { item: ReviewedRequest }) {
  const { account, api, until, pastDue } = request;
  return (
    <dl className="facts number">
      <dt>Requested limits</dt>
      <dd>
        <strong>
          <RequestedLimits request={request} />
        </strong>
        , {until === null ? 'without an end' : <Until at={until} pastDue={pastDue} />}
      </dd>
      <dt>Current limits</dt>
      <dd>
        {proof.inForce === null ? (
          <>
            lowest default: <Limits {...request.default} />
          </>
        ) : (
          <>
            <Limits perMinute={proof.inForce.perMinute} perHour={proof.inForce.perHour} /> (
            {sourceText(proof.inForce.source)})
          </>
        )}
      </dd>
      <dt>Peak usage</dt>
      <dd>
        {count(proof.peak.perMinute)} in {WINDOWS.minute}, {count(proof.peak.perHour)} in {WINDOWS.hour}
      </dd>
      <dt>Denied calls</dt>
      <dd>
        {proof.denialsLast7Days === 0 ? (
          'None in 7 days'
        ) : (
          <TextLink to="/denied" search={{ account, api: api ?? undefined, last: '7d' }}>
            {many(proof.denialsLast7Days, 'call')} in 7 days
          </TextLink>
        )}
      </dd>
    </dl>
  );
}

/** If the requested end has passed, an approval needs another one. */
function Until({ at, pastDue }: { at: string; pastDue: boolean }) {
  return (
    <>
      {pastDue ? 'was requested until' : 'until'} {local(at)}, <Time at={at} />
    </>
  );
}

import { Button, Group, Stack, Text } from '@mantine/core';
import type { Asked } from '../../data/requests.js';
import { actorText, count, many, scopeText, written } from '../../lib/format.js';
import { AccountLink, TextLink } from '../../ui/links.js';
import { RequestedLimits } from '../../ui/requested-limits.js';
import { Limits, Tag, Time } from '../../ui/small.js';

export interface RequestCardProps {
  readonly asked: Asked;
  readonly chosen: boolean;
  readonly mayDecide: boolean;
  readonly onDo: (what: 'approve' | 'decline') => void;
}

export function RequestCard({ asked: { request, proof }, chosen, mayDecide, onDo }: RequestCardProps) {
  const { id, account, state, needsAdmin, reason, ticket, askedBy, askedAt, until } = request;
  return (
    <article
      id={`request-${id}`}
      className="request"
      data-chosen={chosen || undefined}
      aria-current={chosen || undefined}
      aria-label={`Request ${id} of ${account}`}
    >
      <Stack gap={4}>
        <Group gap="xs">
          <AccountLink account={account} fw={600} />
          <span>{scopeText(request)}</span>
          {state !== 'open' && <Tag tone={state === 'approved' ? 'good' : 'bad'}>{state}</Tag>}
          {request.pastDue && <Tag tone="warn">past due</Tag>}
          {needsAdmin && state === 'open' && <Tag tone="warn">needs an admin</Tag>}
        </Group>
        <Text size="sm">“{written(reason)}”</Text>
        <Text size="xs" c="dimmed" component="div">
          {id}, asked <Time at={askedAt} /> by {actorText(askedBy)}
          {ticket !== null && <>, ticket {ticket}</>}
          {request.decidedBy !== null && (
            <>
              ; {state} by {actorText(request.decidedBy)}
              {request.decidedAt !== null && (
                <>
                  {' '}
                  <Time at={request.decidedAt} />
                </>
              )}
              {request.answer !== null && <>: “{written(request.answer)}”</>}
            </>
          )}
        </Text>
      </Stack>
      <dl className="facts number">
        <dt>Wanted</dt>
        <dd>
          <strong>
            <RequestedLimits request={request} />
          </strong>
          , {until === null ? 'permanent' : <Until at={until} pastDue={request.pastDue} />}
        </dd>
        <dt>In force</dt>
        <dd>
          {proof.inForce === null ? (
            <>
              from <Limits {...request.default} />
            </>
          ) : (
            <>
              <Limits perMinute={proof.inForce.perMinute} perHour={proof.inForce.perHour} /> ({proof.inForce.source})
            </>
          )}
        </dd>
        <dt>Peak use</dt>
        <dd>
          {count(proof.peak.perMinute)} in 60 s, {count(proof.peak.perHour)} in an hour
        </dd>
        <dt>Denied</dt>
        <dd>
          {proof.denialsLast7Days === 0 ? (
            'never in 7 days'
          ) : (
            <TextLink to="/denied" search={{ account, api: request.api ?? undefined, last: '7d' }}>
              {many(proof.denialsLast7Days, 'call')} in 7 days
            </TextLink>
          )}
        </dd>
      </dl>
      {state === 'open' && mayDecide && (
        <Group gap="xs" align="flex-start" wrap="nowrap">
          <Button size="compact-sm" onClick={() => onDo('approve')}>
            Approve
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => onDo('decline')}>
            Decline
          </Button>
        </Group>
      )}
    </article>
  );
}

/** A wanted end that has passed is no use any more: an approval needs another one. */
function Until({ at, pastDue }: { at: string; pastDue: boolean }) {
  return (
    <>
      {pastDue ? 'was wanted until ' : 'until '}
      <Time at={at} />
    </>
  );
}

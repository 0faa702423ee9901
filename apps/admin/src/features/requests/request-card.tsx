import { Button, Group, Stack, Text } from '@mantine/core';
import type { LimitRequest, ReviewedRequest } from '../../data/requests.js';
import { actorText, capital, scopeText, written } from '../../lib/format.js';
import { AccountLink } from '../../ui/links.js';
import { EndPassedTag, Tag, Time } from '../../ui/small.js';
import { RequestFacts } from './request-facts.js';
import type { Decision } from './use-requests-screen.js';

export interface RequestCardProps {
  readonly item: ReviewedRequest;
  readonly chosen: boolean;
  readonly mayDecide: boolean;
  readonly onReview: (decision: Decision) => void;
}

export function RequestCard({ item, chosen, mayDecide, onReview }: RequestCardProps) {
  const { id, account, state, needsAdmin, pastDue, reason } = item.request;
  return (
    <article
      id={`request-${id}`}
      className="request"
      data-chosen={chosen || undefined}
      aria-current={chosen || undefined}
      aria-label={`Limit request ${id} of ${account}`}
    >
      <Stack gap={4}>
        <Group gap="xs">
          <AccountLink account={account} fw={600} />
          <span>{scopeText(item.request)}</span>
          {state !== 'open' && <Tag tone={state === 'approved' ? 'good' : 'bad'}>{capital(state)}</Tag>}
          {pastDue && <EndPassedTag />}
          {needsAdmin && state === 'open' && <Tag tone="warn">Needs an admin</Tag>}
        </Group>
        <Text size="sm">“{written(reason)}”</Text>
        <Origin request={item.request} />
      </Stack>
      <RequestFacts item={item} />
      {state === 'open' && mayDecide && (
        <Group gap="xs" align="flex-start" wrap="nowrap">
          <Button size="compact-sm" onClick={() => onReview('approve')}>
            Approve
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => onReview('decline')}>
            Decline
          </Button>
        </Group>
      )}
    </article>
  );
}

/** Who sent the request, and who reviewed it. */
function Origin({ request }: { request: LimitRequest }) {
  const { id, askedAt, askedBy, ticket, state, decidedBy, decidedAt, answer } = request;
  return (
    <Text size="xs" c="dimmed" component="div">
      {id}, sent <Time at={askedAt} /> by {actorText(askedBy)}
      {ticket !== null && <>, ticket {ticket}</>}
      {decidedBy !== null && (
        <>
          ; {state} by {actorText(decidedBy)}
          {decidedAt !== null && (
            <>
              {' '}
              <Time at={decidedAt} />
            </>
          )}
          {answer !== null && <>: “{written(answer)}”</>}
        </>
      )}
    </Text>
  );
}

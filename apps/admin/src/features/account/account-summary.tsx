import { Group } from '@mantine/core';
import type { Brief } from '../../data/accounts.js';
import { many } from '../../lib/format.js';
import { TextLink } from '../../ui/links.js';
import { Tag } from '../../ui/small.js';

/** What stands out about the account now. */
export function AccountSummary({ account, brief }: { account: string; brief: Brief }) {
  const { overridesInForce, openRequests, denialsLastHour } = brief;
  return (
    <Group gap="xs" mt={4}>
      <Tag tone={overridesInForce > 0 ? 'info' : 'plain'}>
        {overridesInForce > 0 ? `${many(overridesInForce, 'override')} in force` : 'No overrides'}
      </Tag>
      {openRequests > 0 && <Tag tone="warn">{many(openRequests, 'open limit request')}</Tag>}
      {denialsLastHour > 0 && (
        <TextLink to="/denied" search={{ account, last: '1h' }}>
          {many(denialsLastHour, 'call')} denied in the last hour
        </TextLink>
      )}
    </Group>
  );
}

import { Text } from '@mantine/core';
import { named } from '../../lib/format.js';
import { EmptyState } from '../../ui/notes.js';

/** An account without calls may have no traffic, or its name may be wrong. */
export function NoUsage({ account }: { account: string }) {
  return (
    <EmptyState why={`${named(account)} made no calls in the last hour, so it has used none of its limits.`}>
      <Text size="sm" c="dimmed">
        Check that “{named(account)}” is the account’s exact name. While the sample platform is running, this makes a
        call:
      </Text>
      <pre className="code">{`TOKEN=$(npm run -s rollgate -- platform-token --account ${account})
curl -X POST http://127.0.0.1:3001/api/public/bots/my-bot/publish -H "authorization: Bearer $TOKEN"`}</pre>
    </EmptyState>
  );
}

import { Text } from '@mantine/core';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { recentAccounts } from '../../lib/recent.js';
import { EmptyState } from '../../ui/notes.js';
import { Page, Panel } from '../../ui/page.js';
import { FindBox } from './find-box.js';
import { Recent } from './recent.js';

const route = getRouteApi('/');

export function FindRoute() {
  const { q = '' } = route.useSearch();
  const navigate = useNavigate();
  const recent = recentAccounts();
  const type = (text: string) => void navigate({ to: '/', search: { q: text || undefined }, replace: true });
  return (
    <Page
      title="Find"
      about="Enter what the customer gives you: an account, a bot, a ticket, an HTTP request ID or a denial ID."
    >
      <section className="panel">
        <FindBox q={q} onType={type} />
      </section>
      {q === '' && (
        <Panel title="Recent accounts" flush>
          {recent.length > 0 ? <Recent accounts={recent} /> : <NoRecent />}
        </Panel>
      )}
    </Page>
  );
}

function NoRecent() {
  return (
    <EmptyState why="Accounts that you open are listed here, in this browser only.">
      <Text size="sm" c="dimmed">
        No traffic yet? While <code>npm start</code> is running, this makes some calls:
      </Text>
      <pre className="code">
        {`TOKEN=$(npm run -s rollgate -- platform-token --account acme)
for i in $(seq 61); do curl -s -o /dev/null -w '%{http_code}\\n' -X POST \\
  http://127.0.0.1:3001/api/public/bots/my-bot/publish -H "authorization: Bearer $TOKEN"; done`}
      </pre>
    </EmptyState>
  );
}

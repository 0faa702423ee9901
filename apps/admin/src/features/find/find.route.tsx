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
      about="What the customer quotes is enough: the account, a bot, a ticket, a request id, a denial’s link."
    >
      <section className="panel">
        <FindBox q={q} onType={type} />
      </section>
      {q === '' && (
        <Panel title="Looked at lately" flush>
          {recent.length > 0 ? (
            <Recent accounts={recent} />
          ) : (
            <EmptyState why="Accounts you open are kept here, in this browser only.">
              <Text size="sm" c="dimmed">
                No traffic yet? With <code>npm start</code> running, this makes some:
              </Text>
              <pre className="code">
                {`TOKEN=$(npm run -s rollgate -- platform-token --account acme)
for i in $(seq 61); do curl -s -o /dev/null -w '%{http_code}\\n' -X POST \\
  http://127.0.0.1:3001/api/public/bots/my-bot/publish -H "authorization: Bearer $TOKEN"; done`}
              </pre>
            </EmptyState>
          )}
        </Panel>
      )}
    </Page>
  );
}

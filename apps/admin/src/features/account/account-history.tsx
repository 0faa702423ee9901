import { Stack, Text } from '@mantine/core';
import { type Change, changeTitle } from '../../data/history.js';
import { actorText, written } from '../../lib/format.js';
import { Diff } from '../../ui/diff.js';
import { TextLink } from '../../ui/links.js';
import { Loaded, type Query } from '../../ui/loaded.js';
import { Panel } from '../../ui/page.js';
import { Tag, Time } from '../../ui/small.js';

export interface AccountHistoryProps {
  readonly account: string;
  readonly query: Query<{ readonly items: readonly Change[] }>;
}

/** The latest changes that concern the account. */
export function AccountHistory({ account, query }: AccountHistoryProps) {
  return (
    <Panel
      title="History"
      actions={
        <TextLink to="/history" search={{ account }} size="sm">
          Show all
        </TextLink>
      }
    >
      <Loaded query={query} rows={3} empty={<Text size="sm">No changes yet.</Text>}>
        {({ items }) => (
          <ol style={{ margin: 0, padding: 0, listStyle: 'none' }}>
            {items.map((change) => (
              <Entry key={change.id} change={change} />
            ))}
          </ol>
        )}
      </Loaded>
    </Panel>
  );
}

function Entry({ change }: { change: Change }) {
  const { target, actor, at, undoes, reason, before, after } = change;
  return (
    <li style={{ padding: '8px 0', borderBottom: '1px solid var(--line)' }}>
      <Stack gap={2}>
        <Text size="sm" component="div">
          <Tag>{changeTitle(change)}</Tag> {target} by {actorText(actor)}, <Time at={at} />
          {undoes !== null && `, undoes change ${undoes}`}
        </Text>
        {reason !== null && <Text size="sm">“{written(reason)}”</Text>}
        <details>
          <summary>
            <Text component="span" size="xs">
              Show what changed
            </Text>
          </summary>
          <Diff before={before} after={after} />
        </details>
      </Stack>
    </li>
  );
}

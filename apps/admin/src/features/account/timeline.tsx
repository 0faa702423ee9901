import { Stack, Text } from '@mantine/core';
import type { Change } from '../../data/history.js';
import { actorText, written } from '../../lib/format.js';
import { Diff } from '../../ui/diff.js';
import { Tag, Time } from '../../ui/small.js';

export function Timeline({ items }: { items: readonly Change[] }) {
  if (items.length === 0) return <Text size="sm">Nobody has changed anything here yet.</Text>;
  return (
    <ol style={{ margin: 0, padding: 0, listStyle: 'none' }}>
      {items.map((change) => (
        <li key={change.id} style={{ padding: '8px 0', borderBottom: '1px solid var(--line)' }}>
          <Stack gap={2}>
            <Text size="sm" component="div">
              <Tag>
                {change.action} {change.kind}
              </Tag>{' '}
              {change.target} by {actorText(change.actor)}, <Time at={change.at} />
              {change.undoes !== null && `, undoes ${change.undoes}`}
            </Text>
            {change.reason !== null && <Text size="sm">“{written(change.reason)}”</Text>}
            <details>
              <summary>
                <Text component="span" size="xs">
                  What changed
                </Text>
              </summary>
              <Diff before={change.before} after={change.after} />
            </details>
          </Stack>
        </li>
      ))}
    </ol>
  );
}

/** Explains one denial: a sentence, the limit and its source, what filled the window, and when a call is allowed again. */
import { Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type Explained, explainQuery } from '../../data/events.js';
import { CustomLimitLink } from '../../ui/links.js';
import { Loaded } from '../../ui/loaded.js';
import { SideDrawer } from '../../ui/side.js';
import { Copy } from '../../ui/small.js';
import { DenialFacts } from './denial-facts.js';
import { FilledWindow } from './filled-window.js';

export interface DenialDrawerProps {
  readonly id: string;
  readonly mayWrite: boolean;
  readonly onClose: () => void;
}

export function DenialDrawer({ id, mayWrite, onClose }: DenialDrawerProps) {
  const query = useQuery(explainQuery(id));
  return (
    <SideDrawer title="Why the call was denied" onClose={onClose} size={620}>
      <Loaded query={query}>{(explained) => <Explanation explained={explained} mayWrite={mayWrite} />}</Loaded>
    </SideDrawer>
  );
}

function Explanation({ explained, mayWrite }: { explained: Explained; mayWrite: boolean }) {
  const { event, sentence, limit, filled } = explained;
  const sql = `SELECT * FROM rollgate_audit.explain_denial('${event.id.replaceAll("'", "''")}')`;
  return (
    <Stack>
      <Text fw={500} data-sentence>
        {sentence}
      </Text>
      <Group gap="xs">
        {mayWrite && (
          <CustomLimitLink account={event.account} api={event.api} dimensions={event.dimensions} size="compact-sm" />
        )}
        <Copy value={location.href}>Copy link</Copy>
        <Copy value={JSON.stringify(explained, null, 2)}>Copy JSON</Copy>
        <Copy value={sql}>Copy SQL</Copy>
      </Group>
      <DenialFacts explained={explained} />
      <section>
        <Title order={2}>What filled the window</Title>
        <FilledWindow filled={filled} window={event.window ?? 'minute'} at={event.firstAt} limit={limit} />
      </section>
      <pre className="code">{sql};</pre>
    </Stack>
  );
}

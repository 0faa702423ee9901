/** What falls when an override ends. */
import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { expiryPreviewQuery } from '../../data/overrides.js';
import { LoweringList } from '../../ui/lowering.js';

export function AtItsEnd({ id }: { id: string }) {
  const { data } = useQuery(expiryPreviewQuery([id]));
  const lowered = data?.items[0]?.lowered;
  if (lowered === undefined) return null;
  return (
    <section aria-label="When it ends">
      <Text size="sm" fw={500}>
        {lowered.length === 0 ? 'When it ends no limit falls.' : 'When it ends, now or at its time:'}
      </Text>
      {lowered.length > 0 && <LoweringList items={lowered} />}
    </section>
  );
}

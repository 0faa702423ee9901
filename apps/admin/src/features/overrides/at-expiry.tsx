/** The limits that fall when an override expires. */
import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { expiryPreviewQuery } from '../../data/overrides.js';
import { LoweringList } from '../../ui/lowering.js';

export function AtExpiry({ id }: { id: string }) {
  const { data } = useQuery(expiryPreviewQuery([id]));
  const lowered = data?.items[0]?.lowered;
  if (lowered === undefined) return null;
  return (
    <section aria-label="When it expires">
      <Text size="sm" fw={500}>
        {lowered.length === 0 ? 'No limit falls when it expires.' : 'When it expires, now or later, these limits fall:'}
      </Text>
      {lowered.length > 0 && <LoweringList items={lowered} />}
    </section>
  );
}

/** One override: its facts and its usage, and changing, expiring or restoring it. */
import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { overrideQuery } from '../../data/overrides.js';
import { Loaded } from '../../ui/loaded.js';
import { SideDrawer } from '../../ui/side.js';
import { AtExpiry } from './at-expiry.js';
import { OverrideFacts } from './override-facts.js';
import { OverrideForm } from './override-form.js';

export interface OverrideDrawerProps {
  readonly id: string;
  readonly mayWrite: boolean;
  readonly onClose: () => void;
}

export function OverrideDrawer({ id, mayWrite, onClose }: OverrideDrawerProps) {
  const query = useQuery(overrideQuery(id));
  return (
    <SideDrawer title={`Override ${id}`} onClose={onClose}>
      <Loaded query={query}>
        {(override) => (
          <Stack>
            <OverrideFacts override={override} />
            {override.state === 'inForce' && <AtExpiry id={override.id} />}
            {mayWrite && (
              <OverrideForm key={override.version} override={override} onReload={() => void query.refetch()} />
            )}
          </Stack>
        )}
      </Loaded>
    </SideDrawer>
  );
}

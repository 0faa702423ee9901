/** How the service is, on every page: database, instances, how they decide, how fresh their limits are. */
import { visibleText } from '@rollgate/contract/visible-text';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { systemQuery } from '../../data/system.js';
import { duration } from '../../lib/format.js';
import { Tag } from '../../ui/small.js';

/** Instances look for new limits each second: later than this something holds them up. */
const STALE_MS = 10_000;

export function HealthStrip() {
  const { data, error } = useQuery(systemQuery);
  const status = error as { status?: number } | null;
  const database =
    status === null ? 'answers' : status.status === 0 ? 'unknown, the service is not reachable' : 'does not answer';
  const apart = data?.instances.filter(({ mode }) => mode !== 'normal') ?? [];
  const behind = data?.instances.filter(({ policyVersion }) => policyVersion < data.policyVersion).length ?? 0;
  return (
    <dl className="strip" aria-label="Health">
      <Fact name="Database">
        <Tag tone={status === null ? 'good' : 'bad'}>{data === undefined && status === null ? '…' : database}</Tag>
      </Fact>
      <Fact name="Mode">
        {apart.length === 0 ? (
          <Tag tone="good">normal</Tag>
        ) : (
          <>
            <Tag tone="bad">
              {apart[0]?.mode} on {apart.length} of {data?.instances.length}
            </Tag>
            {apart[0]?.modeReason != null && <span> {visibleText(apart[0].modeReason)}</span>}
          </>
        )}
      </Fact>
      <Fact name="Instances">
        {data === undefined ? '…' : data.instances.length === 0 ? 'none seen' : `${data.instances.length} seen`}
        {behind > 0 && `, ${behind} still on older limits`}
      </Fact>
      <Fact name="Limits">
        {data?.policyAgeMs == null ? (
          'not read yet'
        ) : data.policyAgeMs > STALE_MS ? (
          <Tag tone="warn">{duration(data.policyAgeMs)} old</Tag>
        ) : (
          'fresh'
        )}
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

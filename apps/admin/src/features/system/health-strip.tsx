/** The state of the service, above every screen: its database, how calls are decided, instances, and the age of their limits. */
import { visibleText } from '@rollgate/contract/visible-text';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ApiError } from '../../api/client.js';
import { type System, systemQuery } from '../../data/system.js';
import { duration, many } from '../../lib/format.js';
import { Tag } from '../../ui/small.js';

/** Instances check for new limits each second. Older limits mean that something holds them up. */
const STALE_MS = 10_000;

/** Instance states other than `normal`, in words. */
const STATE_NAMES: Readonly<Record<string, string>> = {
  starting: 'not started',
  fallback: 'without the database',
  quarantine: 'half limits',
};

export function HealthStrip() {
  const { data, error } = useQuery(systemQuery);
  return (
    <ul className="strip" aria-label="Status">
      <Fact name="Database">
        <Database loading={data === undefined} error={error} />
      </Fact>
      {error !== null && data !== undefined && <Fact>Last known state:</Fact>}
      <Fact name="Enforcement">{data === undefined ? '…' : <Enforcement instances={data.instances} />}</Fact>
      <Fact>{data === undefined ? '…' : instancesText(data)}</Fact>
      <Fact name="Limits">
        <Age policyAgeMs={data?.policyAgeMs} />
      </Fact>
    </ul>
  );
}

function Fact({ name, children }: { name?: string; children: ReactNode }) {
  return (
    <li>
      {name !== undefined && <span className="strip-name">{name} </span>}
      {children}
    </li>
  );
}

function Database({ loading, error }: { loading: boolean; error: Error | null }) {
  if (error === null) return <Tag tone="good">{loading ? '…' : 'connected'}</Tag>;
  const unreachable = error instanceof ApiError && error.status === 0;
  return <Tag tone="bad">{unreachable ? 'unknown: the service cannot be reached' : 'not responding'}</Tag>;
}

function Enforcement({ instances }: Pick<System, 'instances'>) {
  const affected = instances.filter(({ mode }) => mode !== 'normal');
  const [first] = affected;
  if (first === undefined) return <Tag tone="good">normal</Tag>;
  return (
    <>
      <Tag tone="bad">
        {STATE_NAMES[first.mode] ?? first.mode} on {affected.length} of {many(instances.length, 'instance')}
      </Tag>
      {first.modeReason !== null && <span> Reason: {visibleText(first.modeReason)}</span>}
    </>
  );
}

function instancesText({ instances, policyVersion }: System): string {
  if (instances.length === 0) return 'No instances';
  const behind = instances.filter((instance) => instance.policyVersion < policyVersion).length;
  return `${many(instances.length, 'instance')}${behind > 0 ? `, ${behind} with older limits` : ''}`;
}

/** `policyAgeMs`: undefined while the first answer loads; null before the limits have been read. */
function Age({ policyAgeMs }: { policyAgeMs: number | null | undefined }) {
  if (policyAgeMs === undefined) return <>…</>;
  if (policyAgeMs === null) return <Tag tone="warn">not loaded yet</Tag>;
  if (policyAgeMs > STALE_MS) return <Tag tone="warn">{duration(policyAgeMs)} old</Tag>;
  return <>up to date</>;
}

import { Controller, Get, Inject } from '@nestjs/common';
import type { Limiter } from '@rollgate/limiter';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { Route } from '../http/route.js';
import { LIMITER } from '../limiting/limiter-token.js';
import { VERSION } from './version.js';

const systemSchema = z.object({
  version: z.string(),
  /** The database's clock. */
  now: z.string(),
  policyVersion: z.int(),
  /** Limiters that have reported within the last 10 s. */
  instances: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      startedAt: z.string(),
      seenAt: z.string(),
      policyVersion: z.int(),
      mode: z.string(),
      modeSince: z.string(),
      /** Why the mode is not normal, e.g. the database's refusal; null: it is normal. */
      modeReason: z.string().nullable(),
    }),
  ),
  /** Time since this instance's limits were last confirmed to match the database's. */
  policyAgeMs: z.int().nullable(),
  overrides: z.int(),
});

type SystemView = z.output<typeof systemSchema>;

const EXAMPLE: SystemView = {
  version: '0.1.0',
  now: '2026-03-02T09:00:00.000Z',
  policyVersion: 91,
  instances: [
    {
      id: 'q83hTz1c',
      name: 'api-1:412',
      startedAt: '2026-03-01T07:00:00.000Z',
      seenAt: '2026-03-02T08:59:59.000Z',
      policyVersion: 91,
      mode: 'normal',
      modeSince: '2026-03-01T07:00:00.000Z',
      modeReason: null,
    },
  ],
  policyAgeMs: 310,
  overrides: 12,
};

interface InstanceRow {
  readonly id: string;
  readonly name: string;
  readonly started_at: Date;
  readonly seen_at: Date;
  readonly policy_version: string;
  readonly mode: string;
  readonly mode_since: Date;
  readonly mode_reason: string | null;
}

const INSTANCES = `SELECT * FROM rollgate.instance WHERE seen_at > clock_timestamp() - interval '10 seconds' ORDER BY name, id`;

@Controller('admin/api/system')
export class SystemController {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(LIMITER) private readonly limiter: Limiter,
  ) {}

  @Get()
  @Route({
    id: 'getSystem',
    summary: 'Instances, the policy each has, and how they decide',
    access: { permission: 'system.read' },
    response: systemSchema,
    example: EXAMPLE,
  })
  async system(): Promise<SystemView> {
    const [clock, instances] = await Promise.all([
      this.database.query<{ now: Date; version: string }[]>(
        'SELECT clock_timestamp() AS now, policy_version AS version FROM rollgate.ledger',
      ),
      this.database.query<InstanceRow[]>(INSTANCES),
    ]);
    const { ageMs, overrides } = this.limiter.policyState();
    return {
      version: VERSION,
      now: (clock[0]?.now ?? new Date()).toISOString(),
      policyVersion: Number(clock[0]?.version ?? 0),
      instances: instances.map(instanceView),
      policyAgeMs: ageMs === undefined ? null : Math.round(ageMs),
      overrides,
    };
  }
}

function instanceView(row: InstanceRow): SystemView['instances'][number] {
  return {
    id: row.id,
    name: row.name,
    startedAt: row.started_at.toISOString(),
    seenAt: row.seen_at.toISOString(),
    policyVersion: Number(row.policy_version),
    mode: row.mode,
    modeSince: row.mode_since.toISOString(),
    modeReason: row.mode_reason,
  };
}

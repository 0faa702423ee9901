import { Controller, Get, Inject } from '@nestjs/common';
import type { Limiter } from '@rollgate/limiter';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { Route } from '../http/route.js';
import { LIMITER } from '../limiting/limiting.module.js';
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
    example: {
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
    },
  })
  async system(): Promise<z.output<typeof systemSchema>> {
    const [clock, instances] = await Promise.all([
      this.database.query<{ now: Date; version: string }[]>(
        'SELECT clock_timestamp() AS now, policy_version AS version FROM rollgate.ledger',
      ),
      this.database.query<
        {
          id: string;
          name: string;
          started_at: Date;
          seen_at: Date;
          policy_version: string;
          mode: string;
          mode_since: Date;
          mode_reason: string | null;
        }[]
      >(`SELECT * FROM rollgate.instance WHERE seen_at > clock_timestamp() - interval '10 seconds' ORDER BY name, id`),
    ]);
    const { ageMs, overrides } = this.limiter.policyState();
    return {
      version: VERSION,
      now: (clock[0]?.now ?? new Date()).toISOString(),
      policyVersion: Number(clock[0]?.version ?? 0),
      instances: instances.map((instance) => ({
        id: instance.id,
        name: instance.name,
        startedAt: instance.started_at.toISOString(),
        seenAt: instance.seen_at.toISOString(),
        policyVersion: Number(instance.policy_version),
        mode: instance.mode,
        modeSince: instance.mode_since.toISOString(),
        modeReason: instance.mode_reason,
      })),
      policyAgeMs: ageMs === undefined ? null : Math.round(ageMs),
      overrides,
    };
  }
}

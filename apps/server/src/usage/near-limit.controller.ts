import { Controller, Get, Inject, Query } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { exportOf } from '../http/csv.js';
import { AsExport, type ExportForm } from '../http/export-form.js';
import { Route } from '../http/route.js';
import { validated } from '../http/validated.js';
import { dimensionsOf } from '../limiting/subjects.js';
import { counted } from './accounts.schemas.js';

const nearLimit = z.strictObject({
  /** Subjects are listed from this percentage of either window. */
  least: z.coerce.number().int().min(1).max(100).default(80),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
  format: z.enum(['json', 'csv']).optional(),
});

const both = z.object({ used: z.int(), limit: z.int() });

const nearSchema = z.object({
  account: z.string(),
  ...counted,
  subject: z.string(),
  dimensions: z.record(z.string(), z.string()),
  minute: both,
  hour: both,
  /** Percentage of the fuller window. */
  percent: z.int(),
  band: z.enum(['below', '80-89', '90-99', '100']),
  source: z.string(),
  mode: z.enum(['enforced', 'shadow']),
});

const nearPage = z.object({ asOf: z.string(), items: z.array(nearSchema), more: z.boolean() });

interface NearRow {
  readonly subject: string;
  readonly account: string;
  readonly api: string;
  readonly api_title: string;
  readonly group_id: string;
  readonly group_title: string;
  readonly counted_together: boolean;
  readonly minute_used: number;
  readonly minute_limit: number;
  readonly hour_used: number;
  readonly hour_limit: number;
  readonly source: string;
  readonly mode: 'enforced' | 'shadow';
  readonly percent: number;
}

const NEAR = `SELECT n.*, c.title AS api_title, c.group_id, c.group_title, c.scope = 'group' AS counted_together
  FROM rollgate.near_limit($1, $2) WITH ORDINALITY AS n JOIN rollgate.catalogue c ON c.api = n.api
  ORDER BY n.ordinality`;
const MOST_EXPORTED = 1_000_000;

/** Screens that refresh at the same time share one query. */
const SHARED_MS = 1_000;

@Controller('admin/api/near-limit')
export class NearLimitController {
  readonly #looks = new Map<string, { at: number; rows: Promise<NearRow[]> }>();

  constructor(@Inject(DataSource) private readonly database: DataSource) {}

  @Get()
  @Route({
    id: 'listNearLimit',
    summary: 'Subjects close to a limit now, the fullest first; all of them with ?format=csv',
    access: { permission: 'accounts.read' },
    query: nearLimit,
    response: nearPage,
    example: {
      asOf: '2026-03-02T09:00:00.000Z',
      items: [
        {
          account: 'acme',
          api: 'publish-bot',
          apiTitle: 'Publish bot',
          group: 'bot-definition',
          groupTitle: 'Bot definition',
          countedTogether: false,
          subject: 'acme/publish-bot/bot=b-17',
          dimensions: { bot: 'b-17' },
          minute: { used: 55, limit: 60 },
          hour: { used: 612, limit: 1800 },
          percent: 91,
          band: '90-99',
          source: 'default',
          mode: 'enforced',
        },
      ],
      more: false,
    },
    alsoAs: ['csv'],
  })
  async list(
    @Query(validated(nearLimit)) { least, limit }: z.output<typeof nearLimit>,
    @AsExport() form: ExportForm | undefined,
  ): Promise<unknown> {
    if (form !== undefined) {
      return await exportOf(this.database, form, {
        name: 'near-limit',
        sql: NEAR,
        values: [least, MOST_EXPORTED],
        line: lineOf,
      });
    }
    const rows = await this.#look(least, limit + 1);
    return { asOf: new Date().toISOString(), items: rows.slice(0, limit).map(viewOf), more: rows.length > limit };
  }

  #look(least: number, limit: number): Promise<NearRow[]> {
    const key = `${least} ${limit}`;
    const known = this.#looks.get(key);
    if (known !== undefined && performance.now() - known.at < SHARED_MS) return known.rows;
    const rows = this.database.query<NearRow[]>(NEAR, [least, limit]);
    if (this.#looks.size > 100) this.#looks.clear();
    this.#looks.set(key, { at: performance.now(), rows });
    return rows;
  }
}

function viewOf(row: NearRow): z.output<typeof nearSchema> {
  return {
    account: row.account,
    api: row.api,
    apiTitle: row.api_title,
    group: row.group_id,
    groupTitle: row.group_title,
    countedTogether: row.counted_together,
    subject: row.subject,
    dimensions: dimensionsOf(row.subject) ?? {},
    minute: { used: row.minute_used, limit: row.minute_limit },
    hour: { used: row.hour_used, limit: row.hour_limit },
    percent: row.percent,
    band: row.percent >= 100 ? '100' : row.percent >= 90 ? '90-99' : row.percent >= 80 ? '80-89' : 'below',
    source: row.source,
    mode: row.mode,
  };
}

function lineOf(row: NearRow): Record<string, unknown> {
  const { minute, hour, dimensions: _, ...rest } = viewOf(row);
  return { ...rest, minuteUsed: minute.used, minuteLimit: minute.limit, hourUsed: hour.used, hourLimit: hour.limit };
}

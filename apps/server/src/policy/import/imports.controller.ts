import { Body, Controller, HttpException, Inject, Param, Post, UseInterceptors } from '@nestjs/common';
import type { z } from 'zod';
import { type Caller, FromCaller } from '../../authentication/caller.js';
import { LargeBody } from '../../http/large-body.js';
import { problem } from '../../http/problem.js';
import { Route } from '../../http/route.js';
import { validated } from '../../http/validated.js';
import { planParams } from '../plans/plans.schemas.js';
import { assignmentsImport, importBody, overridesImport, type RowError } from './import.schemas.js';
import { ImportsService } from './imports.service.js';

const SUMMARY =
  'all or nothing, as one batch in the history; an account may be a pattern with `*` and `?`; `dryRun` changes nothing; what gets lower needs `allowLowering`; at most 10,000 rows and 5 MB';
const TOTALS = { rows: 1, accounts: 1, lowering: 0 };

/** As many errors as a refusal lists. A dry run lists all. */
const MOST_LISTED = 1_000;

@Controller('admin/api')
export class ImportsController {
  constructor(@Inject(ImportsService) private readonly imports: ImportsService) {}

  @Post('overrides/import')
  @UseInterceptors(LargeBody)
  @Route({
    id: 'importOverrides',
    summary: `Create many overrides, from a CSV file or rows (each as the body of \`createOverride\`); ${SUMMARY}`,
    access: { permission: 'overrides.write' },
    body: importBody,
    response: overridesImport,
    example: {
      batch: 'bat_12',
      items: [
        {
          line: 2,
          id: 'ovr_18',
          lowered: [],
          account: 'acme',
          scope: 'api',
          group: null,
          api: 'publish-bot',
          subject: null,
          dimensions: null,
          perMinute: 300,
          perHour: 9_000,
          factor: null,
          extraMinute: null,
          extraHour: null,
          mode: null,
          startsAt: '2026-03-02T09:00:00.000Z',
          expiresAt: '2026-03-09T09:00:00.000Z',
        },
      ],
      errors: [],
      totals: TOTALS,
    },
    errors: [413, 422],
  })
  async overrides(
    @Body(validated(importBody)) input: z.output<typeof importBody>,
    @FromCaller() caller: Caller,
  ): Promise<unknown> {
    return settled(await this.imports.overrides(input, { caller }), input);
  }

  @Post('plans/:plan/assignments/import')
  @UseInterceptors(LargeBody)
  @Route({
    id: 'importAssignments',
    summary: `Assign a plan to many accounts, from a CSV file or rows (each as the body of \`assignPlan\`, with \`account\`); ${SUMMARY}`,
    access: { permission: 'plans.assign' },
    params: planParams,
    body: importBody,
    response: assignmentsImport,
    example: {
      batch: 'bat_12',
      items: [
        {
          line: 2,
          id: 'asg_8',
          lowered: [],
          account: 'acme',
          plan: 'pro',
          startsAt: '2026-03-02T09:00:00.000Z',
          endsAt: null,
        },
      ],
      errors: [],
      totals: TOTALS,
    },
    errors: [413, 422],
  })
  async assignments(
    @Param(validated(planParams)) { plan }: z.output<typeof planParams>,
    @Body(validated(importBody)) input: z.output<typeof importBody>,
    @FromCaller() caller: Caller,
  ): Promise<unknown> {
    return settled(await this.imports.assignments(input, { caller, plan }), input);
  }
}

/** @throws HttpException 422 that lists the errors, unless a dry run returns them */
function settled<Outcome extends { readonly errors: readonly RowError[] }>(
  outcome: Outcome,
  { dryRun }: z.output<typeof importBody>,
): Outcome {
  const { errors } = outcome;
  if (dryRun || errors.length === 0) return outcome;
  const lines = new Set(errors.map(({ line }) => line)).size;
  const told = `Nothing was imported: ${lines === 1 ? 'a row has' : `${lines} rows have`} errors. The first is in ${placeOf(errors[0] as RowError)}.`;
  const listed = errors.slice(0, MOST_LISTED).map((error) => ({ ...error, field: placeOf({ ...error, message: '' }) }));
  throw new HttpException({ ...problem(422, told), errors: listed }, 422);
}

function placeOf({ line, column, message }: RowError): string {
  const place = column === null ? `line ${line}` : `line ${line}, ${column}`;
  return message === '' ? place : `${place}: ${message.replace(/\.$/, '')}`;
}

import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { KnownApis } from '../../limiting/known-apis.service.js';
import { accountText } from '../../limiting/limits.schemas.js';
import { limitView } from '../../limiting/stored-limit.js';
import { scopeColumns } from '../../limiting/subjects.js';
import { overrideColumns } from '../limit-values.js';
import type { OverrideColumns } from '../overrides/override-rows.js';
import { createOverride } from '../overrides/overrides.schemas.js';
import type { AssignmentColumns } from '../plans/plan-rows.js';
import { assignPlan, planId } from '../plans/plans.schemas.js';
import { assignmentColumns } from '../policy-writer.js';
import {
  dimensionsColumn,
  endColumn,
  extraColumn,
  numberColumn,
  textColumn,
  timeColumn,
  unitsColumn,
  yesNoColumn,
} from './cells.js';
import type { assignmentsImport, ImportInput, overridesImport } from './import.schemas.js';
import { Importer, type ImportRun } from './importer.js';

const WHY = {
  reason: textColumn('reason'),
  ticket: textColumn('ticket'),
  allow_lowering: yesNoColumn('allowLowering'),
};

/** The columns of an override file. */
const OVERRIDE_COLUMNS = {
  account: { ...textColumn('account'), required: true },
  group: textColumn('group'),
  api: textColumn('api'),
  dimensions: dimensionsColumn('dimensions'),
  per_minute: unitsColumn('perMinute'),
  per_hour: unitsColumn('perHour'),
  factor: numberColumn('factor'),
  extra_minute: extraColumn('extraMinute'),
  extra_hour: extraColumn('extraHour'),
  mode: textColumn('mode'),
  starts_at: timeColumn('startsAt'),
  expires_at: endColumn('expiresAt'),
  ...WHY,
} as const;

/** The columns of a file of assignments. */
const ASSIGNMENT_COLUMNS = {
  account: { ...textColumn('account'), required: true },
  plan: textColumn('plan'),
  starts_at: timeColumn('startsAt'),
  ends_at: endColumn('endsAt'),
  ...WHY,
} as const;

@Injectable()
export class ImportsService {
  constructor(
    @Inject(Importer) private readonly importer: Importer,
    @Inject(KnownApis) private readonly apis: KnownApis,
  ) {}

  async overrides(input: ImportInput, run: ImportRun): Promise<z.output<typeof overridesImport>> {
    const apis = rememberedApis(this.apis);
    const kind = {
      columns: OVERRIDE_COLUMNS,
      schema: createOverride,
      call: 'import_overrides' as const,
      async specOf({ account, group, api, dimensions, reason, ...values }: z.output<typeof createOverride>) {
        const scope = await scopeColumns(apis, { account, group, api, dimensions });
        return { ...scope, ...overrideColumns(values), reason };
      },
      itemOf: (row: OverrideColumns) => ({
        id: input.dryRun ? null : row.id,
        ...limitView(row),
        extraMinute: row.extra_minute,
        extraHour: row.extra_hour,
        mode: row.mode,
        startsAt: row.starts_at.toISOString(),
        expiresAt: row.expires_at?.toISOString() ?? null,
      }),
    };
    return (await this.importer.run(kind, input, run)) as z.output<typeof overridesImport>;
  }

  /** `plan`: the plan of the rows that name none. */
  async assignments(
    input: ImportInput,
    run: ImportRun & { readonly plan?: string },
  ): Promise<z.output<typeof assignmentsImport>> {
    const kind = {
      columns: ASSIGNMENT_COLUMNS,
      schema: assignPlan.extend({ account: accountText, plan: planOf(run.plan) }),
      call: 'import_assignments' as const,
      specOf: assignmentColumns,
      itemOf: (row: AssignmentColumns) => ({
        id: input.dryRun ? null : row.id,
        account: row.account,
        plan: row.plan,
        startsAt: row.starts_at.toISOString(),
        endsAt: row.ends_at?.toISOString() ?? null,
      }),
    };
    return (await this.importer.run(kind, input, run)) as z.output<typeof assignmentsImport>;
  }
}

/** A row may repeat the plan that all rows have. */
function planOf(all: string | undefined) {
  return all === undefined ? planId : z.literal(all, { error: `must be "${all}", or be left out` }).default(all);
}

/** Asks for each API once: a file with thousands of rows for an unknown one would wait for the catalogue each time. */
function rememberedApis(apis: KnownApis): Pick<KnownApis, 'find'> {
  const found = new Map<string, ReturnType<KnownApis['find']>>();
  return {
    find(api) {
      const known = found.get(api) ?? apis.find(api);
      found.set(api, known);
      return known;
    },
  };
}

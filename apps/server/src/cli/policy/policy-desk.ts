/** The services behind the admin API, on the database of DATABASE_URL, for commands about limits. */
import { createPostgresLimiter, type Limiter } from '@rollgate/limiter';
import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import { type AccessNote, accessValues, NOTE_ACCESS } from '../../authentication/access-log/notes.js';
import { authorOf, type Caller } from '../../authentication/caller.js';
import { permissionsOf } from '../../http/permissions.js';
import { KnownAccounts } from '../../limiting/known-accounts.service.js';
import { KnownApis } from '../../limiting/known-apis.service.js';
import { HistoryService } from '../../policy/history/history.service.js';
import { UndoWriter } from '../../policy/history/undo-writer.js';
import { Importer } from '../../policy/import/importer.js';
import { ImportsService } from '../../policy/import/imports.service.js';
import { LimitRequestsService } from '../../policy/limit-requests/limit-requests.service.js';
import { ProofService } from '../../policy/limit-requests/proof.service.js';
import { OverridesService } from '../../policy/overrides/overrides.service.js';
import { AssignmentsService } from '../../policy/plans/assignments.service.js';
import { PlansService } from '../../policy/plans/plans.service.js';
import { PolicyFileService } from '../../policy/policy-file/policy-file.service.js';
import { PolicyWriter } from '../../policy/policy-writer.js';
import { ResetsService } from '../../policy/resets/resets.service.js';
import { AccountsService } from '../../usage/accounts.service.js';
import { WhatIfService } from '../../usage/what-if/what-if.service.js';
import { WhichService } from '../../usage/which/which.service.js';
import { atDatabase, userName } from '../at-database.js';
import type { Cli } from '../cli.js';

export interface PolicyDesk {
  readonly accounts: AccountsService;
  readonly which: WhichService;
  readonly whatIf: WhatIfService;
  readonly overrides: OverridesService;
  readonly plans: PlansService;
  readonly assignments: AssignmentsService;
  readonly requests: LimitRequestsService;
  readonly history: HistoryService;
  readonly imports: ImportsService;
  readonly policyFile: PolicyFileService;
  readonly resets: ResetsService;
  /** Anyone with the database's password may do anything. The history records which operating-system user it was. */
  readonly caller: Caller;
  /** Records in the access log what the user reads. Never throws: a failure is printed, and the command goes on. */
  record(note: AccessNote): Promise<void>;
}

/** @throws Error with one line that says what is wrong */
export async function atPolicyDesk<Result>(cli: Cli, work: (desk: PolicyDesk) => Promise<Result>): Promise<Result> {
  return await atDatabase(cli, [], async (database, address) => {
    const limiter = createPostgresLimiter({ ...address, observer: true, budgetMs: 5_000 });
    try {
      return await work(deskOn(cli, database, limiter));
    } finally {
      await limiter.close();
    }
  });
}

function deskOn(cli: Cli, database: DataSource, limiter: Limiter): PolicyDesk {
  const writer = new PolicyWriter(database, limiter);
  const caller = userAsCaller();
  const apis = new KnownApis(limiter);
  return {
    accounts: new AccountsService(database, limiter, apis),
    which: new WhichService(database, limiter, apis),
    whatIf: new WhatIfService(database, limiter, apis),
    overrides: new OverridesService(database, writer, new KnownAccounts(database), apis),
    plans: new PlansService(database, writer),
    assignments: new AssignmentsService(database, writer, new KnownAccounts(database)),
    requests: new LimitRequestsService(database, writer, new ProofService(database), apis),
    history: new HistoryService(database, new UndoWriter(writer)),
    imports: new ImportsService(new Importer(writer), apis),
    policyFile: new PolicyFileService(database, apis),
    resets: new ResetsService(database, apis),
    caller,
    record: async (note) => {
      await database.query(NOTE_ACCESS, accessValues(authorOf(caller), note)).catch(({ message }: Error) => {
        cli.err(`warning: this is not in the access log: ${message}\n`);
      });
    },
  };
}

function userAsCaller(): Caller {
  return {
    kind: 'staff',
    actor: `cli:${userName()}`,
    role: 'admin',
    permissions: new Set(permissionsOf('admin')),
    address: 'local',
    requestId: 'cli',
  };
}

/** Checks typed values with the API's schema. @throws Error with one line. */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw new Error(
    read.error.issues
      .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
      .join('; '),
  );
}

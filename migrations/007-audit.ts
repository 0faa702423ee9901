import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack, runSql } from './run-sql.js';

export class Audit007 implements MigrationInterface {
  readonly name = '007-audit-0000000000007';

  up(runner: QueryRunner): Promise<void> {
    return runSql(runner, '007-audit.sql');
  }

  down(): Promise<never> {
    return noWayBack('007-audit');
  }
}

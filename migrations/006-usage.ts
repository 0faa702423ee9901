import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack, runSql } from './run-sql.js';

export class Usage006 implements MigrationInterface {
  readonly name = '006-usage-0000000000006';

  up(runner: QueryRunner): Promise<void> {
    return runSql(runner, '006-usage.sql');
  }

  down(): Promise<never> {
    return noWayBack('006-usage');
  }
}

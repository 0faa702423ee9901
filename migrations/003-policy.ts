import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack, runSql } from './run-sql.js';

export class Policy003 implements MigrationInterface {
  readonly name = '003-policy-0000000000003';

  up(runner: QueryRunner): Promise<void> {
    return runSql(runner, '003-policy.sql');
  }

  down(): Promise<never> {
    return noWayBack('003-policy');
  }
}

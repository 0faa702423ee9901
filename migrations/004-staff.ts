import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack, runSql } from './run-sql.js';

export class Staff004 implements MigrationInterface {
  readonly name = '004-staff-0000000000004';

  up(runner: QueryRunner): Promise<void> {
    return runSql(runner, '004-staff.sql');
  }

  down(): Promise<never> {
    return noWayBack('004-staff');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack, runSql } from './run-sql.js';

export class Counters001 implements MigrationInterface {
  readonly name = '001-counters-0000000000001';

  up(runner: QueryRunner): Promise<void> {
    return runSql(runner, '001-counters.sql');
  }

  down(): Promise<never> {
    return noWayBack('001-counters');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack, runSql } from './run-sql.js';

export class Locks009 implements MigrationInterface {
  readonly name = '009-locks-0000000000009';

  up(runner: QueryRunner): Promise<void> {
    return runSql(runner, '009-locks.sql');
  }

  down(): Promise<never> {
    return noWayBack('009-locks');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack, runSql } from './run-sql.js';

export class Events005 implements MigrationInterface {
  readonly name = '005-events-0000000000005';

  up(runner: QueryRunner): Promise<void> {
    return runSql(runner, '005-events.sql');
  }

  down(): Promise<never> {
    return noWayBack('005-events');
  }
}

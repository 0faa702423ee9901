import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack, runSql } from './run-sql.js';

export class ServerState008 implements MigrationInterface {
  readonly name = '008-server-state-0000000000008';

  up(runner: QueryRunner): Promise<void> {
    return runSql(runner, '008-server-state.sql');
  }

  down(): Promise<never> {
    return noWayBack('008-server-state');
  }
}

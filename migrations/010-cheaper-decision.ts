import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack, runSql } from './run-sql.js';

export class CheaperDecision010 implements MigrationInterface {
  readonly name = '010-cheaper-decision-0000000000010';

  up(runner: QueryRunner): Promise<void> {
    return runSql(runner, '010-cheaper-decision.sql');
  }

  down(): Promise<never> {
    return noWayBack('010-cheaper-decision');
  }
}

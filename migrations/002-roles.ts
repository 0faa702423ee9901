import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack, runSql } from './run-sql.js';

export class Roles002 implements MigrationInterface {
  readonly name = '002-roles-0000000000002';

  up(runner: QueryRunner): Promise<void> {
    return runSql(runner, '002-roles.sql');
  }

  down(): Promise<never> {
    return noWayBack('002-roles');
  }
}

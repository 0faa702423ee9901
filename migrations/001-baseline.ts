import type { MigrationInterface } from 'typeorm';
import { noWayBack, type Runner, runSql } from './run-sql.js';

export class Baseline001 implements MigrationInterface {
  readonly name = '001-baseline-0000000000001';

  async up(runner: Runner): Promise<void> {
    await runSql(runner, '001-baseline.sql');
    await runSql(runner, 'first-event-days.sql');
  }

  down(): Promise<never> {
    return noWayBack('001-baseline');
  }
}

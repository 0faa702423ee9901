import { HttpException, Inject, Injectable } from '@nestjs/common';
import { type HealthCheckResult, HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import type { Logger } from 'pino';
import { problem } from '../http/problem.js';
import { LOGGER } from '../logging/logger.js';
import { DatabaseProbe, type DatabaseState, type Unreachable } from './database-probe.js';

/** Whether this node can serve: its database answers, and holds what decisions need. */
@Injectable()
export class Readiness {
  #wasReady = true;

  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly probe: DatabaseProbe,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws HttpException 503, a problem whose `checks` say what is amiss */
  async check(): Promise<HealthCheckResult> {
    const state = await this.probe.look();
    try {
      const result = await this.health.check(this.#indicatorsOf(state));
      this.#tell(true);
      return result;
    } catch (error) {
      const { status, details } = resultOf(error);
      if (status === 'shutting_down') throw notReady('This node is shutting down.', details);
      this.#tell(false, state.reachable ? details : state.reason);
      throw notReady('This node is not ready to serve.', details);
    }
  }

  #indicatorsOf(state: DatabaseState | Unreachable) {
    const database = this.indicators.check('database');
    if (!state.reachable) return [() => database.down('it does not answer, or not within a second')];
    const { pendingMigrations, missingTables } = state;
    const migrations = this.indicators.check('migrations');
    const counters = this.indicators.check('counters');
    return [
      () => database.up(),
      () =>
        pendingMigrations.length === 0
          ? migrations.up()
          : migrations.down({ pending: pendingMigrations, message: 'run "rollgate migrate"' }),
      () =>
        missingTables.length === 0
          ? counters.up()
          : counters.down({ missing: missingTables, message: 'tables were dropped: restore them' }),
    ];
  }

  /** Once a change: a probe asks every few seconds. */
  #tell(ready: boolean, reason?: unknown): void {
    if (ready === this.#wasReady) return;
    this.#wasReady = ready;
    if (ready) this.logger.info('ready again');
    else this.logger.warn({ reason }, 'not ready');
  }
}

/** Terminus throws its result. */
function resultOf(error: unknown): HealthCheckResult {
  if (!(error instanceof HttpException)) throw error;
  return error.getResponse() as HealthCheckResult;
}

function notReady(message: string, checks: HealthCheckResult['details']): HttpException {
  return new HttpException({ ...problem(503, message), checks }, 503);
}

import { HttpException, Inject, Injectable } from '@nestjs/common';
import { type HealthCheckResult, HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import type { Limiter } from '@rollgate/limiter';
import type { Logger } from 'pino';
import { problem } from '../../http/problem.js';
import { LIMITER } from '../../limiting/limiter-token.js';
import { LOGGER } from '../../logging/logger.js';
import { DatabaseProbe, type DatabaseState, type Unreachable } from './database-probe.js';
import { Draining } from './draining.js';

const SHUTTING_DOWN = 'This instance is shutting down.';

/**
 * Whether this instance can serve: it is not shutting down, its database responds, accepts writes and has what decisions
 * need, and its limiter has reached that database.
 */
@Injectable()
export class Readiness {
  #wasReady = true;

  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly probe: DatabaseProbe,
    private readonly draining: Draining,
    @Inject(LIMITER) private readonly limiter: Limiter,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws HttpException 503, a problem whose `checks` name the failures */
  async check(): Promise<HealthCheckResult> {
    if (this.draining.begun) throw notReady(SHUTTING_DOWN, {});
    const state = await this.probe.look();
    try {
      const result = await this.health.check(this.#indicatorsOf(state));
      this.#tell(true);
      return result;
    } catch (error) {
      const { status, details } = resultOf(error);
      if (status === 'shutting_down') throw notReady(SHUTTING_DOWN, details);
      this.#tell(false, state.reachable ? details : state.reason);
      throw notReady('This instance is not ready to serve.', details);
    }
  }

  #indicatorsOf(state: DatabaseState | Unreachable) {
    const database = this.indicators.check('database');
    if (!state.reachable) return [() => database.down('it does not answer, or not within a second')];
    const { writable, pendingMigrations, missingTables } = state;
    const limiter = this.indicators.check('limiter');
    const migrations = this.indicators.check('migrations');
    const counters = this.indicators.check('counters');
    return [
      () => (writable.ok ? database.up() : database.down(writable.why)),
      () =>
        pendingMigrations.length === 0
          ? migrations.up()
          : migrations.down({ pending: pendingMigrations, message: 'run "rollgate migrate"' }),
      () =>
        missingTables.length === 0
          ? counters.up()
          : counters.down({ missing: missingTables, message: 'tables were dropped: restore them' }),
      () =>
        this.limiter.state().mode === 'starting'
          ? limiter.down('it has not reached its database yet, so it decides nothing')
          : limiter.up(),
    ];
  }

  /** Logs each change once, because probes arrive every few seconds. */
  #tell(ready: boolean, reason?: unknown): void {
    if (ready === this.#wasReady) return;
    this.#wasReady = ready;
    if (ready) this.logger.info('ready again');
    else this.logger.warn({ reason }, 'not ready');
  }
}

/** Terminus throws its result instead of returning it. */
function resultOf(error: unknown): HealthCheckResult {
  if (!(error instanceof HttpException)) throw error;
  return error.getResponse() as HealthCheckResult;
}

function notReady(message: string, checks: HealthCheckResult['details']): HttpException {
  return new HttpException({ ...problem(503, message), checks }, 503);
}

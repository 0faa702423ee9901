/**
 * prom-client alone: the Nest module for it is CommonJS, which loads Nest's ES modules by require(). Jest can't do that
 * on Node 20, and neither can Node before 20.19.
 */
import { Global, Module } from '@nestjs/common';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { MetricsController } from './metrics.controller.js';

/** A registry a service, not prom-client's one for the process: two services in one process would count into each other. */
function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

@Global()
@Module({
  controllers: [MetricsController],
  providers: [{ provide: Registry, useFactory: createRegistry }],
  exports: [Registry],
})
export class MetricsModule {}

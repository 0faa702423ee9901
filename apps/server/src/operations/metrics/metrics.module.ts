/**
 * Uses prom-client without its Nest module. That module is CommonJS and loads Nest's ES modules with require(), which does
 * not work in Jest on Node 20 or in Node before 20.19.
 */
import { Global, Module } from '@nestjs/common';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { MetricsController } from './metrics.controller.js';

/**
 * One registry per service instead of prom-client's global one: two services in one process would add to each other's
 * metrics.
 */
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

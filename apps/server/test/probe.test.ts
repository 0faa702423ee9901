import { expect, test } from '@jest/globals';
import { Module, Controller, Get } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { TerminusModule } from '@nestjs/terminus';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Registry } from 'prom-client';
import { pino } from 'pino';
import { pinoHttp } from 'pino-http';
import helmet from 'helmet';
const registry = new Registry();
@Controller() class C { @Get() get() { return registry.metrics(); } }
@Module({ imports: [PrometheusModule.register({ controller: C, path: '/metrics', defaultMetrics: { enabled: true, config: { register: registry } } }), TerminusModule.forRoot({logger: false})] })
class M {}
test('x', async () => {
  const app = await NestFactory.create(M, { logger: false, abortOnError: false });
  await app.listen(0);
  const r = await fetch((await app.getUrl()) + '/metrics');
  expect(r.status).toBe(200);
  console.log((await r.text()).slice(0, 200), typeof TypeOrmModule, typeof pino, typeof pinoHttp, typeof helmet);
  await app.close();
});

// Loads every entry as an ES module and as CommonJS, in the order that the argument names, and compares what they export.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const entries = ['contract', 'contract/units', 'limiter', 'limiter/testing', 'nestjs'].map(
  (entry) => `@rollgate/${entry}`,
);
const commonJsFirst = process.argv[2] === 'commonjs';

for (const entry of entries) {
  const first = commonJsFirst ? require(entry) : await import(entry);
  const second = commonJsFirst ? await import(entry) : require(entry);
  const names = Object.keys(first).filter((name) => !['default', 'module.exports', '__esModule'].includes(name));
  assert.ok(names.length > 0, `${entry} exports nothing`);
  for (const name of names) assert.equal(second[name], first[name], `${entry} has two copies of ${name}`);
}

// An application in one form, with a guard and an injected class of the other.
const { Controller, Get, Module, UseGuards } = await import('@nestjs/common');
const { NestFactory } = await import('@nestjs/core');
const { RollgateModule, RateLimit } = await import('@rollgate/nestjs');
const { Catalogue, UnknownApiError } = await import('@rollgate/contract');
const { createMemoryLimiter } = require('@rollgate/limiter/testing');
const commonJs = require('@rollgate/nestjs');

const catalogue = new Catalogue([
  { id: 'g', title: 'G', level: ['account'], limits: { perMinute: 1, perHour: 9 }, apis: [{ id: 'a', title: 'A' }] },
]);
class Home {
  get() {
    return 'home';
  }
}
const get = Object.getOwnPropertyDescriptor(Home.prototype, 'get');
for (const decorate of [Get(), RateLimit('a'), UseGuards(commonJs.RateLimitGuard)])
  decorate(Home.prototype, 'get', get);
Controller()(Home);
class App {}
const subjects = { account: () => 'acme' };
const limiter = createMemoryLimiter({ catalogue });
Module({ imports: [RollgateModule.forRoot({ limiter, subjects })], controllers: [Home] })(App);

const app = await NestFactory.create(App, { logger: ['warn', 'error'] });
await app.listen(0, '127.0.0.1');
const call = async () => (await fetch(await app.getUrl())).status;
assert.deepEqual([await call(), await call()], [200, 429]);
assert.equal(app.get(commonJs.RollgateHealth).isReady(), true);
await assert.rejects(limiter.acquire({ api: 'b', account: 'acme' }), (error) => error instanceof UnknownApiError);
await app.close();
console.log('both forms are one');

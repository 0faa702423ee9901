export { type Balancer, type BalancerOptions, startBalancer } from './balancer.js';
export { findInstalledPostgres } from './embedded-postgres/binaries.js';
export { embeddedPostgresObstacle } from './embedded-postgres/run-as.js';
export {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from './embedded-postgres/server.js';
export { freePort } from './free-port.js';
export { ODD_SETTINGS, oddDatabaseSettings } from './odd-settings.js';
export { findPgBouncer, type PgBouncer, type PgBouncerOptions, startPgBouncer } from './pgbouncer.js';
export { inspectProcess, type ProcessFacts, stopProcess, waitUntilGone } from './processes.js';
export {
  type Call,
  type RollingRestart,
  type RollingRestartResult,
  restartOneByOne,
} from './rolling-restart.js';
export { type NodeProcess, type SpawnNodeOptions, spawnNode } from './spawn-node.js';
export { type ProxyMode, type ProxyTarget, startTcpProxy, type TcpProxy } from './tcp-proxy.js';
export { TestClock } from './test-clock.js';
export { createTestDatabase, type TestDatabase } from './test-database.js';
export { startTestServer, type TestServer, withDatabase } from './test-server.js';

export { findInstalledPostgres } from './embedded-postgres/binaries.js';
export { embeddedPostgresObstacle } from './embedded-postgres/run-as.js';
export {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from './embedded-postgres/server.js';
export { type EventToWrite, eventToWrite } from './event-to-write.js';
export { freePort } from './free-port.js';
export { untilSessionWaits } from './lock-wait.js';
export { ODD_SETTINGS, oddDatabaseSettings } from './odd-settings.js';
export { findPgBouncer, type PgBouncer, startPgBouncer } from './pgbouncer.js';
export { inspectProcess, stopProcess, waitUntilGone } from './processes.js';
export { CHROMIUM_FLAGS, ensureChromium } from './program/chromium.js';
export { installDebianPackage } from './program/debian-package.js';
export { documentProgram, documentText, settingsText } from './program/generated-document.js';
export { chosenNames, numberOption, parseOptions, typedCommand, UsageError } from './program/options.js';
export { Program } from './program/program.js';
export { restartOneByOne } from './rolling-restart.js';
export { type NodeProcess, spawnNode } from './spawn-node.js';
export { type ProxyMode, TcpProxy } from './tcp-proxy.js';
export { TestClock } from './test-clock.js';
export { createTestDatabase, type TestDatabase } from './test-database.js';
export { startTestServer, withDatabase } from './test-server.js';
export { TestTimers } from './test-timers.js';
export { until } from './until.js';

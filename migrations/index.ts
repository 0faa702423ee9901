export { readersOf } from './citus-readers.js';
export {
  type ConnectOptions,
  checkedDatabaseUrl,
  connect,
  DatabaseUnavailableError,
  describeDatabase,
} from './connect.js';
export { type DatabaseState, readDatabaseState } from './database-state.js';
export { type ExclusivePlan, makeExclusive, planExclusive } from './exclusive.js';
export { MIGRATIONS_OF_010 } from './from-0.1.0.js';
export {
  composeFunctions,
  type FunctionFile,
  readFunctionFiles,
  withFunctions,
} from './function-files.js';
export { GROUPS, MEMBERSHIP_OPTIONS_SINCE, MEMBERSHIPS, OWNER, type Purpose, type RoleMode } from './groups.js';
export { MigrationLockError } from './lock.js';
export { type LoginState, readLogins } from './login-state.js';
export {
  AUDITOR_SETTINGS,
  addLogin,
  ensureLogin,
  type NewLogin,
  removeLogin,
  setLoginPassword,
} from './logins.js';
export { type MigrateOptions, type Migration, migrate, migrations, pendingMigrations } from './migrate.js';
export { PreflightError, quoted } from './preflight.js';
export { readSql, sqlFolder } from './run-sql.js';

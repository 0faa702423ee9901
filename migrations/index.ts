export {
  type ConnectOptions,
  connect,
  DatabaseUnavailableError,
  describeDatabase,
  parseDatabaseUrl,
} from './connect.js';
export { MIGRATIONS_OF_010 } from './from-0.1.0.js';
export {
  composeFunctions,
  type FunctionFile,
  readFunctionFiles,
  withFunctions,
} from './function-files.js';
export { type MigrateOptions, migrate, migrations, pendingMigrations } from './migrate.js';
export { readSql, sqlFolder } from './run-sql.js';

export {
  type ConnectOptions,
  connect,
  DatabaseUnavailableError,
  describeDatabase,
  parseDatabaseUrl,
} from './connect.js';
export { type MigrateOptions, migrate, migrations, pendingMigrations } from './migrate.js';

/** The ratios that a benchmark reports, in order, and their goals. */

export interface Goal {
  readonly key: string;
  readonly label: string;
  /** Undefined: the ratio is reported without a goal. */
  readonly reach?: { readonly atLeast: number } | { readonly atMost: number };
}

export const GOALS: readonly Goal[] = [
  {
    key: 'rollgateOverRlfPostgres',
    label: 'Rollgate ÷ rate-limiter-flexible Postgres, uniform',
    reach: { atLeast: 20 },
  },
  { key: 'rollgateOverRlfPostgresZipf', label: 'Rollgate ÷ rate-limiter-flexible Postgres, Zipf' },
  { key: 'rollgateOverRlfRedis', label: 'Rollgate ÷ rate-limiter-flexible Redis, uniform', reach: { atLeast: 3 } },
  { key: 'rollgateOverRlfRedisZipf', label: 'Rollgate ÷ rate-limiter-flexible Redis, Zipf', reach: { atLeast: 5 } },
  { key: 'rollgateOverRlfRedisDurable', label: 'Rollgate ÷ rate-limiter-flexible durable Redis, uniform' },
  { key: 'rollgateOverRlfRedisDurableZipf', label: 'Rollgate ÷ rate-limiter-flexible durable Redis, Zipf' },
  { key: 'rollgateOverBareUpdate', label: 'Rollgate ÷ a bare row update in Postgres, uniform' },
  { key: 'rollgateOverBareUpdateZipf', label: 'Rollgate ÷ a bare row update in Postgres, Zipf' },
  { key: 'rollgateOverHeadUpdate', label: 'Rollgate ÷ an update of its own row by no rule, uniform' },
  { key: 'rollgateOverHeadUpdateZipf', label: 'Rollgate ÷ an update of its own row by no rule, Zipf' },
  { key: 'headUpdateOverBareUpdate', label: 'that update ÷ a bare row update, uniform' },
  { key: 'headUpdateOverBareUpdateZipf', label: 'that update ÷ a bare row update, Zipf' },
  { key: 'fixedWindowsBySecondOverBareUpdate', label: 'two fixed windows by second ÷ a bare row update, uniform' },
  { key: 'fixedWindowsBySecondOverBareUpdateZipf', label: 'two fixed windows by second ÷ a bare row update, Zipf' },
  { key: 'bareUpdateOverRlfRedis', label: 'a bare row update in Postgres ÷ rate-limiter-flexible Redis, uniform' },
  { key: 'bareUpdateOverRlfRedisZipf', label: 'a bare row update in Postgres ÷ rate-limiter-flexible Redis, Zipf' },
  { key: 'rollgateOverFixedWindows', label: 'Rollgate ÷ two fixed windows in Postgres, uniform' },
  { key: 'rollgateOverFixedWindowsZipf', label: 'Rollgate ÷ two fixed windows in Postgres, Zipf' },
  { key: 'fixedWindowsOverRlfRedis', label: 'two fixed windows in Postgres ÷ rate-limiter-flexible Redis, uniform' },
  { key: 'fixedWindowsOverRlfRedisZipf', label: 'two fixed windows in Postgres ÷ rate-limiter-flexible Redis, Zipf' },
  { key: 'fixedWindowsBySecondOverRlfRedis', label: 'the same, with units kept by second, uniform' },
  { key: 'fixedWindowsBySecondOverRlfRedisZipf', label: 'the same, with units kept by second, Zipf' },
  { key: 'rollgateOverThrottlerRedis', label: 'Rollgate ÷ @nestjs/throttler storage Redis, uniform' },
  { key: 'rollgateOverExpressPostgres', label: 'Rollgate ÷ express-rate-limit store Postgres, uniform' },
  { key: 'aloneOverRoundTrip', label: 'p50 of one caller ÷ SELECT 1 with a durable commit', reach: { atMost: 2 } },
  {
    key: 'aloneFirstOfMinuteOverRoundTrip',
    label: 'the same, first decision of a minute',
  },
  { key: 'bareUpdateAloneOverRoundTrip', label: 'p50 of one caller, bare row update ÷ SELECT 1 with a durable commit' },
  { key: 'aloneOverSelect1', label: 'p50 of one caller ÷ SELECT 1, which flushes nothing' },
  { key: 'deniedPerSecond', label: 'denied decisions/s, one subject', reach: { atLeast: 1_000_000 } },
  { key: 'deniedPerSecond10k', label: 'denied decisions/s, 10,000 subjects' },
  { key: 'deniedStatements', label: 'database statements during those denials, one subject', reach: { atMost: 0 } },
  {
    key: 'guardedOverUnguardedCpuFastify',
    label: "CPU time of the application's process per request, guarded ÷ unguarded, Fastify",
    reach: { atMost: 1.35 },
  },
  { key: 'waitingGuardOverUnguardedCpuFastify', label: 'the same, a guard that only waits 3 ms ÷ unguarded' },
  { key: 'throttlerMemoryOverUnguardedCpuFastify', label: 'the same, throttler in memory ÷ unguarded' },
  { key: 'throttlerRedisOverUnguardedCpuFastify', label: 'the same, throttler on Redis ÷ unguarded' },
  { key: 'guardedOverUnguardedFastify', label: 'HTTP guarded ÷ unguarded, Fastify', reach: { atLeast: 0.9 } },
  {
    key: 'guardedOverThrottlerMemoryFastify',
    label: 'HTTP guarded ÷ throttler in memory, Fastify',
    reach: { atLeast: 1 },
  },
  { key: 'emptyGuardOverUnguardedFastify', label: 'HTTP guard that always allows ÷ unguarded, Fastify' },
  { key: 'waitingGuardOverUnguardedFastify', label: 'HTTP guard that only waits 3 ms ÷ unguarded, Fastify' },
  { key: 'memoryGuardOverUnguardedFastify', label: 'HTTP Rollgate guard counting in memory ÷ unguarded, Fastify' },
  { key: 'guardedOverThrottlerRedisFastify', label: 'HTTP guarded ÷ throttler on Redis, Fastify' },
  {
    key: 'guardedOverUnguardedCpuExpress',
    label: "CPU time of the application's process per request, guarded ÷ unguarded, Express",
    reach: { atMost: 1.35 },
  },
  { key: 'waitingGuardOverUnguardedCpuExpress', label: 'the same, a guard that only waits 3 ms ÷ unguarded' },
  { key: 'throttlerMemoryOverUnguardedCpuExpress', label: 'the same, throttler in memory ÷ unguarded' },
  { key: 'throttlerRedisOverUnguardedCpuExpress', label: 'the same, throttler on Redis ÷ unguarded' },
  { key: 'guardedOverUnguardedExpress', label: 'HTTP guarded ÷ unguarded, Express' },
  {
    key: 'guardedOverThrottlerMemoryExpress',
    label: 'HTTP guarded ÷ throttler in memory, Express',
    reach: { atLeast: 1 },
  },
  { key: 'guardedOverThrottlerRedisExpress', label: 'HTTP guarded ÷ throttler on Redis, Express' },
  {
    key: 'tenMillionOverTenThousand',
    label: 'cost of a decision, 10 million ÷ 10 thousand subjects',
    reach: { atMost: 1.3 },
  },
  { key: 'tenMillionOverTenThousandTurning', label: 'the same, first decision of a minute' },
  { key: 'fullHourOverEmptyHour', label: 'cost of a decision, full hour ÷ empty hour', reach: { atMost: 1.3 } },
  { key: 'fullHourOverEmptyHourTurning', label: 'the same, first decision of a minute' },
  { key: 'twoInstancesOverOne', label: 'decisions/s, two instances ÷ one' },
  { key: 'fourInstancesOverOne', label: 'decisions/s, four instances ÷ one' },
  { key: 'eightNodesOverOneAt3ms', label: 'decisions/s, eight instances ÷ one, flushes 3 ms longer' },
  {
    key: 'eightNodesOverOneAt5ms',
    label: 'decisions/s, eight instances ÷ one, flushes 5 ms longer',
    reach: { atLeast: 3 },
  },
  {
    key: 'p50EightNodesAt3msMs',
    label: 'p50 of 8,000 calls/s over eight instances, flushes 3 ms longer, ms',
    reach: { atMost: 12 },
  },
  { key: 'p99EightNodesAt3msMs', label: 'p99 of the same, ms', reach: { atMost: 40 } },
  {
    key: 'fallbackShareEightNodesAt3ms',
    label: 'share of the same that was decided without the database',
    reach: { atMost: 0 },
  },
  { key: 'p99EightNodesAt3msTurningMs', label: 'p99 of the same, across the turn of a minute, ms' },
  { key: 'dayEndOverHourFour', label: 'size after a simulated day ÷ after its fourth hour', reach: { atMost: 1.1 } },
  {
    key: 'usageOfAccountMs',
    label: 'usage of one account, through SQL and the service, ms',
    reach: { atMost: 100 },
  },
  { key: 'nearLimitMs', label: 'subjects near a limit, ms', reach: { atMost: 1_000 } },
  { key: 'screenMs', label: "every other screen's first data, ms", reach: { atMost: 500 } },
  { key: 'findMs', label: 'find, ms', reach: { atMost: 500 } },
  { key: 'denialsHistogramMs', label: 'denials of a day, a week and a month, ms', reach: { atMost: 300 } },
  { key: 'topDeniedMs', label: 'accounts denied most today, ms' },
  { key: 'monthReportMs', label: 'a month of one account, ms', reach: { atMost: 50 } },
  { key: 'bytesPerEvent', label: 'bytes of a limit event, with indexes', reach: { atMost: 500 } },
  {
    key: 'megabytesPerMillionDays',
    label: 'MB of a million days of an account and an API',
    reach: { atMost: 150 },
  },
  {
    key: 'readIndexesCpu',
    label: 'database CPU of a decision, with the indexes for reads ÷ without',
    reach: { atMost: 1.05 },
  },
  { key: 'readIndexesCpuTurning', label: 'the same, first decision of a minute', reach: { atMost: 1.05 } },
  { key: 'readIndexesCpuNew', label: 'the same, first decision of a subject', reach: { atMost: 1.05 } },
  { key: 'readIndexesRate', label: 'decisions/s with the indexes for reads ÷ without' },
];

/** Whether a value reaches its goal; `undefined` if there is no goal. */
export function isReached({ reach }: Goal, value: number): boolean | undefined {
  if (reach === undefined) return undefined;
  return 'atLeast' in reach ? value >= reach.atLeast : value <= reach.atMost;
}

export function describeReach({ reach }: Goal): string {
  if (reach === undefined) return '';
  return 'atLeast' in reach ? `≥ ${reach.atLeast.toLocaleString('en')}` : `≤ ${reach.atMost.toLocaleString('en')}`;
}

/** All experiments, in the order they run. */
import { adminTransaction } from './admin-transaction.js';
import { brink } from './brink.js';
import { databaseClocks } from './database-clock.js';
import { diskFull } from './disk-full.js';
import { distant } from './distant.js';
import type { Experiment } from './experiment.js';
import { growing } from './growing.js';
import { idleRecovery } from './idle-recovery.js';
import { asynchronousStops, immediateStops } from './immediate-stops.js';
import { instanceClock } from './instance-clock.js';
import { killInstances } from './kill-instances.js';
import { lockHeld } from './lock-held.js';
import { millionSubjects } from './million-subjects.js';
import { mixedMergedCalls } from './mixed-merged-calls.js';
import { model } from './model.js';
import { blackHole, latency, resets } from './networks.js';
import { outOfTouch } from './out-of-touch.js';
import { overlap } from './overlap.js';
import { overload } from './overload.js';
import { partitionDrop } from './partition-drop.js';
import { stoppedBackend, stoppedInstance } from './pauses.js';
import { pgBouncer } from './pgbouncer.js';
import { platformSilent } from './platform-silent.js';
import { poison } from './poison.js';
import { poolExhausted } from './pool-exhausted.js';
import { reconnectStorm } from './reconnect-storm.js';
import { closedByOperator, passwordRotated } from './refusals.js';
import { restarts } from './restarts.js';
import { sqlstates } from './sqlstates.js';
import { staleOverride } from './stale-override.js';
import { standby } from './standby.js';
import { synchronousStandby } from './synchronous-standby.js';

export const EXPERIMENTS: readonly Experiment[] = [
  overload,
  model,
  mixedMergedCalls,
  lockHeld,
  killInstances,
  immediateStops,
  asynchronousStops,
  standby,
  synchronousStandby,
  ...databaseClocks,
  instanceClock,
  blackHole,
  growing,
  outOfTouch,
  platformSilent,
  stoppedBackend,
  stoppedInstance,
  latency,
  distant,
  resets,
  brink,
  overlap,
  sqlstates,
  poolExhausted,
  reconnectStorm,
  restarts,
  idleRecovery,
  passwordRotated,
  closedByOperator,
  poison,
  millionSubjects,
  adminTransaction,
  partitionDrop,
  staleOverride,
  pgBouncer,
  diskFull,
];

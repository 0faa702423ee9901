import { fileURLToPath } from 'node:url';
import { spawnNode } from '@rollgate/testing';
import type { CrowdJob, CrowdResult } from '../instance/crowd.js';
import { queryOnce } from '../lab/server.js';
import type { Experiment } from './experiment.js';

const PROGRAM = fileURLToPath(new URL('../../dist/instance/crowd.js', import.meta.url));
const MOST_MB = 64;
/** Of a second of load: a million takes about a minute. */
const SUBJECTS_A_SECOND = 20_000;

export const millionSubjects: Experiment = {
  name: 'million-subjects',
  what: 'a million subjects at one instance, and limited ones among them: its memory is bounded, limited ones stay limited',
  seconds: 50,
  async run({ lab, seconds, name }) {
    const server = await lab.shared();
    const databaseUrl = await server.database(name.replaceAll('-', '_'));
    const subjects = Math.min(1_000_000, Math.round(seconds * SUBJECTS_A_SECOND));
    const job: CrowdJob = { databaseUrl, subjects };
    const child = await spawnNode({ script: PROGRAM, args: [JSON.stringify(job)] });
    lab.atEnd(() => child.kill('SIGKILL'));
    const found = JSON.parse(await child.waitForLine(/^\{/, 600_000)) as CrowdResult;
    await child.exited;
    const [row] = await queryOnce<{ n: string; units: string }>(
      databaseUrl,
      'SELECT count(*) AS n, sum(total) AS units FROM rollgate.counter',
    );
    const { admitted, calls, worstMs, heapMb, residentMb, released } = found;
    return {
      history: { calls: [], statements: [], mishaps: [] },
      safe: { limits: { perMinute: 0, perHour: 0 } },
      faults: { subjects: Number(row?.n), 'denials of limited ones': found.deniedAgain },
      claims: [
        {
          what: `${MOST_MB} MB more at most (${heapMb} MB of heap, ${residentMb} MB resident)`,
          holds: residentMb <= MOST_MB,
        },
        { what: `limited ones stay limited (${released} were let through)`, holds: released === 0 },
        {
          what: `what was admitted is counted (${admitted}, found ${row?.units})`,
          holds: Number(row?.units) === admitted,
        },
      ],
      notes: [
        `${heapMb} MB of heap and ${residentMb} MB resident more after ${subjects.toLocaleString('en')} subjects`,
      ],
      uncounted: { calls, admitted, worstMs },
    };
  },
};

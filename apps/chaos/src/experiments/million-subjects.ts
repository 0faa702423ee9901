import { fileURLToPath } from 'node:url';
import { spawnNode } from '@rollgate/testing';
import type { CrowdJob, CrowdResult } from '../instance/crowd.js';
import { queryOnce } from '../lab/server.js';
import type { Experiment } from './experiment.js';

const PROGRAM = fileURLToPath(new URL('../../dist/instance/crowd.js', import.meta.url));
const MOST_MB = 64;
/** A million subjects take about a minute. */
const SUBJECTS_A_SECOND = 20_000;

export const millionSubjects: Experiment = {
  name: 'million-subjects',
  what: 'One instance sees a million subjects, some of them at their limit; its memory stays bounded, and the limited ones stay limited',
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
    const { allowed, calls, worstMs, heapMb, residentMb, released } = found;
    return {
      history: { calls: [], statements: [], mishaps: [] },
      safe: { limits: { perMinute: 0, perHour: 0 } },
      faults: { subjects: Number(row?.n), 'denials of limited subjects': found.deniedAgain },
      claims: [
        {
          what: `memory grows by at most ${MOST_MB} MB (heap ${heapMb} MB, resident ${residentMb} MB)`,
          holds: residentMb <= MOST_MB,
        },
        { what: `limited subjects stay limited (${released} calls were allowed)`, holds: released === 0 },
        {
          what: `the database counts the allowed units (${row?.units} of ${allowed})`,
          holds: Number(row?.units) === allowed,
        },
      ],
      notes: [
        `after ${subjects.toLocaleString('en')} subjects the heap has grown by ${heapMb} MB and resident memory by ${residentMb} MB`,
      ],
      uncounted: { calls, allowed, worstMs },
    };
  },
};

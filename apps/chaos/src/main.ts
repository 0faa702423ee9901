/**
 * Program: the fault experiments.
 *
 * Invariant: everything it started is stopped, however it ends. An orderly end stops instances and servers and removes the folder.
 * Otherwise instances end when their stdin closes, and watchdogs stop the servers.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, platform, release } from 'node:os';
import { Program } from '@rollgate/testing';
import { runExperiment } from './experiments/judge.js';
import { EXPERIMENTS } from './experiments/registry.js';
import { Lab } from './lab/lab.js';
import { DURABLE } from './lab/server.js';
import { HELP, type Options, RESULTS_FILE, readOptions } from './options.js';
import { Random } from './random.js';
import { DOCUMENT, reliabilityDocument } from './report/document.js';
import { printed } from './report/print.js';
import { type Result, type Results, resultsText } from './report/results.js';

const program = new Program();

process.exitCode = await program.run(async () => {
  const options = readOptions(process.argv.slice(2));
  if (!options.help) return await chaos(options);
  process.stdout.write(HELP);
  return 0;
});

/** Resolves to the exit code: 0 if no experiment failed. */
async function chaos(options: Options): Promise<number> {
  const lab = new Lab((line) => void process.stderr.write(`${line}\n`));
  program.closeOnSignals(() => lab.close());
  try {
    const results = await run(options, lab);
    process.stdout.write(printed(results));
    return results.experiments.some(({ verdict }) => verdict === 'failed') ? 1 : 0;
  } finally {
    await lab.close();
  }
}

async function run({ experiments, seed, seconds, command }: Options, lab: Lab): Promise<Results> {
  const startedAt = Date.now();
  const server = await lab.shared();
  const [version] = await server.query<{ server_version: string }>('SHOW server_version');
  const found: Result[] = [];
  const results = (): Results => ({
    command,
    date: new Date(startedAt).toISOString(),
    tookSeconds: Math.round((Date.now() - startedAt) / 1000),
    machine: { cpu: cpus()[0]?.model.trim() ?? 'unknown', cores: cpus().length, system: `${platform()} ${release()}` },
    versions: { node: process.versions.node, postgres: version?.server_version ?? '' },
    settings: DURABLE,
    experiments: found,
  });
  for (const experiment of experiments) {
    lab.progress(`${experiment.name}: ${experiment.what}`);
    const { name } = experiment;
    const setting = { lab, seed, random: new Random(seed), seconds: seconds ?? experiment.seconds, name };
    const result = await runExperiment(experiment, setting);
    if (program.isStopping) throw new Error('stopped');
    lab.progress(`  ${result.verdict} after ${result.tookSeconds} s${result.why === '' ? '' : `: ${result.why}`}`);
    found.push(result);
    // Write the results after each experiment, so that an interrupted run is not lost.
    keep(results());
  }
  return results();
}

function keep(results: Results): void {
  const all = { ...results, experiments: withEarlier(results.experiments) };
  writeFileSync(RESULTS_FILE, resultsText(all));
  writeFileSync(DOCUMENT, reliabilityDocument(all));
}

/** Adds the earlier results of experiments that did not run. */
function withEarlier(found: readonly Result[]): Result[] {
  const earlier = existsSync(RESULTS_FILE)
    ? (JSON.parse(readFileSync(RESULTS_FILE, 'utf8')) as Results).experiments
    : [];
  return EXPERIMENTS.flatMap(({ name }) => [...found, ...earlier].find((one) => one.name === name) ?? []);
}

/**
 * Program: the benchmark.
 *
 * Invariant: everything it started is stopped, however it ends. An orderly end stops measurements and servers. Otherwise measurements
 * end when their stdin closes, and watchdogs stop the servers.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { Program } from '@rollgate/testing';
import { ACCOUNTS, SUBJECTS, ZIPF_EXPONENT } from './load/traffic.js';
import { describeMachine, packageVersions } from './machine.js';
import { HELP, type Options, readOptions, SECTION_NAMES, type SectionName } from './options.js';
import { GOALS } from './report/goals.js';
import { printed } from './report/print.js';
import { type Results, resultsText, type SectionResult } from './report/results.js';
import { type Bench, CALLERS } from './sections/bench.js';
import { bytes } from './sections/bytes.js';
import { decisions } from './sections/decisions.js';
import { denied } from './sections/denied.js';
import { growth } from './sections/growth.js';
import { http } from './sections/http.js';
import { latency } from './sections/latency.js';
import { nodes } from './sections/nodes.js';
import { reads } from './sections/reads.js';
import { POSTGRES_SETTINGS } from './servers/postgres.js';
import { Servers } from './servers/servers.js';

const SECTIONS: Readonly<Record<SectionName, (bench: Bench) => Promise<SectionResult>>> = {
  decisions,
  latency,
  denied,
  http,
  growth,
  nodes,
  bytes,
  reads,
};

/** A quick run may take a minute. After this many seconds it skips parts that no speed goal needs. */
const LATE_SECONDS = 42;

const LAST_SECTIONS: ReadonlySet<SectionName> = new Set(['nodes', 'bytes', 'reads']);

const program = new Program();

process.exitCode = await program.run(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(HELP);
  else await bench(options);
  return 0;
});

async function bench(options: Options): Promise<void> {
  const progress = (line: string) => void process.stderr.write(`${line}\n`);
  const servers = await Servers.open(progress);
  program.closeOnSignals(() => servers.close());
  try {
    const lateAt = performance.now() + LATE_SECONDS * 1000;
    const late = () => options.plan.quick && performance.now() > lateAt;
    const measured = await measure(options, { plan: options.plan, servers, late, progress });
    const results = options.add ? withOthers(measured, JSON.parse(readFileSync(options.out, 'utf8'))) : measured;
    writeFileSync(options.out, resultsText(results));
    process.stdout.write(printed(results));
    if (options.json) process.stdout.write(`${JSON.stringify(results)}\n`);
  } finally {
    await servers.close();
  }
}

async function measure(options: Options, setting: Bench): Promise<Results> {
  const startedAt = Date.now();
  const { servers, plan, progress } = setting;
  const machine = describeMachine(servers.folder);
  if (machine.fileSystem === 'tmpfs')
    progress(
      `${servers.folder} is in memory, where nothing is durable and a flush costs nothing. Set TMPDIR to a folder on a disk.`,
    );
  const sections: Record<string, SectionResult> = {};
  for (const name of SECTION_NAMES.filter((known) => options.sections.includes(known))) {
    if (LAST_SECTIONS.has(name) && options.sections.length > 1 && setting.late()) {
      progress(`${name}: skipped, because the minute of a quick run is nearly over`);
      continue;
    }
    progress(`${name}:`);
    sections[name] = await SECTIONS[name](setting);
  }
  return {
    command: options.command,
    date: new Date(startedAt).toISOString(),
    tookSeconds: Math.round((Date.now() - startedAt) / 1000),
    quick: plan.quick,
    machine,
    versions: { ...packageVersions(), ...(await servers.versions()) },
    settings: {
      rounds: plan.rounds,
      seconds: plan.seconds,
      warmUpSeconds: plan.warmUpSeconds,
      callers: CALLERS,
      subjects: SUBJECTS,
      accounts: ACCOUNTS,
      zipfExponent: ZIPF_EXPONENT,
      postgres: POSTGRES_SETTINGS,
      redis: await servers.redisPersistence(),
    },
    sections,
    ratios: medians(sections),
  };
}

/** The sections of an earlier run, and those of this run in addition. */
function withOthers({ sections, command, date, tookSeconds }: Results, earlier: Results): Results {
  const added = Object.entries(sections).map(([name, section]) => [
    name,
    { ...section, added: { command, date, tookSeconds } },
  ]);
  const together = { ...earlier.sections, ...Object.fromEntries(added) };
  return { ...earlier, sections: together, ratios: medians(together) };
}

/** The medians of all ratios, in the order of the goals. */
function medians(sections: Readonly<Record<string, SectionResult>>): Record<string, number> {
  const found = Object.values(sections).flatMap(({ ratios }) => Object.entries(ratios));
  const order = new Map(GOALS.map(({ key }, i) => [key, i]));
  found.sort(([a], [b]) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  return Object.fromEntries(found.map(([key, { median }]) => [key, median]));
}

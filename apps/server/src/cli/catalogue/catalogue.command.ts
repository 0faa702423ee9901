/** The catalogue in the database: reading it, and registering the APIs of a file. */
import { Catalogue, visibleText } from '@rollgate/contract';
import { type CatalogueChange, registerCatalogue } from '@rollgate/limiter';
import type { Command } from 'commander';
import type { DataSource } from 'typeorm';
import { type ApiView, readApis } from '../../policy/catalogue/api-rows.js';
import { atDatabase, userName } from '../at-database.js';
import { type Cli, printJson } from '../cli.js';
import { diffLines, summaryOf } from './catalogue-diff.js';
import { type CatalogueFile, readCatalogueFile } from './catalogue-file.js';
import { SAMPLES } from './sample.js';

interface Flags {
  readonly json?: true;
}

const FILE_HELP = `
The file names the application and lists groups of APIs. An API has the level, limits and scope of its group unless it sets its own:

  application: shop
  groups:
    - id: orders
      title: Orders
      level: [user]                            # what is counted: 1 to 8 dimensions
      limits: { perMinute: 60, perHour: 1800 }
      scope: api                               # group: all APIs of the group are counted together
      apis:
        - { id: place-order, title: Place an order }
        - { id: search, title: Search, level: [ip], message: Please search less often. }

Applying a file replaces the list of its application. APIs that it no longer lists are retired.
`;

const RETIRE_HELP = `
APIs that another application also registers stay in use. Retired APIs keep their history, counts and overrides.
An instance of the application that still runs, or starts again, registers its APIs again at its next start.
`;

export function addCatalogue(program: Command, cli: Cli): void {
  const catalogue = program.command('catalogue').description('the APIs and their default limits');
  catalogue
    .command('list')
    .description('list every API with its limits and the applications that register it')
    .option('--json', 'print JSON')
    .action((flags: Flags) => list(cli, flags));
  catalogue
    .command('show')
    .description('show one API')
    .argument('<api>', 'ID of the API')
    .option('--json', 'print JSON')
    .action((api: string, flags: Flags) => show(cli, api, flags));
  catalogue
    .command('plan')
    .description('show what applying a catalogue file would change; exit code 2 if it would change anything')
    .argument('<file>', 'a YAML file')
    .option('--json', 'print JSON')
    .addHelpText('after', FILE_HELP)
    .action((file: string, flags: Flags) => plan(cli, readCatalogueFile(file), flags));
  catalogue
    .command('apply')
    .description('register the APIs of a catalogue file, all or none')
    .argument('<file>', 'a YAML file')
    .option('--json', 'print JSON')
    .addHelpText('after', FILE_HELP)
    .action((file: string, flags: Flags) => apply(cli, readCatalogueFile(file), flags));
  catalogue
    .command('load')
    .description(`register a sample catalogue: ${[...SAMPLES.keys()].join(', ')}`)
    .argument('<name>', 'name of the sample')
    .option('--json', 'print JSON')
    .action((name: string, flags: Flags) => apply(cli, sampleOf(name), flags));
  addApplications(catalogue, cli);
}

function addApplications(catalogue: Command, cli: Cli): void {
  catalogue
    .command('applications')
    .description('list the applications that register APIs')
    .option('--json', 'print JSON')
    .action((flags: Flags) => applications(cli, flags));
  catalogue
    .command('retire')
    .description('retire the APIs of an application that no longer runs')
    .argument('<application>', 'its name, as "catalogue applications" prints it')
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', RETIRE_HELP)
    .action((application: string, flags: Flags & { dryRun?: true }) => retire(cli, application, flags));
}

function sampleOf(name: string): CatalogueFile {
  const sample = SAMPLES.get(name);
  if (sample === undefined) {
    throw new Error(`there is no sample "${name}"; samples: ${[...SAMPLES.keys()].join(', ')}`);
  }
  return sample;
}

async function list(cli: Cli, { json }: Flags): Promise<void> {
  const apis = await atDatabase(cli, [], (database) => readApis(database));
  if (json) return printJson(cli, apis);
  if (apis.length === 0) cli.out('No application has registered an API yet.\n');
  for (const api of apis) cli.out(`${visibleText(lineOf(api))}\n`);
}

function lineOf({ api, level, limits, group, scope, owners, retiredAt, edited, shadow }: ApiView): string {
  return [
    api.padEnd(32),
    `[${level.join(', ')}]`.padEnd(18),
    `${limits.perMinute}/min ${limits.perHour}/h`.padEnd(20),
    `${group}${scope === 'group' ? ' (counted together)' : ''}`,
    retiredAt === null ? owners.join(', ') : `retired ${retiredAt}`,
    edited ? 'edited' : '',
    shadow ? 'shadow' : '',
  ]
    .filter(Boolean)
    .join('  ');
}

async function show(cli: Cli, id: string, { json }: Flags): Promise<void> {
  const apis = await atDatabase(cli, [], (database) => readApis(database));
  const found = apis.find(({ api }) => api === id);
  if (found === undefined) throw new Error(`there is no API "${id}"`);
  if (json) return printJson(cli, found);
  const { perMinute, perHour } = found.limits;
  const lines = {
    api: found.api,
    title: found.title,
    group: `${found.group} (${found.groupTitle})`,
    'counted by': `${found.level.join(', ')}${found.scope === 'group' ? ', together with its group' : ''}`,
    limits: `${perMinute} per minute, ${perHour} per hour${found.edited ? ' (edited)' : ''}`,
    registered: `${found.shipped.perMinute} per minute, ${found.shipped.perHour} per hour`,
    'registered by': found.retiredAt === null ? found.owners.join(', ') : `no application: retired ${found.retiredAt}`,
    message: found.message,
    enforcement: found.shadow ? 'shadow: denials are only recorded' : 'enforced',
    changed: `${found.changedAt} by ${found.changedBy}, version ${found.version}`,
  };
  for (const [name, value] of Object.entries(lines)) cli.out(`${`${name}:`.padEnd(15)}${visibleText(value)}\n`);
}

async function plan(cli: Cli, file: CatalogueFile, { json }: Flags): Promise<void> {
  const changes = await register(cli, file, { keep: false });
  if (changes.length > 0) cli.found = 'changes';
  if (json) return printJson(cli, changes);
  for (const line of diffLines(changes)) cli.out(`${line}\n`);
  cli.out(changes.length === 0 ? 'Nothing would change.\n' : `${summaryOf(changes)}.\n`);
}

async function apply(cli: Cli, file: CatalogueFile, { json }: Flags): Promise<void> {
  const changes = await register(cli, file, { keep: true });
  if (json) return printJson(cli, changes);
  for (const line of diffLines(changes)) cli.out(`${line}\n`);
  cli.out(changes.length === 0 ? 'Nothing changed.\n' : `Registered for ${file.application}.\n`);
}

interface ApplicationView {
  readonly application: string;
  readonly apis: number;
  readonly since: string;
}

async function readApplications(database: DataSource): Promise<ApplicationView[]> {
  return await database.query(
    `SELECT application, count(*)::int AS apis, rollgate.utc(min(registered_at)) AS since FROM rollgate.catalogue_owner
     GROUP BY application ORDER BY application`,
  );
}

async function applications(cli: Cli, { json }: Flags): Promise<void> {
  const found = await atDatabase(cli, [], readApplications);
  if (json) return printJson(cli, found);
  if (found.length === 0) cli.out('No application has registered an API yet.\n');
  for (const { application, apis, since } of found) {
    cli.out(`${visibleText(application).padEnd(32)}  ${String(apis).padStart(5)} APIs  since ${since}\n`);
  }
}

async function retire(cli: Cli, application: string, { dryRun, json }: Flags & { dryRun?: true }): Promise<void> {
  const known = await atDatabase(cli, [], readApplications);
  if (!known.some((one) => one.application === application)) {
    const names = known.map((one) => one.application).join(', ');
    throw new Error(`no application "${application}" registers APIs${names === '' ? '' : `; applications: ${names}`}`);
  }
  const changes = await register(cli, { application, catalogue: new Catalogue([]) }, { keep: dryRun === undefined });
  if (json) return printJson(cli, changes);
  for (const line of diffLines(changes)) cli.out(`${line}\n`);
  if (changes.length === 0) cli.out('Other applications register all of its APIs, so none is retired.\n');
  cli.out(dryRun ? 'Nothing was changed.\n' : `"${visibleText(application)}" registers no API any more.\n`);
}

/** Registers the file's APIs in one transaction, which is rolled back unless `keep`. */
async function register(
  cli: Cli,
  { application, catalogue }: CatalogueFile,
  { keep }: { keep: boolean },
): Promise<CatalogueChange[]> {
  const by = { actor: `cli:${userName()}`, role: 'admin' };
  return await atDatabase(cli, [], async (database: DataSource) => {
    const runner = database.createQueryRunner();
    const query = async (text: string, values: unknown[]) => ({
      rows: (await runner.query(text, values)) as unknown[],
    });
    try {
      await runner.startTransaction();
      const changes = await registerCatalogue({ query }, { application, catalogue, by });
      if (keep) await runner.commitTransaction();
      return changes;
    } finally {
      if (runner.isTransactionActive) await runner.rollbackTransaction();
      await runner.release();
    }
  });
}

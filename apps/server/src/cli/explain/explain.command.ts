import type { Command } from 'commander';
import { readDatabaseAddress } from '../../settings.js';
import { type Cli, printJson } from '../cli.js';
import { AuditorSession } from '../sql/auditor-session.js';

export function addExplain(program: Command, cli: Cli): void {
  program
    .command('explain')
    .description('explain a denial (denialId in the 429 response)')
    .argument('<id>', 'ID of a denial or of a limit event')
    .option('--json', 'print JSON')
    .action((id: string, flags: { readonly json?: true }) => runExplain(cli, id, flags));
}

async function runExplain(cli: Cli, id: string, { json }: { readonly json?: true }): Promise<void> {
  const session = new AuditorSession(readDatabaseAddress(cli.environment));
  await session.open();
  try {
    const { rows } = await session.run('SELECT sentence, to_jsonb(e) FROM rollgate_audit.explain_denial($1) e', [id]);
    const [sentence, facts] = rows[0] ?? [];
    if (facts == null) throw new Error(`there is no denial "${id}" on record`);
    if (json) printJson(cli, JSON.parse(facts));
    else cli.out(`${sentence}\n`);
  } finally {
    await session.close();
  }
}

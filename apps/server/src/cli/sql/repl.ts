/** Statements typed or piped in. A statement ends with `;`. A line that starts with `\` is a command of this program. */
import { createInterface } from 'node:readline';
import type { Cli } from '../cli.js';
import { type AuditorSession, StatementError } from './auditor-session.js';
import { describe } from './describe.js';
import { FORMATS, type Format, printed } from './print-rows.js';
import { splitStatements } from './statements.js';

const HELP = `\\d            views and functions
\\d <view>     columns of a view
\\format <f>   table, csv or json
\\q            quit
a statement ends with ; and Ctrl-C ends one that runs
`;

export interface ReplOptions {
  readonly cli: Cli;
  readonly session: AuditorSession;
  readonly format: Format;
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
}

/** Runs until `\q` or the end of the input. If the input is piped, the first error ends it. @throws StatementError then */
export async function repl({ cli, session, format: first, input }: ReplOptions): Promise<void> {
  const typed = input.isTTY === true;
  const lines = createInterface({ input, ...(typed && { output: process.stdout, terminal: true }) });
  let format = first;
  let pending = '';
  let running = false;

  const prompt = () => {
    if (!typed) return;
    lines.setPrompt(pending === '' ? 'audit=> ' : 'audit-> ');
    lines.prompt();
  };
  lines.on('SIGINT', () => {
    if (running) return void session.cancel().catch(() => undefined);
    pending = '';
    cli.out('\n');
    prompt();
  });
  const attempt = async (work: () => Promise<string>): Promise<void> => {
    running = true;
    try {
      cli.out(await work());
    } catch (error) {
      if (!typed || !(error instanceof StatementError)) throw error;
      cli.err(`${error.message}\n`);
    } finally {
      running = false;
    }
  };

  if (typed) cli.out('Read-only, as rollgate_auditor. \\d lists what there is to read, \\? helps, \\q quits.\n');
  prompt();
  try {
    for await (const line of lines) {
      const [command, name = ''] = line.trim().split(/\s+/, 2);
      if (pending === '' && command?.startsWith('\\')) {
        if (command === '\\q') break;
        if (command === '\\d') {
          await attempt(async () => {
            const found = await describe(session, name);
            return found === undefined ? `there is no view "${name}"\n` : printed(found, format);
          });
        } else if (command === '\\format' && (FORMATS as readonly string[]).includes(name)) format = name as Format;
        else cli.out(HELP);
      } else {
        const { statements, rest } = splitStatements(`${pending}${line}\n`);
        pending = rest;
        for (const statement of statements) await attempt(async () => printed(await session.run(statement), format));
      }
      prompt();
    }
  } finally {
    // An input that stays open does not keep the process running once it is paused.
    lines.close();
  }
  if (!typed && pending.trim() !== '') cli.out(printed(await session.run(pending), format));
}

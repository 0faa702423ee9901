/** Statements typed or piped in. A statement ends with `;`. A line that starts with `\` is a command of this program. */
import { createInterface, type Interface } from 'node:readline';
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
export async function repl(options: ReplOptions): Promise<void> {
  await new Repl(options).run();
}

class Repl {
  readonly #cli: Cli;
  readonly #session: AuditorSession;
  /** A person types at a terminal. */
  readonly #typed: boolean;
  readonly #lines: Interface;
  #format: Format;
  /** The beginning of a statement that has not ended yet. */
  #pending = '';
  #running = false;

  constructor({ cli, session, format, input }: ReplOptions) {
    this.#cli = cli;
    this.#session = session;
    this.#format = format;
    this.#typed = input.isTTY === true;
    this.#lines = createInterface({ input, ...(this.#typed && { output: process.stdout, terminal: true }) });
  }

  async run(): Promise<void> {
    this.#lines.on('SIGINT', () => this.#interrupt());
    if (this.#typed)
      this.#cli.out('Read-only, as rollgate_auditor. \\d lists what there is to read, \\? helps, \\q quits.\n');
    this.#prompt();
    try {
      for await (const line of this.#lines) {
        const [command = '', name = ''] = line.trim().split(/\s+/, 2);
        const isCommand = this.#pending === '' && command.startsWith('\\');
        if (isCommand && command === '\\q') break;
        await (isCommand ? this.#obey(command, name) : this.#read(line));
        this.#prompt();
      }
    } finally {
      // An input that stays open does not keep the process running once it is paused.
      this.#lines.close();
    }
    if (!this.#typed && this.#pending.trim() !== '') this.#cli.out(await this.#answer(this.#pending));
  }

  #prompt(): void {
    if (!this.#typed) return;
    this.#lines.setPrompt(this.#pending === '' ? 'audit=> ' : 'audit-> ');
    this.#lines.prompt();
  }

  #interrupt(): void {
    if (this.#running) return void this.#session.cancel().catch(() => undefined);
    this.#pending = '';
    this.#cli.out('\n');
    this.#prompt();
  }

  async #obey(command: string, name: string): Promise<void> {
    const format = FORMATS.find((each) => each === name);
    if (command === '\\d') await this.#attempt(() => this.#describe(name));
    else if (command === '\\format' && format !== undefined) this.#format = format;
    else this.#cli.out(HELP);
  }

  async #read(line: string): Promise<void> {
    const { statements, rest } = splitStatements(`${this.#pending}${line}\n`);
    this.#pending = rest;
    for (const statement of statements) await this.#attempt(() => this.#answer(statement));
  }

  async #describe(name: string): Promise<string> {
    const found = await describe(this.#session, name);
    return found === undefined ? `there is no view "${name}"\n` : printed(found, this.#format);
  }

  async #answer(statement: string): Promise<string> {
    return printed(await this.#session.run(statement), this.#format);
  }

  async #attempt(work: () => Promise<string>): Promise<void> {
    this.#running = true;
    try {
      this.#cli.out(await work());
    } catch (error) {
      if (!this.#typed || !(error instanceof StatementError)) throw error;
      this.#cli.err(`${error.message}\n`);
    } finally {
      this.#running = false;
    }
  }
}

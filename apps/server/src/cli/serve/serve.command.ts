import type { Command } from 'commander';

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('run the service until SIGTERM or SIGINT; it does not migrate: run "rollgate migrate" first')
    // Importing the module starts the program: it listens for signals at once and ends the process itself.
    .action(async () => void (await import('../../main.js')));
}

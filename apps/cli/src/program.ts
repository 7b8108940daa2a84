import { readFileSync } from 'node:fs';
import process from 'node:process';
import { Command, CommanderError } from 'commander';
import { isCdcError } from '@cdc-demo/cdc-core';
import { exitCode } from '@cdc-demo/pipeline-runner';
import { resyncCommand } from './commands/resync.ts';
import { runCommand } from './commands/run.ts';
import { tableCommand, tableExitCode } from './commands/table.ts';

/** Exit code of wrong arguments, like that of a wrong configuration. */
const USAGE = 2;

/** The command line; `main` gives the exit code and never throws for the world's doings. */
export function createProgram(): { main(args: readonly string[]): Promise<number> } {
  return {
    async main(args) {
      const program = build();
      try {
        await program.parseAsync(args, { from: 'user' });
        return 0;
      } catch (error) {
        if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
        process.stderr.write(explain(error));
        return args[0] === 'table' ? tableExitCode(error) : exitCode(error);
      }
    },
  };
}

function build(): Command {
  const manifest = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  ) as { readonly version: string };
  const program = new Command('cdc-demo')
    .description('Change data capture from databases to lakehouse tables')
    .version(manifest.version)
    // `--version` behind a command is that command's own.
    .enablePositionalOptions()
    .addCommand(runCommand())
    .addCommand(tableCommand())
    .addCommand(resyncCommand());
  for (const command of [
    program,
    ...program.commands,
    ...program.commands.flatMap((c) => c.commands),
  ]) {
    command.showHelpAfterError('(add --help for what is possible)').exitOverride();
  }
  return program;
}

function explain(error: unknown): string {
  if (isCdcError(error)) return `error: ${error.message}\nremedy: ${error.remedy}\n`;
  return `error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
}

import { Command } from 'commander';
import { isCdcError } from '@cdc-demo/cdc-core';
import { DeltaTable } from '@cdc-demo/delta';
import { printJson } from '../print-json.ts';
import { printRows } from '../print-rows.ts';
import { cutCommand } from './cut.ts';
import { changesCommand, diffCommand, verifyCommand } from './feed.ts';
import { choice, count, withOutput, withUri, withVersion } from './table-arguments.ts';
import type { At, Output } from './table-arguments.ts';
import { cleanLogCommand, optimizeCommand, vacuumCommand } from './upkeep.ts';

interface Filtered {
  readonly where?: string;
}

interface RowFlags extends At, Output, Filtered {
  readonly columns?: readonly string[];
}

const WHERE = "only rows for which it is true, as in SQL: id > 5 AND name LIKE 'A%'";

/** The exit code of a `table` command that ended with `error`. */
export function tableExitCode(error: unknown): number {
  if (!isCdcError(error)) return 2;
  return error.code === 'delta/not-a-table' ? 1 : error.code === 'delta/feed-untrue' ? 3 : 2;
}

export function tableCommand(): Command {
  return new Command('table')
    .description('Read and look after any Delta table, whoever wrote it')
    .addCommand(infoCommand())
    .addCommand(rowsCommand())
    .addCommand(changesCommand())
    .addCommand(historyCommand())
    .addCommand(filesCommand())
    .addCommand(diffCommand())
    .addCommand(verifyCommand())
    .addCommand(cutCommand())
    .addCommand(optimizeCommand())
    .addCommand(vacuumCommand())
    .addCommand(cleanLogCommand())
    .addHelpText(
      'after',
      `
Examples:
  $ cdc-demo table info data/lake/public/customers
  $ cdc-demo table rows data/lake/public/customers --version 3 --format table
  $ cdc-demo table rows data/lake/public/customers --where "id >= 100 AND name LIKE 'A%'"
  $ cdc-demo table changes data/lake/public/customers --from 0 --to 5
  $ cdc-demo table changes data/lake/public/customers --track customers.place
  $ cdc-demo table diff data/lake/public/customers --from 3 --to 5 --format table
  $ cdc-demo table verify data/lake/public/customers --every-version
  $ cdc-demo table vacuum data/lake/public/customers --dry-run
  $ cdc-demo table cut --config cdc-demo.yaml --at 2026-01-31T12:00:00Z

Exit codes: 0 done; 1 not a table; 2 unreadable, or wrong arguments; 3 verify: the feed is not true`,
    );
}

function infoCommand(): Command {
  const command = new Command('info').description('Version, schema, size, features and position');
  return withVersion(withUri(command)).action(async (uri: string, flags: At) => {
    const table = await DeltaTable.open(uri);
    printJson(await table.info(choice(flags)));
  });
}

function rowsCommand(): Command {
  const command = new Command('rows').description('The rows of a version, one JSON object a line');
  return withOutput(withVersion(withUri(command)))
    .option('--columns <names...>', 'only these columns')
    .option('--where <predicate>', WHERE)
    .action(async (uri: string, flags: RowFlags) => {
      const { columns, where } = flags;
      const table = await DeltaTable.open(uri);
      await printRows(table.rows({ ...choice(flags), columns, where }), flags);
    });
}

function historyCommand(): Command {
  const command = new Command('history').description(
    'The commits of the table, newest first, one JSON object a line',
  );
  return withUri(command)
    .option('--limit <n>', 'at most so many', count)
    .action(async (uri: string, { limit = Infinity }: { readonly limit?: number }) => {
      const table = await DeltaTable.open(uri);
      let left = limit;
      for await (const entry of table.history()) {
        if (left-- <= 0) break;
        printJson(entry);
      }
    });
}

function filesCommand(): Command {
  const command = new Command('files').description(
    'The data files of a version, one JSON object a line',
  );
  return withVersion(withUri(command))
    .option('--where <predicate>', 'only files that may hold a row for which it is true')
    .action(async (uri: string, flags: At & Filtered) => {
      const table = await DeltaTable.open(uri);
      const { where } = flags;
      for await (const file of table.files({ ...choice(flags), where })) printJson(file);
    });
}

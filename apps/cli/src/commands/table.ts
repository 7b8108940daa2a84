import { Command } from 'commander';
import { isCdcError } from '@cdc-demo/cdc-core';
import type { ContentFile } from '@cdc-demo/iceberg';
import { printJson } from '../print-json.ts';
import { printRows } from '../print-rows.ts';
import { cutCommand } from './cut.ts';
import { changesCommand, diffCommand, verifyCommand } from './feed.ts';
import { openTable } from './open-table.ts';
import { branchCommand, tagCommand } from './refs.ts';
import {
  choice,
  count,
  snapshotChoice,
  withOutput,
  withRef,
  withUri,
  withVersion,
} from './table-arguments.ts';
import type { At, Output, Ref } from './table-arguments.ts';
import { cleanLogCommand, expireCommand, optimizeCommand, vacuumCommand } from './upkeep.ts';

interface Filtered {
  readonly where?: string;
}

interface RowFlags extends At, Ref, Output, Filtered {
  readonly columns?: readonly string[];
}

const WHERE = "only rows for which it is true, as in SQL: id > 5 AND name LIKE 'A%'";

const NO_TABLE = new Set(['cli/not-a-table', 'delta/not-a-table', 'iceberg/not-a-table']);

/** The exit code of a `table` command that ended with `error`. */
export function tableExitCode(error: unknown): number {
  if (!isCdcError(error)) return 2;
  if (error.code === 'delta/feed-untrue') return 3;
  return NO_TABLE.has(error.code) ? 1 : 2;
}

export function tableCommand(): Command {
  return new Command('table')
    .description('Read and look after any Delta or Iceberg table, whoever wrote it')
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
    .addCommand(expireCommand())
    .addCommand(cleanLogCommand())
    .addCommand(tagCommand())
    .addCommand(branchCommand())
    .addHelpText(
      'after',
      `
Examples:
  $ cdc-demo table info data/lake/public/customers
  $ cdc-demo table rows data/lake/public/customers --version 3 --format table
  $ cdc-demo table rows data/lake/public/customers --where "id >= 100 AND name LIKE 'A%'"
  $ cdc-demo table changes data/lake/public/customers --from 0 --to 5
  $ cdc-demo table changes data/lake/public/customers --track customers.place
  $ cdc-demo table rows warehouse/db/customers --ref main
  $ cdc-demo table diff data/lake/public/customers --from 3 --to 5 --format table
  $ cdc-demo table verify data/lake/public/customers --every-version
  $ cdc-demo table optimize data/lake/public/customers
  $ cdc-demo table vacuum data/lake/public/customers --dry-run
  $ cdc-demo table expire warehouse/db/customers --keep 10 --older-than-hours 24 --dry-run
  $ cdc-demo table tag warehouse/db/customers end-of-2026 --keep-days 3650
  $ cdc-demo table cut --config cdc-demo.yaml --at 2026-01-31T12:00:00Z

An Iceberg table of a REST catalog is named catalog.namespace.table. Its catalog is described by the
variables of PyIceberg: PYICEBERG_CATALOG__<CATALOG>__URI, and where they are needed __WAREHOUSE,
__CREDENTIAL (client:secret), __TOKEN, __SCOPE, __OAUTH2_SERVER_URI and __PREFIX.
  $ export PYICEBERG_CATALOG__PROD__URI=http://localhost:8181
  $ cdc-demo table rows prod.shop.customers --format table

Exit codes: 0 done; 1 not a table; 2 unreadable, or wrong arguments; 3 verify: the feed is not true`,
    );
}

function infoCommand(): Command {
  const command = new Command('info').description('Version, schema, size, features and position');
  return withRef(withVersion(withUri(command))).action(async (uri: string, flags: At & Ref) => {
    const { format, table } = await openTable(uri);
    printJson(
      format === 'delta'
        ? await table.info(choice(flags))
        : { ...(await table.info(snapshotChoice(flags))), refs: table.refs },
    );
  });
}

function rowsCommand(): Command {
  const command = new Command('rows').description('The rows of a version, one JSON object a line');
  return withOutput(withRef(withVersion(withUri(command))))
    .option('--columns <names...>', 'only these columns')
    .option('--where <predicate>', WHERE)
    .action(async (uri: string, flags: RowFlags) => {
      const { columns, where } = flags;
      const { format, table } = await openTable(uri);
      const rows =
        format === 'delta'
          ? table.rows({ ...choice(flags), columns, where })
          : table.rows({ ...snapshotChoice(flags), columns, where });
      await printRows(rows, flags);
    });
}

function historyCommand(): Command {
  const command = new Command('history').description(
    'The commits of the table, newest first, one JSON object a line',
  );
  return withUri(command)
    .option('--limit <n>', 'at most so many', count)
    .action(async (uri: string, { limit = Infinity }: { readonly limit?: number }) => {
      const { format, table } = await openTable(uri);
      let left = limit;
      const entries = format === 'delta' ? table.history() : table.snapshots.toReversed();
      for await (const entry of entries) {
        if (left-- <= 0) break;
        printJson(entry);
      }
    });
}

function filesCommand(): Command {
  const command = new Command('files').description(
    'The data files of a version, one JSON object a line; of Iceberg tables delete files too',
  );
  return withRef(withVersion(withUri(command)))
    .option('--where <predicate>', 'only files of a Delta table that may hold such a row')
    .action(async (uri: string, flags: At & Ref & Filtered) => {
      const { format, table } = await openTable(uri);
      const { where } = flags;
      if (format === 'delta') {
        for await (const file of table.files({ ...choice(flags), where })) printJson(file);
        return;
      }
      for (const file of await table.files(snapshotChoice(flags))) printJson(plain(file));
    });
}

/** Partition values of bytes in hexadecimal. */
function plain({ partition, ...file }: ContentFile): unknown {
  const values = partition.map((value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : (value ?? null),
  );
  return { ...file, partition: values };
}

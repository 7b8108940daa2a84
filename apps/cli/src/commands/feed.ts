import process from 'node:process';
import { basename, dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { CdcError } from '@cdc-demo/cdc-core';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import {
  DeltaError,
  DeltaTable,
  VersionTracker,
  diffVersions,
  summarizeFeed,
  verifyFeed,
} from '@cdc-demo/delta';
import type { VersionChoice } from '@cdc-demo/delta';
import { SnapshotTracker } from '@cdc-demo/iceberg';
import type { IcebergTable, SnapshotChoice } from '@cdc-demo/iceberg';
import { openObjectStore } from '@cdc-demo/object-store';
import { printJson } from '../print-json.ts';
import { printRows } from '../print-rows.ts';
import { openTable } from './open-table.ts';
import { version, versionOrTime, withOutput, withUri } from './table-arguments.ts';
import type { Output } from './table-arguments.ts';

interface ChangeFlags extends Output {
  readonly from?: VersionChoice;
  readonly to?: VersionChoice;
  readonly summary: boolean;
  readonly track?: string;
}

export function changesCommand(): Command {
  const command = new Command('changes').description('The change feed, one JSON object a line');
  return withOutput(withRange(withUri(command)))
    .option('--summary', 'a line for each version: how many changes of each kind', false)
    .option('--track <file>', 'only what is new since the last call that named this file')
    .action(async (uri: string, flags: ChangeFlags) => {
      const { format, table } = await openTable(uri);
      if (format === 'iceberg') await printSnapshotChanges(table, flags);
      else if (flags.track === undefined) await printChanges(table, flags, flags);
      else await printUnread(table, flags.track, flags);
    });
}

interface Range {
  readonly from?: VersionChoice;
  readonly to?: VersionChoice;
}

async function printChanges(
  table: DeltaTable,
  { from = {}, to }: Range,
  flags: ChangeFlags,
): Promise<void> {
  if (!flags.summary) return printRows(table.changes({ from, to }), flags);
  for await (const { version: at, timestampMs, changes } of summarizeFeed(table, { from, to })) {
    printJson({ version: at, timestamp: new Date(timestampMs).toISOString(), ...changes });
  }
}

/** The changes after a snapshot; see `IcebergTable.changes`. */
async function printSnapshotChanges(table: IcebergTable, flags: ChangeFlags): Promise<void> {
  if (flags.track !== undefined) return printUnreadSnapshots(table, flags.track, flags);
  if (flags.summary) {
    throw new CdcError({
      code: 'cli/delta-only',
      message: 'The table is an Iceberg table, and --summary is for Delta tables',
      policy: {
        retry: 'never',
        kind: 'configuration',
        remedy: 'Name snapshots by --from and --to',
      },
    });
  }
  const snapshot = (choice: VersionChoice | undefined): SnapshotChoice | undefined => {
    if (!choice) return undefined;
    const { version: id, timestampMs } = choice;
    return { snapshotId: id === undefined ? undefined : BigInt(id), timestampMs };
  };
  await printRows(table.changes({ from: snapshot(flags.from), to: snapshot(flags.to) }), flags);
}

/** The place moves on when everything was printed, so that a broken call shows it again. */
async function printUnread(table: DeltaTable, file: string, flags: ChangeFlags): Promise<void> {
  assertNoRange(flags);
  const tracker = new VersionTracker(table, placeOf(file));
  const unread = await tracker.unread();
  if (!unread) return;
  const { first, last } = unread;
  await printChanges(table, { from: { version: first }, to: { version: last } }, flags);
  await tracker.read(last);
}

/** As `printUnread`. */
async function printUnreadSnapshots(
  table: IcebergTable,
  file: string,
  flags: ChangeFlags,
): Promise<void> {
  assertNoRange(flags);
  const tracker = new SnapshotTracker(table, placeOf(file));
  const unread = await tracker.unread();
  if (!unread) return;
  const from = unread.from === undefined ? undefined : { snapshotId: unread.from };
  await printRows(table.changes({ from, to: { snapshotId: unread.to } }), flags);
  await tracker.read(unread.to);
}

function placeOf(file: string): { readonly store: ObjectStore; readonly key: string } {
  const path = resolve(file);
  return { store: openObjectStore(dirname(path)), key: basename(path) };
}

function assertNoRange({ from, to }: Range): void {
  if (!(from ?? to)) return;
  throw new DeltaError('delta/version-missing', '--track goes on from its file: it has no range');
}

export function diffCommand(): Command {
  const command = new Command('diff').description('The rows that two versions differ in');
  return withOutput(withUri(command))
    .requiredOption('--from <version>', 'the version before', version)
    .option('--to <version>', 'the version after; by default the newest', version)
    .option('--key <columns...>', 'columns whose values tell rows apart')
    .action(async (uri: string, flags: DiffFlags) => {
      const table = await DeltaTable.open(uri);
      const { from, key } = flags;
      const to = flags.to ?? (await table.versions()).last;
      await printRows(diffVersions(table, { from, to, key }), flags);
    });
}

interface DiffFlags extends Output {
  readonly from: bigint;
  readonly to?: bigint;
  readonly key?: readonly string[];
}

export function verifyCommand(): Command {
  const command = new Command('verify').description(
    'Replay the change feed and compare every row with the table',
  );
  return withUri(command)
    .option('--from <version>', 'begin with the rows of this version, not with none', version)
    .option('--to <version>', 'compare with this version; by default the newest', version)
    .option('--every-version', 'compare at each version between them too', false)
    .action(async (uri: string, flags: VerifyFlags) => {
      const table = await DeltaTable.open(uri);
      const found = await verifyFeed(table, { ...flags, onVersion: showVersion });
      printJson(found);
      if (found.result === 'equal') return;
      throw new DeltaError(
        'delta/feed-untrue',
        `The change feed of version ${found.result.version} is not what happened to the rows`,
        { context: { version: found.result.version } },
      );
    });
}

interface VerifyFlags {
  readonly from?: bigint;
  readonly to?: bigint;
  readonly everyVersion: boolean;
}

function showVersion(at: bigint): void {
  if (process.stderr.isTTY) process.stderr.write(`\rversion ${at}`);
}

function withRange(command: Command): Command {
  return command
    .option(
      '--from <version|time>',
      'first version, or the first one at or after a time; of Iceberg tables the snapshot before',
      versionOrTime,
    )
    .option(
      '--to <version|time>',
      'last version, or the last one at or before a time',
      versionOrTime,
    );
}

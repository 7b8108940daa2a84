import { Command } from 'commander';
import type { BranchOptions, IcebergTableWriter, TagOptions } from '@cdc-demo/iceberg';
import { printJson } from '../print-json.ts';
import { openIcebergWriter } from './open-table.ts';
import { count, version, withUri } from './table-arguments.ts';

const DAY_MS = 24 * 3_600_000;

interface TagFlags {
  readonly snapshot?: bigint;
  readonly keepDays?: number;
  readonly replace?: boolean;
  readonly drop?: boolean;
}

interface BranchFlags extends TagFlags {
  readonly keepSnapshots?: number;
  readonly snapshotDays?: number;
}

export function tagCommand(): Command {
  const command = new Command('tag').description(
    'Name a snapshot of an Iceberg table, so that expiry keeps it; prints all names',
  );
  return withName(command).action(async (uri: string, name: string, flags: TagFlags) => {
    const writer = await openIcebergWriter(uri);
    if (flags.drop) await writer.dropTag(name);
    else if (flags.replace) await writer.replaceTag(name, tagOptions(flags));
    else await writer.createTag(name, tagOptions(flags));
    printRefs(writer);
  });
}

export function branchCommand(): Command {
  const command = new Command('branch').description(
    'Name a snapshot of an Iceberg table that other engines add to; prints all names',
  );
  return withName(command)
    .option('--keep-snapshots <n>', 'expiry keeps so many of its snapshots', count)
    .option('--snapshot-days <n>', 'expiry keeps snapshots of it that are younger', count)
    .action(async (uri: string, name: string, flags: BranchFlags) => {
      const writer = await openIcebergWriter(uri);
      const { keepSnapshots: minSnapshotsToKeep, snapshotDays } = flags;
      const maxSnapshotAgeMs = daysMs(snapshotDays);
      const options: BranchOptions = { ...tagOptions(flags), minSnapshotsToKeep, maxSnapshotAgeMs };
      if (flags.drop) await writer.dropBranch(name);
      else if (flags.replace) await writer.replaceBranch(name, options);
      else await writer.createBranch(name, options);
      printRefs(writer);
    });
}

function withName(command: Command): Command {
  return withUri(command)
    .argument('<name>', 'of the branch or tag')
    .option(
      '--snapshot <id>',
      'the snapshot; by default the current one, or with --replace as before',
      version,
    )
    .option('--keep-days <n>', 'expiry drops the name when its snapshot is older', count)
    .option('--replace', 'change the one that is there')
    .option('--drop', 'remove the name; the snapshot goes with the next expiry');
}

function tagOptions({ snapshot: snapshotId, keepDays }: TagFlags): TagOptions {
  return { snapshotId, maxRefAgeMs: daysMs(keepDays) };
}

function daysMs(days: number | undefined): number | undefined {
  return days === undefined ? undefined : days * DAY_MS;
}

function printRefs({ metadata }: IcebergTableWriter): void {
  for (const ref of metadata.refs) printJson(ref);
}

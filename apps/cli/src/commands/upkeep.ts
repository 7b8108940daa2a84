import process from 'node:process';
import { Command, InvalidArgumentError } from 'commander';
import { CdcError } from '@cdc-demo/cdc-core';
import type { ObjectStat } from '@cdc-demo/cdc-core';
import { systemClock } from '@cdc-demo/pipeline';
import { printJson } from '../print-json.ts';
import { openIcebergWriter, openTable } from './open-table.ts';
import { count, withUri } from './table-arguments.ts';

const HOUR_MS = 3_600_000;

interface OptimizeFlags {
  readonly deletedShare?: number;
}

interface VacuumFlags {
  readonly retentionHours?: number;
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

interface ExpireFlags {
  readonly keep?: number;
  readonly olderThanHours?: number;
  readonly dryRun?: boolean;
}

export function optimizeCommand(): Command {
  const command = new Command('optimize').description(
    'Merge small files and drop deleted rows; the rows and their changes stay as they are',
  );
  return withUri(command)
    .option(
      '--deleted-share <share>',
      'rewrite files with this share of deleted rows (default 0.05)',
      share,
    )
    .action(async (uri: string, { deletedShare }: OptimizeFlags) => {
      const { format, table } = await openTable(uri);
      if (format === 'delta') {
        printJson(await table.optimize({ clock: systemClock, deletedShare }));
        return;
      }
      const writer = await openIcebergWriter(uri);
      const { snapshotId, ...done } = await writer.optimize({ deletedShare, onProgress });
      printJson({ ...done, snapshotId: snapshotId ?? null });
    });
}

export function vacuumCommand(): Command {
  const command = new Command('vacuum').description(
    'Delete files that no version within the retention needs, one JSON object a file; of Iceberg ' +
      'tables those that nothing names (orphans)',
  );
  return withUri(command)
    .option(
      '--retention-hours <n>',
      "keep what versions of so many hours need (default: the table's own, a week); of Iceberg " +
        'tables younger files (default: three days)',
      hours,
    )
    .option('--dry-run', 'only list the files')
    .option('--force', 'allow a shorter retention: nobody else may use the table then')
    .action(async (uri: string, { retentionHours, dryRun = false, force }: VacuumFlags) => {
      const { format, table } = await openTable(uri);
      const retentionMs = retentionHours === undefined ? undefined : retentionHours * HOUR_MS;
      const { deletedFiles, deletedBytes } =
        format === 'delta'
          ? await table.vacuum({ clock: systemClock, dryRun, force, retentionMs, onFile })
          : await (
              await openIcebergWriter(uri)
            ).removeOrphans({ dryRun, force, olderThanMs: retentionMs, onFile });
      printJson({ deletedFiles, deletedBytes, dryRun });
    });
}

export function expireCommand(): Command {
  const command = new Command('expire').description(
    'Remove old snapshots of an Iceberg table, and what only they needed, one JSON object a file; ' +
      'branches and tags keep theirs',
  );
  return withUri(command)
    .option('--keep <n>', 'so many snapshots of the main branch at most', count)
    .option(
      '--older-than-hours <n>',
      "only snapshots that are so old (default: the table's own, five days)",
      hours,
    )
    .option('--dry-run', 'only list what would go')
    .action(async (uri: string, { keep, olderThanHours, dryRun = false }: ExpireFlags) => {
      const { format } = await openTable(uri);
      if (format === 'delta') {
        throw otherFormat(uri, 'a Delta table has no snapshots: use clean-log, then vacuum');
      }
      const writer = await openIcebergWriter(uri);
      const done = await writer.expire({
        maxSnapshots: keep,
        olderThanMs: olderThanHours === undefined ? undefined : olderThanHours * HOUR_MS,
        dryRun,
        onFile,
      });
      printJson({ ...done, dryRun });
    });
}

export function cleanLogCommand(): Command {
  const command = new Command('clean-log').description(
    'Delete versions of a Delta table older than delta.logRetentionDuration (30 days) from the log',
  );
  return withUri(command).action(async (uri: string) => {
    const { format, table } = await openTable(uri);
    if (format === 'iceberg') {
      throw otherFormat(uri, 'an Iceberg table has no log of versions: use expire');
    }
    const { deletedFiles, deletedBytes, oldest } = await table.cleanLog({ clock: systemClock });
    printJson({ deletedFiles, deletedBytes, oldestVersion: oldest?.version ?? null });
  });
}

function onFile({ key, size, modifiedMs }: ObjectStat): void {
  printJson({ path: key, size, modifiedMs });
}

function onProgress(done: number, of: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\rmerged ${done} of ${of}`);
}

function otherFormat(uri: string, why: string): CdcError {
  return new CdcError({
    code: 'cli/other-format',
    message: `${uri}: ${why}`,
    policy: { retry: 'never', kind: 'configuration', remedy: 'See cdc-demo table --help' },
  });
}

function hours(text: string): number {
  const number = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && Number.isFinite(number)) return number;
  throw new InvalidArgumentError('Write a number of hours.');
}

function share(text: string): number {
  const number = Number(text);
  if (/^[01](\.\d+)?$/.test(text) && number > 0 && number <= 1) return number;
  throw new InvalidArgumentError('Write a number above 0, at most 1.');
}

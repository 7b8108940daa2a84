import { Command, InvalidArgumentError } from 'commander';
import { DeltaTable } from '@cdc-demo/delta';
import { systemClock } from '@cdc-demo/pipeline';
import { printJson } from '../print-json.ts';
import { withUri } from './table-arguments.ts';

const HOUR_MS = 3_600_000;

interface OptimizeFlags {
  readonly deletedShare?: number;
}

interface VacuumFlags {
  readonly retentionHours?: number;
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

export function optimizeCommand(): Command {
  const command = new Command('optimize').description(
    'Merge small files and drop deleted rows; the rows and the change feed stay as they are',
  );
  return withUri(command)
    .option(
      '--deleted-share <share>',
      'rewrite files with this share of deleted rows (default 0.05)',
      share,
    )
    .action(async (uri: string, { deletedShare }: OptimizeFlags) => {
      const table = await DeltaTable.open(uri);
      printJson(await table.optimize({ clock: systemClock, deletedShare }));
    });
}

export function vacuumCommand(): Command {
  const command = new Command('vacuum').description(
    'Delete files that no version within the retention needs, one JSON object a file',
  );
  return withUri(command)
    .option(
      '--retention-hours <n>',
      "keep what versions of so many hours need (default: the table's own, a week)",
      hours,
    )
    .option('--dry-run', 'only list the files')
    .option('--force', "allow a retention below the table's: nobody else may use the table then")
    .action(async (uri: string, { retentionHours, dryRun, force }: VacuumFlags) => {
      const table = await DeltaTable.open(uri);
      const { deletedFiles, deletedBytes } = await table.vacuum({
        clock: systemClock,
        dryRun,
        force,
        retentionMs: retentionHours === undefined ? undefined : retentionHours * HOUR_MS,
        onFile: ({ key, size, modifiedMs }) => printJson({ path: key, size, modifiedMs }),
      });
      printJson({ deletedFiles, deletedBytes, dryRun: dryRun ?? false });
    });
}

export function cleanLogCommand(): Command {
  const command = new Command('clean-log').description(
    'Delete versions older than delta.logRetentionDuration (30 days) from the log',
  );
  return withUri(command).action(async (uri: string) => {
    const table = await DeltaTable.open(uri);
    const { deletedFiles, deletedBytes, oldest } = await table.cleanLog({ clock: systemClock });
    printJson({ deletedFiles, deletedBytes, oldestVersion: oldest?.version ?? null });
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

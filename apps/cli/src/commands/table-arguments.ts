import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { VersionChoice } from '@cdc-demo/delta';
import type { SnapshotChoice } from '@cdc-demo/iceberg';

export type Format = 'jsonl' | 'table';

/** Flags that choose a version. */
export interface At {
  readonly version?: bigint;
  /** Milliseconds since the epoch. */
  readonly at?: number;
}

/** The flag that chooses a snapshot by its name. */
export interface Ref {
  readonly ref?: string;
}

/** Flags that say how rows are printed. */
export interface Output {
  readonly format: Format;
  readonly limit?: number;
}

export function withUri(command: Command): Command {
  return command.argument(
    '<uri>',
    'the table: a path or a file: URL of its folder, or catalog.namespace.table',
  );
}

/** Adds the flags of `At`. */
export function withVersion(command: Command): Command {
  return command
    .option('--version <n>', 'as of this version; of Iceberg tables: this snapshot', version)
    .option('--at <time>', 'as of this time (ISO 8601)', time);
}

/** Adds the flag that chooses a snapshot of an Iceberg table by its name. */
export function withRef(command: Command): Command {
  return command.option('--ref <name>', 'as of this branch or tag of an Iceberg table');
}

/** Adds the flags of `Output`. */
export function withOutput(command: Command): Command {
  return command
    .option('--format <format>', 'jsonl or table', format, 'jsonl')
    .option('--limit <n>', 'at most so many rows', count);
}

export function choice({ version: wanted, at: when }: At): VersionChoice {
  return { version: wanted, timestampMs: when };
}

export function snapshotChoice({ version: snapshotId, at, ref }: At & Ref): SnapshotChoice {
  return { snapshotId, timestampMs: at, ref };
}

export function version(text: string): bigint {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Write a version number.');
  return BigInt(text);
}

export function time(text: string): number {
  const found = Date.parse(text);
  if (Number.isNaN(found)) throw new InvalidArgumentError('Write a time in ISO 8601.');
  return found;
}

export function versionOrTime(text: string): VersionChoice {
  return /^\d+$/.test(text) ? { version: BigInt(text) } : { timestampMs: time(text) };
}

export function count(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('Write a number above 0.');
  return Number(text);
}

function format(text: string): Format {
  if (text === 'jsonl' || text === 'table') return text;
  throw new InvalidArgumentError('Choose jsonl or table.');
}

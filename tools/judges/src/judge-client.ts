import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { judgeCommand, type JudgeEngine } from './installation.ts';
import { JudgeProcess } from './judge-process.ts';
import type { ReadRequest, TableFormat, WriteStep } from './judge-protocol.ts';
import { readRowLines } from './row-lines.ts';

export type { JudgeEngine } from './installation.ts';

/** Memory of a judge's processes together (Linux). */
export interface JudgeMemory {
  readonly residentBytes: number;
  readonly peakBytes: number;
}

/**
 * An engine in a process of its own, for as many tables as wanted. Requests are answered in the
 * order they were made. Nothing of a table is remembered between requests. Every method rejects
 * with JudgeError: `judge/unsupported`, `judge/engine`, `judge/died`.
 */
export interface Judge extends AsyncDisposable {
  readonly engine: JudgeEngine;
  /** Name and version of the engine, for messages. */
  readonly version: string;
  /** Canonical JSON lines of the table at `version` (default: the newest), in no order. */
  rows(table: string, version?: number | bigint): Promise<string[]>;
  /**
   * Canonical JSON lines of the change rows of the versions `from` to `to`, both included, in no
   * order: the table's columns, then `_change_type`, `_commit_version`, `_commit_timestamp`.
   */
  changes(table: string, from: number | bigint, to: number | bigint): Promise<string[]>;
  /** `rows` and `changes` with everything that can be asked. */
  read(request: ReadRequest): Promise<string[]>;
  /** The versions whose log entries are there, ascending. Spark and delta-rs only. */
  versions(table: string): Promise<number[]>;
  /** Lets the engine change a table, step by step. Spark, and delta-rs for Delta, only. */
  write(table: string, steps: readonly WriteStep[], format?: TableFormat): Promise<void>;
  memory(): Promise<JudgeMemory>;
  /** Ends the process and removes its files. May be called more than once. */
  close(): Promise<void>;
}

/**
 * Starts an engine; resolves when it is ready for requests (Spark: some 5 to 12 s, others below
 * 1 s). Rejects with JudgeError: `judge/not-installed`, `judge/start-failed`.
 */
export async function startJudge(engine: JudgeEngine): Promise<Judge> {
  const command = judgeCommand(engine);
  const scratch = await mkdtemp(join(tmpdir(), `judge-${engine}-`));
  const child = new JudgeProcess(engine, command, scratch);
  try {
    return new ProcessJudge(child, scratch, await child.ready);
  } catch (error) {
    await child.end();
    await rm(scratch, { recursive: true, force: true });
    throw error;
  }
}

class ProcessJudge implements Judge {
  readonly engine: JudgeEngine;
  readonly version: string;
  readonly #child: JudgeProcess;
  readonly #scratch: string;
  #outputs = 0;

  constructor(child: JudgeProcess, scratch: string, version: string) {
    this.engine = child.engine;
    this.version = version;
    this.#child = child;
    this.#scratch = scratch;
  }

  rows(table: string, version?: number | bigint): Promise<string[]> {
    return this.read({ op: 'rows', table, ...(version === undefined ? {} : { version }) });
  }

  changes(table: string, from: number | bigint, to: number | bigint): Promise<string[]> {
    return this.read({ op: 'changes', table, from, to });
  }

  async read(request: ReadRequest): Promise<string[]> {
    const out = join(this.#scratch, `${++this.#outputs}.jsonl`);
    try {
      await this.#child.ask({ ...request, table: resolve(request.table), out });
      return await readRowLines(out);
    } finally {
      await rm(out, { force: true });
    }
  }

  async versions(table: string): Promise<number[]> {
    const answer = await this.#child.ask({ op: 'versions', table: resolve(table) });
    return [...(answer.versions ?? [])];
  }

  async write(
    table: string,
    steps: readonly WriteStep[],
    format: TableFormat = 'delta',
  ): Promise<void> {
    await this.#child.ask({ op: 'write', table: resolve(table), format, steps });
  }

  async memory(): Promise<JudgeMemory> {
    const { residentBytes = 0, peakBytes = 0 } = await this.#child.ask({ op: 'memory' });
    return { residentBytes, peakBytes };
  }

  async close(): Promise<void> {
    await this.#child.end();
    await rm(this.#scratch, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

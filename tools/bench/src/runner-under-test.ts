import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { comparePositions, parsePosition, postgresPosition } from '@cdc-demo/cdc-core';
import type { Mark } from './measured-runner.ts';
import type { TableFormat } from './sink-under-test.ts';

const RUNNER = fileURLToPath(new URL('./measured-runner.js', import.meta.url));

/**
 * A pipeline from the table `bench` to a lake, in a process of its own that reports what it does.
 */
export class RunnerUnderTest {
  /** Of the present process. */
  marks: Mark[] = [];
  /** Folder of the lake's table. */
  readonly table: string;
  readonly #folder: string;
  readonly #url: string;
  #child: ChildProcess;
  #ended: Promise<void>;
  #wake: () => void = () => undefined;
  #failure = '';

  constructor(folder: string, url: string) {
    this.#folder = folder;
    this.table = join(folder, 'lake', 'bench');
    this.#url = url;
    this.#child = this.#spawn();
    this.#ended = endOf(this.#child);
  }

  static async start(
    url: string,
    intervalMs: number,
    format: TableFormat = 'delta',
  ): Promise<RunnerUnderTest> {
    const folder = await mkdtemp(join(tmpdir(), 'bench-'));
    const config = `
pipelines:
  - id: bench-${format}
    source: { type: postgres, url: '\${env:SOURCE_URL}', tables: [public.bench] }
    sink: { type: ${format}, location: '${folder}/lake/{table}' }
    commit: { intervalMs: ${intervalMs} }
`;
    await writeFile(join(folder, 'cdc-demo.yaml'), config);
    return new RunnerUnderTest(folder, url);
  }

  /** The first mark that fits, waiting for it. @throws Error when the runner ends before */
  async until(isIt: (mark: Mark) => boolean): Promise<Mark> {
    for (;;) {
      const found = this.marks.find(isIt);
      if (found) return found;
      const woken = new Promise<'mark'>((resolve) => (this.#wake = () => resolve('mark')));
      const ended = this.#ended.then(() => 'ended' as const);
      if ((await Promise.race([woken, ended])) === 'ended') {
        throw new Error(`The runner ended: ${this.#failure}`);
      }
    }
  }

  /** The batch after which everything before `lsn` is in the table. */
  untilDurable(lsn: bigint): Promise<Mark> {
    const wanted = postgresPosition(lsn);
    return this.until(
      ({ event, position }) =>
        event === 'batch' &&
        position !== undefined &&
        comparePositions(parsePosition(position), wanted) >= 0,
    );
  }

  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  goOn(): void {
    this.#child.kill('SIGCONT');
  }

  /** Ends the process and starts another one of the same pipeline. */
  async restart(): Promise<void> {
    await this.#end();
    this.marks = [];
    this.#child = this.#spawn();
    this.#ended = endOf(this.#child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #end(): Promise<void> {
    this.#child.kill('SIGCONT');
    this.#child.kill('SIGTERM');
    await this.#ended;
  }

  #spawn(): ChildProcess {
    const child = spawn(process.execPath, [RUNNER, join(this.#folder, 'cdc-demo.yaml')], {
      env: { ...process.env, NODE_OPTIONS: '', SOURCE_URL: this.#url },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#failure += text));
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.marks.push(JSON.parse(line) as Mark);
      this.#wake();
    });
    return child;
  }
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('close', () => {
      resolve();
    });
  });
}

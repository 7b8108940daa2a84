import { fileURLToPath } from 'node:url';
import { NodeProcess } from '@cdc-demo/cdc-testing';
import type { RunnerJob } from './tortured-runner.ts';

const RUNNER = fileURLToPath(new URL('../dist/tortured-runner.js', import.meta.url));

/**
 * Starts pipelines in a process of their own. The next process is made meanwhile and waits, so
 * that its start costs no time between two kills.
 */
export class RunnerProcesses implements AsyncDisposable {
  #waiting = new NodeProcess([RUNNER], { input: true });

  start(job: RunnerJob): NodeProcess {
    const runner = this.#waiting;
    runner.write(`${JSON.stringify(job)}\n`);
    this.#waiting = new NodeProcess([RUNNER], { input: true });
    return runner;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#waiting.kill('SIGKILL');
  }
}

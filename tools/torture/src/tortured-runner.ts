import { once } from 'node:events';
import { writeSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { failpoint } from '@cdc-demo/cdc-testing';
import type { Around, Failpoint } from '@cdc-demo/cdc-testing';
import { randomFaults } from './random-faults.ts';
import type { RandomFaults } from './random-faults.ts';
import { torturedPipeline } from './tortured-pipeline.ts';
import type { Run } from './tortured-pipeline.ts';
import { UnsyncedWrites } from './unsynced-writes.ts';

/** What this process is told by one line of its standard input, as JSON. */
export interface RunnerJob {
  /** Pipelines that run at the same time. */
  readonly runs: readonly Run[];
  readonly faults:
    | { readonly kind: 'failpoint'; readonly at: Failpoint }
    | { readonly kind: 'random'; readonly faults: RandomFaults };
  /** When it ends itself, what it has not synced is gone too. */
  readonly losesUnsynced?: boolean;
}

/** Printed at once, also by a process that is about to be gone. */
function say(text: string): void {
  writeSync(1, `${text}\n`);
}

/** This process ends before its next statement. */
function kill(): Promise<never> {
  unsynced?.lose();
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
}

function aroundOf({ faults }: RunnerJob): Around {
  const hit = (fault: string, step: string): void => say(`hit ${fault} ${step}`);
  if (faults.kind === 'random') return randomFaults(faults.faults, { kill, hit });
  const never = (): Promise<never> => Promise.reject(new Error('only a kill is done here'));
  const { fault, step } = faults.at;
  const means = { kill, replaced: never, overtake: never, hit: () => hit(fault, step) };
  return failpoint(faults.at, means).around;
}

const input = createInterface({ input: process.stdin });
const [line] = (await once(input, 'line')) as [string];
input.close();
const job = JSON.parse(line) as RunnerJob;
const unsynced = job.losesUnsynced === true ? UnsyncedWrites.install() : undefined;
const around = aroundOf(job);
await Promise.all(
  job.runs.map((run) =>
    torturedPipeline(run, {
      around,
      observer: (event) => {
        if (event.kind === 'state') say(`${run.pipeline} ${event.to}`);
        if (event.kind === 'batch-committed') say(`${run.pipeline} committed`);
      },
    }).run(),
  ),
);

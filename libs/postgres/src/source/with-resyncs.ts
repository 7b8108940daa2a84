import { releaseGroup } from '@cdc-demo/cdc-core';
import type { SourceMessage } from '@cdc-demo/cdc-core';
import type { Resyncs } from './resyncs.ts';
import type { ReplicationStream } from './stream.ts';

/** The messages of a stream, and between them rows that are read beside it. */
export async function* withResyncs(
  stream: ReplicationStream,
  resyncs: Resyncs,
): AsyncGenerator<SourceMessage, void, undefined> {
  const ask = (): ReturnType<ReplicationStream['next']> => {
    const asked = stream.next();
    asked.catch(() => {
      // Told where it is awaited.
    });
    return asked;
  };
  let next: ReturnType<typeof ask> | undefined;
  try {
    for (;;) {
      const rows = resyncs.take();
      if (rows) {
        yield rows;
        continue;
      }
      next ??= ask();
      const message = await Promise.race([next, resyncs.changed()]);
      if (message === 'changed') continue;
      next = undefined;
      if (!message) return;
      resyncs.handOver(message);
      yield message;
    }
  } finally {
    void next?.then(giveBack).catch(ignoreEnd);
  }
}

/** What a message that nobody waits for any more holds on disk. */
async function giveBack(message: SourceMessage | undefined): Promise<void> {
  if (message?.kind === 'transactions') await releaseGroup(message.group);
}

/** The stream has ended, which whoever closed it knows. */
function ignoreEnd(): void {
  // What could not be given back ends with the process.
}

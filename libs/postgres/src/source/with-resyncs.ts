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
  let next = ask();
  for (;;) {
    const rows = resyncs.take();
    if (rows) {
      yield rows;
      continue;
    }
    const message = await Promise.race([next, resyncs.changed()]);
    if (message === 'changed') continue;
    if (!message) return;
    resyncs.handOver(message);
    yield message;
    next = ask();
  }
}

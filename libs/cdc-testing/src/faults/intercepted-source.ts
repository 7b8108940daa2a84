import type {
  CdcError,
  Position,
  ResyncRequest,
  Source,
  SourceLagBytes,
  SourceMessage,
  StartFrom,
} from '@cdc-demo/cdc-core';
import type { Around } from './port-call.ts';

/** A source whose messages and acknowledgements go through `around`. */
export class InterceptedSource implements Source {
  readonly #source: Source;
  readonly #around: Around;

  constructor(source: Source, around: Around) {
    this.#source = source;
    this.#around = around;
  }

  check(): Promise<readonly CdcError[]> {
    return this.#source.check();
  }

  async *start(from: StartFrom): AsyncGenerator<SourceMessage> {
    for await (const message of this.#source.start(from)) {
      yield await this.#around({ port: 'source', operation: 'message', key: message.kind }, () =>
        Promise.resolve(message),
      );
    }
  }

  acknowledge(position: Position): Promise<void> {
    return this.#around({ port: 'source', operation: 'acknowledge', key: '' }, () =>
      this.#source.acknowledge(position),
    );
  }

  resync(request: ResyncRequest): void {
    this.#source.resync(request);
  }

  currentPosition(): Promise<Position> {
    return this.#source.currentPosition();
  }

  lag(): Promise<SourceLagBytes> {
    return this.#source.lag();
  }

  stop(): Promise<void> {
    return this.#source.stop();
  }

  drop(): Promise<void> {
    return this.#source.drop();
  }
}

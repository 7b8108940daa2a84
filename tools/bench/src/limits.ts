import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Client } from 'pg';

/** Rows a second that the server gives by COPY in binary to a client that drops them. */
export async function copyRate(url: string, rows: number): Promise<number> {
  const started = performance.now();
  await using drain = await RawSession.open(url, 'copy');
  drain.send('Q', cString('COPY (SELECT * FROM bench) TO STDOUT (FORMAT binary)'));
  await drain.until((type) => type === 'c');
  return rows / ((performance.now() - started) / 1000);
}

/** Seconds that a client takes which receives everything of a slot up to `end` and drops it. */
export async function drainSeconds(
  url: string,
  { slot, publication, end }: { slot: string; publication: string; end: bigint },
): Promise<number> {
  const started = performance.now();
  await using drain = await RawSession.open(url, 'replication');
  drain.send(
    'Q',
    cString(
      `START_REPLICATION SLOT ${slot} LOGICAL 0/0 (proto_version '1', binary 'true', ` +
        `publication_names '${publication}')`,
    ),
  );
  // XLogData is 'w', start (8), end (8), time (8), then pgoutput; 'C' is a commit whose end LSN
  // stands 10 bytes in. A keep-alive is 'k' and the end of the log (8).
  await drain.until((type, body) => {
    if (type !== 'd') return false;
    if (body[0] === 0x6b) return body.readBigUInt64BE(1) >= end;
    return body[25] === 0x43 && body.readBigUInt64BE(35) >= end;
  });
  return (performance.now() - started) / 1000;
}

/** A connection that looks at nothing but the frames: the least a client can do. */
class RawSession {
  readonly #socket: Socket;
  readonly #client: Client;

  constructor(client: Client, socket: Socket) {
    this.#client = client;
    this.#socket = socket;
  }

  /** Connects and authenticates with a library, then takes its socket over. */
  static async open(url: string, kind: 'copy' | 'replication'): Promise<RawSession> {
    const replication = kind === 'replication' ? { replication: 'database' } : {};
    const client = new Client({ connectionString: url, ...replication } as ConstructorParameters<
      typeof Client
    >[0]);
    await client.connect();
    const { connection } = client as unknown as { connection: { stream: Socket } };
    connection.stream.removeAllListeners('data');
    return new RawSession(client, connection.stream);
  }

  send(type: string, body: Buffer): void {
    const head = Buffer.alloc(5, type);
    head.writeInt32BE(body.length + 4, 1);
    this.#socket.write(Buffer.concat([head, body]));
  }

  /** Reads frames and forgets them until one is the last. */
  async until(isLast: (type: string, body: Buffer) => boolean): Promise<void> {
    let rest: Buffer = Buffer.alloc(0);
    for await (const [chunk] of onData(this.#socket)) {
      let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (bytes.length >= 5) {
        const end = 1 + bytes.readInt32BE(1);
        if (bytes.length < end) break;
        const type = String.fromCharCode(bytes[0] ?? 0);
        const body = bytes.subarray(5, end);
        if (type === 'E') throw new Error(`The server refused: ${body.toString()}`);
        if (isLast(type, body)) return;
        bytes = bytes.subarray(end);
      }
      rest = bytes;
    }
    throw new Error('The server closed the connection');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.on('error', () => this.#socket.destroy());
    this.#socket.destroy();
    if (!this.#socket.closed) await once(this.#socket, 'close');
  }
}

async function* onData(socket: Socket): AsyncGenerator<[Buffer]> {
  for await (const chunk of socket) yield [chunk as Buffer];
}

function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

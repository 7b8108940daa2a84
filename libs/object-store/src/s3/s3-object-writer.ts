import type { ObjectWriter } from '@cdc-demo/cdc-core';
import type { ObjectStoreError } from '../errors.ts';
import type { S3 } from './s3-client.ts';
import type { FoundObject } from './s3-object-store.ts';
import { WRITE_ID } from './s3-write-id.ts';

/** The service takes no smaller parts than 5 MiB, and 10 000 of them: objects up to 80 GB. */
const PART_BYTES = 8 * 1024 * 1024;
/** Parts on their way at the same time, each of which takes memory. */
const PARTS_AT_ONCE = 3;
const CHECKSUM = 'CRC32';

export interface S3WriterParts {
  readonly s3: S3;
  readonly place: { readonly Bucket: string; readonly Key: string };
  readonly writeId: string;
  /** The object as it is now. */
  readonly find: () => Promise<FoundObject | undefined>;
  readonly toError: (error: unknown) => ObjectStoreError;
}

interface UploadedPart {
  readonly PartNumber: number;
  readonly ETag: string | undefined;
  readonly ChecksumCRC32: string | undefined;
}

/** Writes small objects by one request at the end, larger ones by parts while they come. */
export class S3ObjectWriter implements ObjectWriter {
  size = 0;
  readonly #parts: S3WriterParts;
  #buffer = Buffer.allocUnsafe(0);
  #filled = 0;
  #upload: string | undefined;
  readonly #done: UploadedPart[] = [];
  readonly #sending = new Set<Promise<void>>();
  #failure: unknown;
  #partNumber = 0;
  #state: 'open' | 'closed' | 'aborted' = 'open';

  constructor(parts: S3WriterParts) {
    this.#parts = parts;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.size += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + PART_BYTES - this.#filled);
      this.#append(piece);
      at += piece.length;
      if (this.#filled === PART_BYTES) await this.#sendPart();
    }
  }

  async close(): Promise<void> {
    if (this.#upload === undefined) await this.#putWhole();
    else await this.#complete(this.#upload);
    this.#state = 'closed';
    this.#buffer = Buffer.allocUnsafe(0);
  }

  async abort(): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'aborted';
    this.#buffer = Buffer.allocUnsafe(0);
    await Promise.allSettled(this.#sending);
    const { s3, place, toError } = this.#parts;
    if (this.#upload === undefined) return;
    try {
      const command = new s3.sdk.AbortMultipartUploadCommand({ ...place, UploadId: this.#upload });
      await s3.client.send(command);
    } catch (error) {
      throw toError(error);
    }
  }

  /** Small objects take no memory that they do not need. */
  #append(piece: Uint8Array): void {
    const needed = this.#filled + piece.length;
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.min(PART_BYTES, Math.max(needed, 2 * needed)));
      this.#buffer.copy(grown, 0, 0, this.#filled);
      this.#buffer = grown;
    }
    this.#buffer.set(piece, this.#filled);
    this.#filled += piece.length;
  }

  async #putWhole(): Promise<void> {
    const { s3, place, writeId, toError } = this.#parts;
    const body = this.#buffer.subarray(0, this.#filled);
    try {
      await s3.client.send(
        new s3.sdk.PutObjectCommand({ ...place, Body: body, Metadata: { [WRITE_ID]: writeId } }),
      );
    } catch (error) {
      throw toError(error);
    }
  }

  /** Sends what is buffered as the next part; waits only for its turn. */
  async #sendPart(): Promise<void> {
    const upload = (this.#upload ??= await this.#begin());
    const body = this.#buffer.subarray(0, this.#filled);
    this.#buffer = Buffer.allocUnsafe(0);
    this.#filled = 0;
    this.#partNumber++;
    const sending = this.#sendBody(upload, this.#partNumber, body).catch((error: unknown) => {
      // Told by the next call.
      this.#failure ??= error;
    });
    this.#sending.add(sending);
    void sending.then(() => this.#sending.delete(sending));
    while (this.#sending.size >= PARTS_AT_ONCE) await Promise.race(this.#sending);
    this.#assertSent();
  }

  async #begin(): Promise<string> {
    const { s3, place, writeId, toError } = this.#parts;
    const metadata = { Metadata: { [WRITE_ID]: writeId }, ChecksumAlgorithm: CHECKSUM } as const;
    try {
      const command = new s3.sdk.CreateMultipartUploadCommand({ ...place, ...metadata });
      const { UploadId: upload } = await s3.client.send(command);
      if (upload !== undefined) return upload;
    } catch (error) {
      throw toError(error);
    }
    throw toError(new Error('The service began no upload'));
  }

  async #sendBody(upload: string, number: number, body: Uint8Array): Promise<void> {
    const { s3, place } = this.#parts;
    const sent = await s3.client.send(
      new s3.sdk.UploadPartCommand({
        ...place,
        UploadId: upload,
        PartNumber: number,
        Body: body,
        ChecksumAlgorithm: CHECKSUM,
      }),
    );
    this.#done.push({ PartNumber: number, ETag: sent.ETag, ChecksumCRC32: sent.ChecksumCRC32 });
  }

  async #complete(upload: string): Promise<void> {
    if (this.#filled > 0) await this.#sendPart();
    await Promise.all(this.#sending);
    this.#assertSent();
    const { s3, place, toError } = this.#parts;
    const parts = this.#done.toSorted((a, b) => a.PartNumber - b.PartNumber);
    const command = new s3.sdk.CompleteMultipartUploadCommand({
      ...place,
      UploadId: upload,
      MultipartUpload: { Parts: parts },
    });
    try {
      await s3.client.send(command);
    } catch (error) {
      // The answer may have been lost, and a second request finds no upload any more.
      if (!(await this.#isThere())) throw toError(error);
    }
  }

  async #isThere(): Promise<boolean> {
    const found = await this.#parts.find();
    return found?.writeId === this.#parts.writeId && found.size === this.size;
  }

  #assertSent(): void {
    if (this.#failure !== undefined) throw this.#parts.toError(this.#failure);
  }
}

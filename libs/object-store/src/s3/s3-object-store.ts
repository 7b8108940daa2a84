import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ListOptions, ObjectStat, ObjectStore, ObjectWriter } from '@cdc-demo/cdc-core';
import { ObjectStoreError } from '../errors.ts';
import { assertKey } from '../key.ts';
import { openS3 } from './s3-client.ts';
import type { S3 } from './s3-client.ts';
import type { S3Connection } from './s3-connection.ts';
import { attemptsOf, isS3Error, s3Error } from './s3-error.ts';
import { S3ObjectWriter } from './s3-object-writer.ts';
import { WRITE_ID } from './s3-write-id.ts';

/** Attempts of what the SDK does not try again by itself. */
const ATTEMPTS = 5;
const RETRY_MS = 50;

export interface S3Location {
  readonly bucket: string;
  /** Without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string;
}

/**
 * Objects of a bucket of S3, or of a service that speaks its protocol and knows conditional writes
 * (`If-None-Match`).
 *
 * Requests that fail in passing are sent again. An exclusive create that is sent twice may find its
 * own object there: each carries an id of its own by which that is told.
 */
export class S3ObjectStore implements ObjectStore {
  readonly url: string;
  readonly #connection: S3Connection;
  readonly #bucket: string;
  readonly #root: string;

  constructor(connection: S3Connection, { bucket, prefix }: S3Location) {
    this.#connection = connection;
    this.#bucket = bucket;
    this.#root = prefix === '' ? '' : `${prefix}/`;
    const path = this.#root.split('/').map(encodeURIComponent).join('/');
    this.url = `s3://${bucket}/${path}`;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const place = this.#place(key);
    return this.#read(key, ({ client, sdk }) => client.send(new sdk.GetObjectCommand(place)));
  }

  async getRange(key: string, start: number, end?: number): Promise<Uint8Array> {
    const place = this.#place(key);
    if (end !== undefined && end <= start) {
      if (await this.stat(key)) return new Uint8Array();
      throw this.#notFound(key);
    }
    const last = end === undefined ? '' : String(end - 1);
    const range = start < 0 ? `bytes=${start}` : `bytes=${start}-${last}`;
    const found = await this.#read(key, ({ client, sdk }) =>
      client.send(new sdk.GetObjectCommand({ ...place, Range: range })),
    );
    if (found) return found;
    throw this.#notFound(key);
  }

  async stat(key: string): Promise<ObjectStat | undefined> {
    const found = await this.#head(key);
    return found && { key, size: found.size, modifiedMs: found.modifiedMs };
  }

  async putIfAbsent(key: string, body: Uint8Array): Promise<'created' | 'exists'> {
    const id = randomUUID();
    const place = { ...this.#place(key), Body: body, Metadata: { [WRITE_ID]: id } };
    for (let attempt = 1; ; attempt++) {
      const { client, sdk } = await openS3(this.#connection);
      try {
        await client.send(new sdk.PutObjectCommand({ ...place, IfNoneMatch: '*' }));
        return 'created';
      } catch (error) {
        if (isS3Error(error, 'PreconditionFailed', 412)) {
          const isSure = attempt === 1 && attemptsOf(error) === 1;
          return isSure || (await this.#head(key))?.writeId !== id ? 'exists' : 'created';
        }
        // Another create was on its way: which of the two comes first is not settled.
        const isOpen = isS3Error(error, 'ConditionalRequestConflict', 409);
        if (!isOpen || attempt === ATTEMPTS) throw this.#error(error, 'create', key);
        await sleep(RETRY_MS * 2 ** attempt);
      }
    }
  }

  async put(key: string, body: Uint8Array): Promise<void> {
    const place = { ...this.#place(key), Body: body };
    const { client, sdk } = await openS3(this.#connection);
    try {
      await client.send(new sdk.PutObjectCommand(place));
    } catch (error) {
      throw this.#error(error, 'write', key);
    }
  }

  async openWriter(key: string): Promise<ObjectWriter> {
    const place = this.#place(key);
    return new S3ObjectWriter({
      s3: await openS3(this.#connection),
      place,
      writeId: randomUUID(),
      find: () => this.#head(key),
      toError: (error) => this.#error(error, 'write', key),
    });
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<ObjectStat> {
    const { after, delimiter } = options;
    const { client, sdk } = await openS3(this.#connection);
    let token: string | undefined;
    do {
      const page = await this.#trying('list', prefix, () =>
        client.send(
          new sdk.ListObjectsV2Command({
            Bucket: this.#bucket,
            Prefix: this.#root + prefix,
            // XML cannot hold every character.
            EncodingType: 'url',
            ...(after === undefined ? {} : { StartAfter: this.#root + after }),
            ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
            ...(token === undefined ? {} : { ContinuationToken: token }),
          }),
        ),
      );
      for (const { Key: found = '', Size: size = 0, LastModified: time } of page.Contents ?? []) {
        const whole = decodeURIComponent(found.replaceAll('+', ' '));
        // Some tools make an object for a folder.
        if (whole.endsWith('/')) continue;
        yield { key: whole.slice(this.#root.length), size, modifiedMs: time?.getTime() ?? 0 };
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async delete(key: string): Promise<void> {
    const place = this.#place(key);
    const { client, sdk } = await openS3(this.#connection);
    await this.#trying('delete', key, () => client.send(new sdk.DeleteObjectCommand(place)));
  }

  #place(key: string): { readonly Bucket: string; readonly Key: string } {
    assertKey(key);
    return { Bucket: this.#bucket, Key: this.#root + key };
  }

  /** The body of an answer; undefined where there is no object. An answer may break off. */
  async #read(
    key: string,
    send: (s3: S3) => Promise<{ readonly Body?: { transformToByteArray(): Promise<Uint8Array> } }>,
  ): Promise<Uint8Array | undefined> {
    const s3 = await openS3(this.#connection);
    for (let attempt = 1; ; attempt++) {
      let isAnswered = false;
      try {
        const { Body: body } = await send(s3);
        isAnswered = true;
        return body ? await body.transformToByteArray() : new Uint8Array();
      } catch (error) {
        if (isS3Error(error, 'NoSuchKey')) return undefined;
        if (isS3Error(error, 'InvalidRange', 416)) return new Uint8Array();
        if (!isAnswered || attempt === ATTEMPTS) throw this.#error(error, 'read', key);
        await sleep(RETRY_MS * 2 ** attempt);
      }
    }
  }

  async #head(key: string): Promise<FoundObject | undefined> {
    const place = this.#place(key);
    const { client, sdk } = await openS3(this.#connection);
    try {
      const found = await client.send(new sdk.HeadObjectCommand(place));
      return {
        size: found.ContentLength ?? 0,
        modifiedMs: found.LastModified?.getTime() ?? 0,
        writeId: found.Metadata?.[WRITE_ID],
      };
    } catch (error) {
      if (isS3Error(error, 'NotFound', 'NoSuchKey')) return undefined;
      throw this.#error(error, 'look at', key);
    }
  }

  async #trying<T>(verb: string, key: string, send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      throw this.#error(error, verb, key);
    }
  }

  #error(error: unknown, verb: string, key: string): ObjectStoreError {
    return s3Error(error, verb, `${this.url}${key}`);
  }

  #notFound(key: string): ObjectStoreError {
    const url = `${this.url}${key}`;
    return new ObjectStoreError('object-store/not-found', `There is no object ${url}`, {
      context: { url },
    });
  }
}

/** What a service says of an object. */
export interface FoundObject {
  readonly size: number;
  readonly modifiedMs: number;
  /** By whom it was written, where its writer says so. */
  readonly writeId: string | undefined;
}

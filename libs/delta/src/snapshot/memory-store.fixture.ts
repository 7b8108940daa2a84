import type { ListOptions, ObjectStat, ObjectStore, ObjectWriter } from '@cdc-demo/cdc-core';
import { ObjectStoreError } from '@cdc-demo/object-store';
import type { Action } from '../log/actions.ts';
import { formatCommit } from '../log/format-action.ts';
import { commitKey } from '../log/log-listing.ts';

interface StoredObject {
  readonly body: Uint8Array;
  readonly modifiedMs: number;
}

/** Objects in memory, whose times tests set. */
export class MemoryStore implements ObjectStore {
  readonly url = 'memory:///table/';
  readonly objects = new Map<string, StoredObject>();
  /** Keys that were asked for, in order. */
  readonly reads: string[] = [];
  nowMs = 1000;

  async get(key: string): Promise<Uint8Array | undefined> {
    this.reads.push(key);
    return this.objects.get(key)?.body;
  }

  async getRange(key: string, start: number, end?: number): Promise<Uint8Array> {
    this.reads.push(key);
    const found = this.objects.get(key);
    if (!found) throw new ObjectStoreError('object-store/not-found', `There is no ${key}`);
    return start < 0 ? found.body.subarray(start) : found.body.subarray(start, end);
  }

  async stat(key: string): Promise<ObjectStat | undefined> {
    const found = this.objects.get(key);
    return found && { key, size: found.body.length, modifiedMs: found.modifiedMs };
  }

  async put(key: string, body: Uint8Array | string, modifiedMs = this.nowMs++): Promise<void> {
    this.objects.set(key, { body: Buffer.from(body), modifiedMs });
  }

  async putIfAbsent(key: string, body: Uint8Array): Promise<'created' | 'exists'> {
    if (this.objects.has(key)) return 'exists';
    await this.put(key, body);
    return 'created';
  }

  async openWriter(key: string): Promise<ObjectWriter> {
    const parts: Buffer[] = [];
    const size = (): number => parts.reduce((sum, part) => sum + part.length, 0);
    return {
      get size() {
        return size();
      },
      write: async (bytes) => void parts.push(Buffer.from(bytes)),
      close: () => this.put(key, Buffer.concat(parts)),
      abort: async () => undefined,
    };
  }

  async *list(
    prefix: string,
    { after = '', delimiter }: ListOptions = {},
  ): AsyncIterable<ObjectStat> {
    for (const key of [...this.objects.keys()].sort()) {
      if (!key.startsWith(prefix) || key <= after) continue;
      if (delimiter && key.slice(prefix.length).includes(delimiter)) continue;
      yield (await this.stat(key))!;
    }
  }

  async delete(key: string): Promise<void> {
    this.objects.delete(key);
  }

  async commit(version: number, actions: readonly Action[], modifiedMs?: number): Promise<void> {
    await this.put(commitKey(BigInt(version)), formatCommit(actions), modifiedMs);
  }
}

export const PROTOCOL: Action = { protocol: { minReaderVersion: 1, minWriterVersion: 2 } };

export function metadata(configuration: Readonly<Record<string, string>> = {}): Action {
  return {
    metaData: {
      id: 'table',
      format: { provider: 'parquet', options: {} },
      schemaString:
        '{"type":"struct","fields":[{"name":"id","type":"long","nullable":true,"metadata":{}}]}',
      partitionColumns: [],
      configuration,
    },
  };
}

export function add(path: string, size = 1): Action {
  return { add: { path, partitionValues: {}, size, modificationTime: 1, dataChange: true } };
}

export function remove(path: string, deletionTimestamp = 1): Action {
  return { remove: { path, dataChange: true, deletionTimestamp } };
}

import type { ObjectStore } from '@cdc-demo/cdc-core';
import { DeltaError } from '../errors.ts';
import type { AddFile, Commit, DomainMetadata, Metadata, Protocol, Txn } from '../log/actions.ts';
import { monotoneTimeMs } from '../log/commit-time.ts';
import { commitKey, listLog } from '../log/log-listing.ts';
import { commitInfoOf, parseActions } from '../log/read-commit.ts';
import { columnMappingMode } from '../schema/column-mapping.ts';
import type { ColumnMappingMode } from '../schema/column-mapping.ts';
import type { StructType } from '../schema/delta-type.ts';
import type { Snapshot } from './snapshot.ts';
import type { TableState } from './table-state.ts';

/** A snapshot over the replayed state of a table's log. */
export class TableSnapshot implements Snapshot {
  readonly #store: ObjectStore;
  readonly #state: TableState;
  #version: bigint;
  #timestampMs: number;

  /** @throws as `TableState.definition` */
  constructor(
    store: ObjectStore,
    state: TableState,
    at: { readonly version: bigint; readonly timestampMs: number },
  ) {
    this.#store = store;
    this.#state = state;
    this.#version = at.version;
    this.#timestampMs = at.timestampMs;
    state.definition();
  }

  get version(): bigint {
    return this.#version;
  }

  get timestampMs(): number {
    return this.#timestampMs;
  }

  get protocol(): Protocol {
    return this.#state.definition().protocol;
  }

  get metadata(): Metadata {
    return this.#state.definition().metadata;
  }

  get schema(): StructType {
    return this.#state.definition().schema;
  }

  get columnMapping(): ColumnMappingMode {
    return columnMappingMode(this.protocol, this.metadata);
  }

  get fileCount(): number {
    return this.#state.files.size;
  }

  get sizeInBytes(): number {
    return this.#state.sizeInBytes;
  }

  get transactions(): ReadonlyMap<string, Txn> {
    return this.#state.transactions;
  }

  get domains(): ReadonlyMap<string, DomainMetadata> {
    return this.#state.domains;
  }

  files(): IterableIterator<AddFile> {
    return this.#state.files.values();
  }

  file(key: string): AddFile | undefined {
    return this.#state.files.get(key);
  }

  async update(): Promise<readonly Commit[]> {
    const commits: Commit[] = [];
    for (;;) {
      const version = this.#version + 1n;
      const key = commitKey(version);
      const body = await this.#store.get(key);
      if (!body) break;
      const actions = parseActions(body, key);
      const timestampMs = commitInfoOf(actions)?.inCommitTimestamp ?? (await this.#fileTimeMs(key));
      const commit = { version, timestampMs, actions };
      this.apply(commit);
      commits.push(commit);
    }
    if (commits.length === 0) await this.#assertNewest();
    return commits;
  }

  apply(commit: Commit): void {
    if (commit.version !== this.#version + 1n) {
      throw new RangeError(`Version ${commit.version} does not follow ${this.#version}`);
    }
    this.#state.check(commit.actions);
    for (const action of commit.actions) this.#state.apply(action);
    this.#version = commit.version;
    this.#timestampMs = commit.timestampMs;
  }

  async #fileTimeMs(key: string): Promise<number> {
    const stat = await this.#store.stat(key);
    return monotoneTimeMs(stat?.modifiedMs ?? this.#timestampMs, this.#timestampMs);
  }

  /** That the next commit is missing means nothing when the log was cleaned up past this one. */
  async #assertNewest(): Promise<void> {
    if (await this.#store.stat(commitKey(this.#version))) return;
    const { commits, checkpoints } = await listLog(this.#store, this.#version);
    const newest = [commits.at(-1)?.version, checkpoints.at(-1)?.version];
    if (!newest.some((version) => version !== undefined && version > this.#version)) return;
    throw new DeltaError(
      'delta/snapshot-expired',
      `The log of the table no longer has the commits that follow version ${this.#version}`,
      { context: { version: this.#version } },
    );
  }
}

import type { ExactJsonObject } from '@cdc-demo/lake-core';
import { IcebergError } from '../../errors.ts';
import type { MetadataUpdate } from '../metadata-update.ts';
import { draftTable, previewTable } from '../table-catalog.ts';
import type { TableCatalog, TableVersion } from '../table-catalog.ts';
import { commitRequest, createRequest, isApplied, withKnownSchemas } from './commit-request.ts';
import type { CommitRequest } from './commit-request.ts';
import type { Reply } from './http-exchange.ts';
import { parseLoadResult } from './load-result.ts';
import { replyError } from './reply-error.ts';
import type { RestTable } from './rest-table.ts';

/** Answers after which a commit may have been made, or be made yet (`CommitStateUnknown`). */
const UNKNOWN: readonly number[] = [500, 502, 503, 504];

/**
 * The commits to a table that a REST catalog keeps. A commit whose answer does not say what became
 * of it is looked up by the id of its snapshot; what is not found may still come, and is neither
 * sent again nor cleaned up.
 */
export class RestTableCatalog implements TableCatalog {
  readonly metadataFiles = 'of-service';
  readonly #table: RestTable;
  readonly #place: TableVersion;

  /** @param place the table, or what the service has staged for it */
  constructor(table: RestTable, place: TableVersion) {
    this.#table = table;
    this.#place = place;
  }

  get location(): string {
    return this.#place.metadata.location;
  }

  /** @throws IcebergError `iceberg/table-moved`; as `RestTable.load` */
  async load(): Promise<TableVersion | undefined> {
    const version = (await this.#table.load())?.version;
    const location = version?.metadata.location;
    if (location === undefined || location === this.location) return version;
    throw tableMoved(this.#table.name, location);
  }

  /** Under the id that the service has staged, if it has. */
  draft(json: ExactJsonObject): TableVersion {
    const { uuid } = this.#place.metadata;
    return draftTable({ ...json, ...(uuid === undefined ? {} : { 'table-uuid': uuid }) });
  }

  create(
    draft: TableVersion,
    updates: readonly MetadataUpdate[],
  ): Promise<TableVersion | undefined> {
    return this.#send(createRequest(draft, updates), {
      base: undefined,
      ours: (found) => isOurs(found, draft, updates),
      made: () => this.preview(draft, updates),
    });
  }

  preview(base: TableVersion, updates: readonly MetadataUpdate[]): TableVersion {
    return previewTable(base, withKnownSchemas(base, updates));
  }

  commit(
    base: TableVersion,
    updates: readonly MetadataUpdate[],
  ): Promise<TableVersion | undefined> {
    const applied = withKnownSchemas(base, updates);
    return this.#send(commitRequest(base, applied), {
      base,
      ours: (found) => isOurs(found, base, applied),
      made: () => previewTable(base, applied),
    });
  }

  async #send(request: CommitRequest, commit: SentCommit): Promise<TableVersion | undefined> {
    const reply = await this.#table.commit(request);
    if (reply.kind === 'answer') {
      if (reply.status === 200) return this.#answered(reply.text, commit);
      if (reply.status === 409) return this.#made(commit);
      if (reply.status === 400) return this.#refused(reply, commit);
    }
    if (reply.kind === 'lost' || (reply.kind === 'answer' && UNKNOWN.includes(reply.status))) {
      return this.#lookedUp(reply, commit);
    }
    throw this.#error(reply);
  }

  /** An answer that cannot be read says no more than none. */
  async #answered(text: string, commit: SentCommit): Promise<TableVersion | undefined> {
    try {
      return asMade(parseLoadResult(text, this.#table.name).version, commit);
    } catch (cause) {
      return this.#lookedUp({ kind: 'lost', cause }, commit);
    }
  }

  /** Whether it was made by an attempt whose answer somebody else has kept. */
  async #made(commit: SentCommit): Promise<TableVersion | undefined> {
    const found = await this.load();
    return found && commit.ours(found) ? asMade(found, commit) : undefined;
  }

  /** What the service refuses it refuses for good, unless the table went on meanwhile. */
  async #refused(reply: Reply, commit: SentCommit): Promise<TableVersion | undefined> {
    const found = await this.load();
    if (found && commit.ours(found)) return asMade(found, commit);
    if (found?.location !== commit.base?.location) return undefined;
    throw this.#error(reply);
  }

  async #lookedUp(reply: Reply, commit: SentCommit): Promise<TableVersion> {
    const { name } = this.#table;
    let found: TableVersion | undefined;
    try {
      found = await this.load();
    } catch (cause) {
      throw commitUnknown(name, cause);
    }
    if (found && commit.ours(found)) return asMade(found, commit);
    throw commitUnknown(name, this.#error(reply));
  }

  #error(reply: Reply): IcebergError {
    const { name, uri } = this.#table;
    return replyError(reply, { what: `a commit to ${name}`, uri });
  }
}

interface SentCommit {
  readonly base: TableVersion | undefined;
  /** Does this table have it? */
  readonly ours: (found: TableVersion) => boolean;
  /** The table right after it, as far as is known here. */
  readonly made: () => TableVersion;
}

/** The version that the commit made; others may have gone on from it already. */
function asMade(found: TableVersion, { made }: SentCommit): TableVersion {
  const own = made();
  const isNewest = found.metadata.currentSnapshotId === own.metadata.currentSnapshotId;
  return isNewest ? found : own;
}

function isOurs(
  found: TableVersion,
  base: TableVersion,
  updates: readonly MetadataUpdate[],
): boolean {
  if (found.metadata.uuid !== base.metadata.uuid) return false;
  return updates.length === 0 ? base.version === 0 : isApplied(found, updates);
}

function commitUnknown(name: string, cause: unknown): IcebergError {
  const message = `Whether a commit to ${name} was made is not known`;
  return new IcebergError('iceberg/commit-unknown', message, { context: { table: name }, cause });
}

/** The table's location changed: its store is another one now. */
function tableMoved(name: string, location: string): IcebergError {
  const message = `The table ${name} has another location now: ${location}`;
  return new IcebergError('iceberg/table-moved', message, { context: { table: name, location } });
}

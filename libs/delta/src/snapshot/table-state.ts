import { DeltaError } from '../errors.ts';
import type {
  Action,
  AddFile,
  DomainMetadata,
  Metadata,
  Protocol,
  RemoveFile,
  Txn,
} from '../log/actions.ts';
import { logicalFileKey } from '../log/logical-file-key.ts';
import { parseSchema } from '../schema/parse-schema.ts';
import type { StructType } from '../schema/delta-type.ts';
import { assertReadableFormat, assertReadableProtocol } from './readable.ts';

/** The protocol and metadata that the log must have told by the version that is asked for. */
export interface Definition {
  readonly protocol: Protocol;
  readonly metadata: Metadata;
  readonly schema: StructType;
}

/**
 * What the actions of a log add up to (Delta protocol, "Action Reconciliation"). Actions are given
 * in the order of the log; `definition` is asked for when the wanted version is reached, since
 * versions before it may be ones that cannot be read.
 */
export class TableState {
  readonly files = new Map<string, AddFile>();
  readonly transactions = new Map<string, Txn>();
  readonly domains = new Map<string, DomainMetadata>();
  sizeInBytes = 0;
  #protocol: Protocol | undefined;
  #metadata: Metadata | undefined;
  #definition: Definition | undefined;

  /**
   * Protocol, metadata and schema after the actions so far.
   * @throws DeltaError `delta/log-incomplete`, `delta/unsupported-feature`, `delta/schema-invalid`
   */
  definition(): Definition {
    this.#definition ??= defined(this.#protocol, this.#metadata);
    return this.#definition;
  }

  /**
   * Checks the commit that would come next without taking it in.
   * @throws as `definition`
   */
  check(actions: readonly Action[]): void {
    let protocol = this.#protocol;
    let metadata = this.#metadata;
    for (const action of actions) {
      if ('protocol' in action) protocol = action.protocol;
      else if ('metaData' in action) metadata = action.metaData;
    }
    if (protocol !== this.#protocol || metadata !== this.#metadata) defined(protocol, metadata);
  }

  apply(action: Action): void {
    if ('add' in action) this.#add(action.add);
    else if ('remove' in action) this.#remove(action.remove);
    else if ('txn' in action) this.transactions.set(action.txn.appId, action.txn);
    else if ('domainMetadata' in action) this.#domain(action.domainMetadata);
    else if ('protocol' in action) {
      this.#protocol = action.protocol;
      this.#definition = undefined;
    } else if ('metaData' in action) {
      this.#metadata = action.metaData;
      this.#definition = undefined;
    }
  }

  #add(add: AddFile): void {
    const key = logicalFileKey(add);
    this.sizeInBytes += add.size - (this.files.get(key)?.size ?? 0);
    this.files.set(key, add);
  }

  #remove(remove: RemoveFile): void {
    const key = logicalFileKey(remove);
    this.sizeInBytes -= this.files.get(key)?.size ?? 0;
    this.files.delete(key);
  }

  #domain(domain: DomainMetadata): void {
    if (domain.removed) this.domains.delete(domain.domain);
    else this.domains.set(domain.domain, domain);
  }
}

function defined(protocol: Protocol | undefined, metadata: Metadata | undefined): Definition {
  if (!protocol || !metadata) {
    const what = protocol ? 'metaData' : 'protocol';
    throw new DeltaError(
      'delta/log-incomplete',
      `The log of the table has no ${what} action: the table is damaged`,
      { context: { action: what } },
    );
  }
  assertReadableProtocol(protocol);
  assertReadableFormat(metadata);
  return { protocol, metadata, schema: parseSchema(metadata.schemaString) };
}

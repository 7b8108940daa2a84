import type {
  JsonValue,
  ObjectStore,
  Position,
  SnapshotRun,
  StagedSnapshot,
  TableName,
  UnfinishedSnapshot,
} from '@cdc-demo/cdc-core';
import { formatTableName } from '@cdc-demo/cdc-core';
import { PipelineError } from '../errors.ts';
import { formatJournalEntry, parseJournalEntry } from './journal-entry.ts';
import type { JournalEntry } from './journal-entry.ts';

const FOLDER = 'snapshot/';
/** Entries that are read at a time. */
const READERS = 16;

/** A unit whose rows are staged and durable. */
export interface FinishedUnit {
  readonly table: TableName;
  /** What the source said of it. */
  readonly unit: JsonValue;
  readonly staged: StagedSnapshot;
}

interface JournalRun {
  readonly run: JsonValue;
  units: FinishedUnit[];
}

/**
 * What was read of a first snapshot that is not published: numbered entries, each made by exclusive
 * create, one for each run and each unit that a run finished. So an entry costs the same however
 * many there are. A run that begins takes the next number: an earlier one finds it taken.
 */
export class SnapshotJournal {
  readonly #store: ObjectStore;
  readonly #name: string;
  readonly #newId: () => string;
  #next = 0;
  #runs: JournalRun[] = [];

  private constructor(store: ObjectStore, name: string, newId: () => string) {
    this.#store = store;
    this.#name = name;
    this.#newId = newId;
  }

  /** A journal without entries. @param store the pipeline's state folder */
  static empty(store: ObjectStore, newId: () => string): SnapshotJournal {
    return new SnapshotJournal(store, newId(), newId);
  }

  /**
   * The journal that a progress record names.
   * @throws PipelineError `pipeline/progress-unreadable`
   */
  static async open(
    store: ObjectStore,
    name: string,
    newId: () => string,
  ): Promise<SnapshotJournal> {
    const journal = new SnapshotJournal(store, name, newId);
    const keys: string[] = [];
    for await (const { key } of store.list(journal.#folder)) keys.push(key);
    for (let at = 0; at < keys.length; at += READERS) {
      const some = keys.slice(at, at + READERS);
      for (const entry of await Promise.all(some.map((key) => journal.#read(key)))) {
        journal.#apply(entry);
      }
    }
    journal.#next = keys.length;
    return journal;
  }

  /** What the progress record calls it. */
  get name(): string {
    return this.#name;
  }

  /** All units that count, of all runs. */
  get units(): readonly FinishedUnit[] {
    return this.#runs.flatMap(({ units }) => units);
  }

  /** What the source has to be told. */
  unfinished(position: Position, history: string | null): UnfinishedSnapshot {
    const runs = this.#runs.map(
      ({ run, units }): SnapshotRun => ({
        run,
        units: units.map(({ table, unit }) => ({ table, unit })),
      }),
    );
    return { position, runs, ...(history === null ? {} : { history }) };
  }

  /** A run begins; the units of `discarded` do not count any more. */
  begin(run: JsonValue, discarded: readonly TableName[]): Promise<'appended' | 'taken'> {
    return this.#append({ kind: 'run', run, discarded });
  }

  /** The present run finished a unit. */
  finished(unit: FinishedUnit): Promise<'appended' | 'taken'> {
    return this.#append({ kind: 'unit', ...unit });
  }

  /** The units of a table do not count any more. */
  discard(table: TableName): Promise<'appended' | 'taken'> {
    return this.#append({ kind: 'discard', table });
  }

  /** Removes the entries: the snapshot begins anew. */
  remove(): Promise<void> {
    return removeAll(this.#store, this.#folder);
  }

  /** Removes every journal of a pipeline: its first snapshot is published. */
  static removeAll(store: ObjectStore): Promise<void> {
    return removeAll(store, FOLDER);
  }

  get #folder(): string {
    return `${FOLDER}${this.#name}/`;
  }

  async #append(change: JournalEntry['change']): Promise<'appended' | 'taken'> {
    const number = String(this.#next).padStart(12, '0');
    const key = `${this.#folder}${number}.json`;
    const entry: JournalEntry = { id: this.#newId(), change };
    const body = Buffer.from(formatJournalEntry(entry));
    if ((await this.#store.putIfAbsent(key, body)) === 'exists') {
      // An unclear first try may have made it.
      if ((await this.#read(key)).id !== entry.id) return 'taken';
    }
    this.#next++;
    this.#apply(entry);
    return 'appended';
  }

  #apply({ change }: JournalEntry): void {
    switch (change.kind) {
      case 'run':
        for (const table of change.discarded) this.#forget(table);
        this.#runs.push({ run: change.run, units: [] });
        return;
      case 'unit':
        this.#runs.at(-1)?.units.push({
          table: change.table,
          unit: change.unit,
          staged: change.staged,
        });
        return;
      case 'discard':
        this.#forget(change.table);
    }
  }

  #forget(table: TableName): void {
    const name = formatTableName(table);
    for (const run of this.#runs) {
      run.units = run.units.filter((unit) => formatTableName(unit.table) !== name);
    }
  }

  async #read(key: string): Promise<JournalEntry> {
    const bytes = await this.#store.get(key);
    try {
      return parseJournalEntry(Buffer.from(bytes ?? []).toString('utf8'));
    } catch (cause) {
      const file = `${this.#store.url}${key}`;
      throw new PipelineError(
        'pipeline/progress-unreadable',
        `${file} is not an entry of a snapshot's journal`,
        {
          cause,
          context: { file },
          remedy: 'Restore the file, or remove the state folder to begin the snapshot anew',
        },
      );
    }
  }
}

async function removeAll(store: ObjectStore, prefix: string): Promise<void> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  await Promise.all(keys.map((key) => store.delete(key)));
}

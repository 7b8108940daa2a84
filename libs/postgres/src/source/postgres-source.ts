import { formatTableName, postgresPosition } from '@cdc-demo/cdc-core';
import type {
  CdcError,
  Position,
  ResyncRequest,
  SnapshotBegin,
  Source,
  SourceLagBytes,
  SourceMessage,
  StartFrom,
  TableName,
  UnfinishedSnapshot,
} from '@cdc-demo/cdc-core';
import { loadPublishedTable } from '../catalog/load-published-table.ts';
import type { PublishedTable } from '../catalog/published-table.ts';
import { isPartitioned } from '../catalog/partition.ts';
import type { Query } from '../catalog/query.ts';
import { connectionTarget } from '../connection/connection-target.ts';
import type { ConnectionTarget } from '../connection/connection-target.ts';
import { ControlSession } from '../connection/control-session.ts';
import { Session } from '../connection/session.ts';
import type { Relation } from '../decode/relation.ts';
import { PostgresError } from '../errors.ts';
import { checkMoney, moneyColumns } from '../preflight/money-check.ts';
import { preflight } from '../preflight/preflight.ts';
import { checkHistory, readHistory } from './history.ts';
import { readLogEnd } from './log-end.ts';
import { checkPartition } from './partition-relation.ts';
import {
  dropOwnPublication,
  ensurePublication,
  publicationSettings,
  shrinkPublication,
} from './publication.ts';
import type { PublicationPlan } from './publication.ts';
import { Resyncs } from './resyncs.ts';
import { freeSlot, slotToFollow } from './slot-access.ts';
import type { SlotAccess } from './slot-access.ts';
import {
  createSlot,
  dropSlot,
  readSlot,
  readSlotLag,
  setFailover,
  slotError,
  slotState,
} from './slot.ts';
import { settledAfter, settledMessages } from './settled-messages.ts';
import { BeginAnew, leftOf } from './snapshot-plan.ts';
import { finishedUnits, runToJson, unitsByTable } from './snapshot-unit.ts';
import type { FinishedUnit, SnapshotRunFacts } from './snapshot-unit.ts';
import { Snapshot } from './snapshot.ts';
import { sourceSettings } from './source-settings.ts';
import type { PostgresSourceOptions, SourceSettings } from './source-settings.ts';
import { isStarted, transition } from './state.ts';
import type { SourceEvent, SourceState } from './state.ts';
import { ReplicationStream, nextForm } from './stream.ts';
import type { StreamForm } from './stream.ts';
import type { TableShape } from './table-shape.ts';
import { withResyncs } from './with-resyncs.ts';

const MAX_SNAPSHOT_ATTEMPTS = 10;

/** A snapshot of which rows may have been read before. */
interface BegunSnapshot {
  /** Changes follow from here. */
  readonly position: bigint;
  /** Undefined when nothing is left to be read. */
  readonly snapshot: Snapshot | undefined;
  /** All of them. */
  readonly tables: readonly PublishedTable[];
  /** Units of earlier runs that count. */
  readonly units: readonly FinishedUnit[];
  readonly run: SnapshotRunFacts;
  readonly kept: SnapshotBegin['kept'];
}

interface Closable {
  close(): Promise<void>;
}

/**
 * Follows tables of a Postgres database: the rows that are there through an exported snapshot, then
 * every change through logical replication (pgoutput), each transaction whole and in commit order.
 */
export class PostgresSource implements Source {
  readonly #settings: SourceSettings;
  readonly #target: ConnectionTarget;
  readonly #control: ControlSession;
  readonly #open = new Set<Closable>();
  #state: SourceState = 'created';
  #stream: ReplicationStream | undefined;
  #resyncs: Resyncs | undefined;
  #acknowledged = 0n;
  #history = '';
  #followed: readonly PublishedTable[] = [];

  /** Opens nothing. @throws PostgresError `postgres/bad-url` */
  constructor(options: PostgresSourceOptions) {
    this.#settings = sourceSettings(options);
    this.#target = connectionTarget(options.connection);
    this.#control = new ControlSession(this.#target);
  }

  /** Name of the replication slot. */
  get slot(): string {
    return this.#settings.slot;
  }

  /** Name of the publication. */
  get publication(): string {
    return this.#settings.publication;
  }

  async check(): Promise<readonly CdcError[]> {
    try {
      await using session = await Session.open(this.#target);
      const errors = await this.#preflight(session.query);
      // Whoever else uses the slot has to be known before anything is claimed from him.
      if (errors.length === 0 && !this.#settings.takeOver) {
        await freeSlot(session.query, this.#access());
      }
      return errors;
    } catch (error) {
      if (error instanceof PostgresError) return [error];
      throw error;
    }
  }

  async *start(from: StartFrom): AsyncGenerator<SourceMessage, void, undefined> {
    this.#enter('start');
    this.#resyncs = new Resyncs({ ...this.#settings, target: this.#target });
    this.#open.add(this.#resyncs);
    try {
      yield* from.kind === 'snapshot' ? this.#snapshot(from.resume) : this.#resume(from);
    } catch (error) {
      // What breaks because `stop` closed it is no failure.
      if (!isStarted(this.#state)) return;
      if (!(error instanceof PostgresError) || error.retry === 'backoff') throw error;
      yield { kind: 'refused', error };
    } finally {
      await this.stop();
    }
  }

  acknowledge(position: Position): Promise<void> {
    if (position.lsn > this.#acknowledged) this.#acknowledged = position.lsn;
    this.#stream?.acknowledge(position.lsn);
    return Promise.resolve();
  }

  resync(request: ResyncRequest): void {
    if (!this.#resyncs) throw new Error('resync: the source is not started');
    this.#resyncs.request(request);
  }

  async currentPosition(): Promise<Position> {
    return postgresPosition(await readLogEnd(this.#control.query));
  }

  async lag(): Promise<SourceLagBytes> {
    const lag = await readSlotLag(this.#control.query, this.slot);
    if (!lag) throw slotError(this.slot, { kind: 'missing' }, undefined);
    return lag;
  }

  async stop(): Promise<void> {
    this.#enter('end');
    const open = [...this.#open, this.#control];
    this.#open.clear();
    await Promise.all(open.map((part) => part.close()));
  }

  async drop(): Promise<void> {
    if (isStarted(this.#state)) throw new Error('drop: the source is started');
    await using session = await Session.open(this.#target);
    const slot = await freeSlot(session.query, this.#access());
    const state = slotState(slot, { database: this.#target.database, position: undefined });
    if (state.kind === 'foreign') throw slotError(this.slot, state, undefined);
    await dropSlot(session.query, this.slot);
    await dropOwnPublication(session, this.publication);
  }

  /** 1. Publication and slot, 2. rows as of the slot, or what is left of them, 3. changes since. */
  async *#snapshot(resume?: UnfinishedSnapshot): AsyncGenerator<SourceMessage, void, undefined> {
    const begun = (resume && (await this.#goOn(resume))) ?? (await this.#beginSnapshot()); // 1
    const { snapshot, tables, run, kept } = begun;
    const units = [...begun.units];
    const position = postgresPosition(begun.position);
    this.#enter('snapshot-opened');
    yield {
      kind: 'snapshot-begin',
      position,
      tables: tables.map(({ schema, estimatedRows }) => ({ schema, estimatedRows })),
      history: this.#history,
      run: runToJson(run),
      kept,
    };
    if (snapshot) {
      for await (const message of snapshot.messages()) {
        yield message; // 2
        if (message.kind !== 'snapshot-unit-end') continue;
        const unit = snapshot.plan.units[message.unit];
        if (unit) units.push({ ...unit, table: message.schema.table, run });
      }
      await this.#release(snapshot);
    }
    const settledAt = postgresPosition(settledAfter(units, position.lsn));
    yield { kind: 'snapshot-end', position, settledAt };
    const changes = this.#follow(position.lsn, tables); // 3
    if (settledAt.lsn > position.lsn) yield* settledMessages(changes, units, settledAt);
    else yield* changes;
  }

  async #beginSnapshot(): Promise<BegunSnapshot> {
    await this.#prepare();
    let position = 0n;
    const snapshot = await this.#openSnapshot(async (replication) => {
      const created = await createSlot(replication, this.slot, this.#settings);
      position = created.consistentLsn;
      return created.snapshotName;
    });
    const run = { own: undefined, shapes: snapshot.plan.shapes };
    return { position, snapshot, tables: snapshot.tables, units: [], run, kept: 'none' };
  }

  /**
   * A slot, and all sessions on its snapshot. The tables can be locked only after the slot was made
   * (the other way round, the slot could wait for a transaction that waits for the lock), so that
   * now and then one is truncated in between: then both are made anew.
   */
  async #openSnapshot(makeSlot: (replication: Session) => Promise<string>): Promise<Snapshot> {
    for (let attempt = 1; ; attempt++) {
      const session = await this.#keep(Session.open(this.#target, 'database'));
      const origin = { kind: 'exported', export: () => makeSlot(session) } as const;
      try {
        const options = { target: this.#target, ...this.#settings };
        return await this.#keep(Snapshot.open(options, { origin, finished: new Map() }));
      } catch (error) {
        if (!isDisturbed(error) || attempt === MAX_SNAPSHOT_ATTEMPTS) throw error;
        await dropSlot(this.#control.query, this.slot);
      } finally {
        // Every session of the snapshot holds it, so that this one need not stay idle for hours.
        await this.#release(session);
      }
    }
  }

  /**
   * Goes on where earlier runs ended, with the slot as it is and a snapshot of the moment for what
   * they have not read; undefined when a table changed too much for that.
   */
  async #goOn({ position, history, runs }: UnfinishedSnapshot): Promise<BegunSnapshot | undefined> {
    const { query } = this.#control;
    const before = finishedUnits(runs);
    const furthest = postgresPosition(settledAfter(before, position.lsn));
    const from = { kind: 'position', position, furthest } as const;
    await checkHistory(query, history === undefined ? from : { ...from, history }, () =>
      Session.open(this.#target, 'database'),
    );
    this.#history = await readHistory(query);
    this.#acknowledged = await slotToFollow(query, this.#access(), position.lsn);
    const finished = unitsByTable(before);
    const isLeft = this.#settings.tables.some(
      (table) => leftOf(finished.get(formatTableName(table)) ?? []).length > 0,
    );
    try {
      const snapshot = isLeft ? await this.#openOwnSnapshot(finished) : undefined;
      const own = snapshot && {
        snapshot: snapshot.text,
        settledAt: await readLogEnd(query),
      };
      const { shapes = new Map<string, TableShape>(), discarded = [] } = snapshot?.plan ?? {};
      for (const table of discarded) finished.delete(formatTableName(table));
      return {
        position: position.lsn,
        snapshot,
        tables: snapshot?.tables ?? (await this.#published()),
        units: [...finished.values()].flat(),
        run: { own, shapes },
        kept: { allBut: discarded },
      };
    } catch (error) {
      if (!(error instanceof BeginAnew)) throw error;
      const table = formatTableName(error.table);
      this.#settings.logger.warn('a table was altered: the snapshot begins anew', { table });
      return undefined;
    }
  }

  async #openOwnSnapshot(
    finished: ReadonlyMap<string, readonly FinishedUnit[]>,
  ): Promise<Snapshot> {
    const options = { target: this.#target, ...this.#settings };
    for (let attempt = 1; ; attempt++) {
      try {
        const origin = { kind: 'own' } as const;
        return await this.#keep(Snapshot.open(options, { origin, finished }));
      } catch (error) {
        if (!isDisturbed(error) || attempt === MAX_SNAPSHOT_ATTEMPTS) throw error;
      }
    }
  }

  /** Every table as the publication sends it now. */
  async #published(): Promise<PublishedTable[]> {
    const tables: PublishedTable[] = [];
    for (const table of this.#settings.tables) {
      tables.push(await loadPublishedTable(this.#control.query, this.publication, table));
    }
    return tables;
  }

  async *#resume(
    from: Exclude<StartFrom, { kind: 'snapshot' }>,
  ): AsyncGenerator<SourceMessage, void, undefined> {
    const { query } = this.#control;
    let position: bigint;
    if (from.kind === 'now') {
      await this.#prepare();
      const session = await this.#keep(Session.open(this.#target, 'database'));
      position = (await createSlot(session, this.slot, this.#settings)).consistentLsn;
      await this.#release(session);
    } else {
      const wanted = from.kind === 'position' ? from.position.lsn : undefined;
      await checkHistory(query, from, () => Session.open(this.#target, 'database'));
      this.#history = await readHistory(query);
      position = await slotToFollow(query, this.#access(), wanted);
      await this.#letStandbysHaveIt();
      this.#acknowledged = position;
      if (from.kind === 'position') await this.#changeTables(from.added ?? []);
    }
    const tables = await this.#published();
    yield* this.#follow(position, tables, {
      kind: 'streaming',
      position: postgresPosition(position),
      tables: tables.map(({ schema }) => schema),
      history: this.#history,
    });
  }

  /** Publishes the tables that were added, and no longer those that were left out. */
  async #changeTables(added: readonly TableName[]): Promise<void> {
    const { tables, logger } = this.#settings;
    const session = await this.#control.session();
    if (added.length > 0) {
      const [error] = await preflight(session.query, this.#settings);
      if (error) throw error;
      await ensurePublication(session, await this.#plan(session, added));
    }
    const left = await shrinkPublication(session, { name: this.publication, tables });
    if (added.length + left.length === 0) return;
    logger.info('the publication has other tables', {
      publication: this.publication,
      added: added.map(formatTableName).join(', '),
      left: left.map(formatTableName).join(', '),
    });
  }

  async #plan({ query }: Session, tables: readonly TableName[]): Promise<PublicationPlan> {
    const partitioned = await Promise.all(tables.map((table) => isPartitioned(query, table)));
    const settings = publicationSettings({
      anyPartitioned: partitioned.includes(true),
      generatedColumns: this.#settings.generatedColumns,
    });
    return { name: this.publication, tables, settings };
  }

  /** Checks, makes the publication, and removes a slot that an earlier beginning left behind. */
  async #prepare(): Promise<void> {
    const session = await this.#control.session();
    const [error] = await this.#preflight(session.query);
    if (error) throw error;
    const plan = await this.#plan(session, this.#settings.tables);
    const outcome = await ensurePublication(session, plan);
    this.#settings.logger.info('publication is there', { publication: this.publication, outcome });
    await freeSlot(session.query, this.#access());
    await dropSlot(session.query, this.slot);
    this.#history = await readHistory(session.query);
  }

  async #letStandbysHaveIt(): Promise<void> {
    if (!this.#settings.failover) return;
    const slot = await readSlot(this.#control.query, this.slot);
    if (slot?.failover !== false) return;
    await using session = await Session.open(this.#target, 'database');
    await setFailover(session, this.slot);
  }

  async #preflight(query: Query): Promise<PostgresError[]> {
    const errors = await preflight(query, this.#settings);
    const money = await moneyColumns(query, this.publication, this.#settings.tables);
    if (money.length === 0) return errors;
    await using session = await Session.open(this.#target, 'own-currency');
    return [...errors, ...(await checkMoney(session.query, money))];
  }

  /** @param announcement goes before the changes, once the server has agreed to send them */
  async *#follow(
    position: bigint,
    tables: readonly PublishedTable[],
    announcement?: SourceMessage,
  ): AsyncGenerator<SourceMessage, void, undefined> {
    let form: StreamForm = {
      values: tables.every(({ binary }) => binary) ? 'binary' : 'text',
      sendsEarly: this.#settings.spill !== 'none',
    };
    let waiting = announcement;
    const resyncs = this.#resyncs;
    if (!resyncs) throw new Error('follow: the source is not started');
    resyncs.handOver({ kind: 'heartbeat', position: postgresPosition(position) });
    for (let from = position; ; ) {
      this.#followed = tables;
      const stream = await this.#keep(this.#openStream({ from, tables }, form));
      this.#stream = stream;
      this.#enter('stream-opened');
      if (waiting) yield waiting;
      waiting = undefined;
      try {
        yield* withResyncs(stream, resyncs);
        return;
      } catch (error) {
        const next = nextForm(form, error);
        if (!next) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        this.#settings.logger.info('reading the stream in another form', {
          slot: this.slot,
          ...next,
          reason,
        });
        from = stream.handedOver;
        form = next;
      }
      await this.#release(stream);
    }
  }

  #openStream(
    { from, tables }: { from: bigint; tables: readonly PublishedTable[] },
    form: StreamForm,
  ): Promise<ReplicationStream> {
    return ReplicationStream.open(
      {
        ...this.#settings,
        target: this.#target,
        position: from,
        acknowledged: this.#acknowledged,
        tables,
        loadTable: (relation) => this.#loadTable(relation),
      },
      form,
    );
  }

  async #loadTable(relation: Relation): Promise<PublishedTable | 'ignored'> {
    const name = formatTableName(relation);
    const { query } = this.#control;
    const table = this.#settings.tables.find((each) => formatTableName(each) === name);
    if (table) return loadPublishedTable(query, this.publication, table);
    const partitioned = this.#followed.filter((each) => each.isPartitioned);
    if (partitioned.length > 0) await checkPartition(query, relation, partitioned);
    return 'ignored';
  }

  #access(): SlotAccess {
    const { slot, takeOver, clock, logger } = this.#settings;
    return { slot, takeOver, clock, logger, database: this.#target.database };
  }

  #enter(event: SourceEvent): void {
    const next = transition(this.#state, event);
    if (next === 'invalid') throw new Error(`a source that is ${this.#state} cannot ${event}`);
    this.#state = next;
  }

  /** Makes `stop` close what was opened; at once if that has come meanwhile. */
  async #keep<T extends Closable>(opening: Promise<T>): Promise<T> {
    const part = await opening;
    if (isStarted(this.#state)) {
      this.#open.add(part);
      return part;
    }
    await part.close();
    throw new PostgresError('postgres/connection-lost', 'The source was stopped.');
  }

  async #release(part: Closable): Promise<void> {
    this.#open.delete(part);
    await part.close();
  }
}

function isDisturbed(error: unknown): boolean {
  return error instanceof PostgresError && error.code === 'postgres/snapshot-disturbed';
}

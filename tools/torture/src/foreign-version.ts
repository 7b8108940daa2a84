import { openObjectStore } from '@cdc-demo/object-store';
import { textOf } from './written-lake.ts';

interface DeltaLog {
  /** Of the table's folder. */
  readonly location: string;
  versions(): Promise<readonly bigint[]>;
}

/** Commits a version of somebody else's that changes no row; nothing where there is no table. */
export async function commitForeignVersion(table: DeltaLog): Promise<void> {
  while ((await tryForeignVersion(table)) === 'taken');
}

async function tryForeignVersion(table: DeltaLog): Promise<'done' | 'taken'> {
  const newest = (await table.versions()).at(-1);
  if (newest === undefined) return 'done';
  const log = (version: bigint): string =>
    `_delta_log/${version.toString().padStart(20, '0')}.json`;
  const [first = ''] = (await textOf(table.location, log(newest))).split('\n');
  const { commitInfo } = JSON.parse(first) as {
    readonly commitInfo: { readonly inCommitTimestamp: number };
  };
  const inCommitTimestamp = commitInfo.inCommitTimestamp + 1;
  const actions = [
    { commitInfo: { inCommitTimestamp, timestamp: inCommitTimestamp, operation: 'FOREIGN' } },
    { txn: { appId: 'somebody else', version: 1 } },
  ];
  const text = actions.map((action) => JSON.stringify(action)).join('\n');
  const store = openObjectStore(table.location);
  const outcome = await store.putIfAbsent(log(newest + 1n), Buffer.from(`${text}\n`));
  return outcome === 'created' ? 'done' : 'taken';
}

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

interface DeltaLog {
  /** Of the table's folder. */
  readonly path: string;
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
    join(table.path, '_delta_log', `${version.toString().padStart(20, '0')}.json`);
  const [first = ''] = (await readFile(log(newest), 'utf8')).split('\n');
  const { commitInfo } = JSON.parse(first) as {
    readonly commitInfo: { readonly inCommitTimestamp: number };
  };
  const inCommitTimestamp = commitInfo.inCommitTimestamp + 1;
  const actions = [
    { commitInfo: { inCommitTimestamp, timestamp: inCommitTimestamp, operation: 'FOREIGN' } },
    { txn: { appId: 'somebody else', version: 1 } },
  ];
  const text = actions.map((action) => JSON.stringify(action)).join('\n');
  try {
    await writeFile(log(newest + 1n), `${text}\n`, { flag: 'wx' });
    return 'done';
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'EEXIST') return 'taken';
    throw error;
  }
}

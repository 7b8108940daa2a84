import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync, chownSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@cdc-demo/local-servers';
import type { LocalPostgres, LocalPostgresOptions } from '@cdc-demo/local-servers';
import pg from 'pg';

export interface CopyOptions {
  /** `standby`: follows the server. `restored`: begins where the copy ended, with its slots. */
  readonly as: 'standby' | 'restored';
  readonly settings?: LocalPostgresOptions['settings'];
}

/** A server on a copy of another server's data folder, taken while that runs (low-level backup). */
export async function copyServer(
  server: LocalPostgres,
  { as, settings }: CopyOptions,
): Promise<LocalPostgres> {
  const parent = mkdtempSync(join(tmpdir(), 'cdc-pg-copy-'));
  const { uid, gid } = statSync(server.dataDir);
  chownSync(parent, uid, gid);
  chmodSync(parent, 0o700);
  const dataDir = join(parent, 'data');
  const write = (name: string, text: string): void => {
    writeFileSync(join(dataDir, name), text, { mode: 0o600 });
    chownSync(join(dataDir, name), uid, gid);
  };
  const client = new pg.Client(server.url);
  await client.connect();
  const [start, stop] =
    server.version < 15
      ? ['pg_start_backup', 'pg_stop_backup']
      : ['pg_backup_start', 'pg_backup_stop'];
  const options = server.version < 15 ? 'true, false' : 'true';
  await client.query(`SELECT ${start}('copy', ${options})`);
  execFileSync('cp', ['-Rp', server.dataDir, dataDir]);
  const ended = await client.query<{ labelfile: string }>(
    `SELECT labelfile FROM ${stop}(${server.version < 15 ? 'false, false' : 'false'})`,
  );
  await client.end();
  write('backup_label', ended.rows[0]?.labelfile ?? '');
  rmSync(join(dataDir, 'postmaster.pid'), { force: true });
  if (as === 'standby') {
    write('standby.signal', '');
    execFileSync('sh', ['-c', 'rm -rf -- "$0"/pg_replslot/*', dataDir]);
  }
  // What was written while the folder was copied.
  execFileSync('sh', ['-c', 'cp -p "$0"/pg_wal/0* "$1"/pg_wal/', server.dataDir, dataDir]);
  const copy = await startPostgres({
    version: server.version,
    dataDir,
    settings: { ...(as === 'standby' ? { primary_conninfo: conninfo(server) } : {}), ...settings },
  });
  const stopCopy = copy.stop.bind(copy);
  copy.stop = async () => {
    await stopCopy();
    rmSync(parent, { recursive: true, force: true });
  };
  return copy;
}

function conninfo(server: LocalPostgres): string {
  const { hostname, port, username, password } = new URL(server.url);
  const parts = { host: hostname, port, user: username, password, dbname: 'postgres' };
  return Object.entries(parts)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
}

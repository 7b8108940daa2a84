import type { ConnectionOptions as NodeTlsOptions } from 'node:tls';
import pg from 'pg';
import { connectError } from './connect-error.ts';
import type { ConnectionTarget, TlsOptions } from './connection-target.ts';
import { startupOptions } from './session-settings.ts';

/**
 * `database`: a session that takes replication commands beside simple queries; `own-currency`: one
 * with the database's `lc_monetary`.
 */
export type SessionKind = 'normal' | 'database' | 'own-currency';

/**
 * Opens a session with the settings that the decoders rely on. After it is open, errors of the
 * connection reach whoever waits for an answer; the client never emits an unheard `error`.
 * @throws PostgresError
 */
export async function connect(
  target: ConnectionTarget,
  kind: SessionKind = 'normal',
): Promise<pg.Client> {
  const password = target.password.reveal();
  const config: pg.ClientConfig & { replication?: string } = {
    host: target.host,
    port: target.port,
    user: target.user,
    database: target.database,
    // A function, so that neither PGPASSWORD nor ~/.pgpass steps in for an empty one.
    password: () => password,
    ssl: nodeTls(target.tls),
    enableChannelBinding: target.tls.mode !== 'disable',
    application_name: target.applicationName,
    client_encoding: 'UTF8',
    options: startupOptions(kind === 'own-currency' ? ['lc_monetary'] : []),
    connectionTimeoutMillis: target.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
  };
  if (kind === 'database') config.replication = 'database';
  const client = new pg.Client(config);
  client.on('error', ignore);
  try {
    await client.connect();
    return client;
  } catch (cause) {
    await client.end().catch(ignore);
    throw connectError(cause, target);
  }
}

/** The first error is the one that is reported; what breaks after it says nothing new. */
function ignore(): void {
  // Nothing.
}

function nodeTls(tls: ConnectionTarget['tls']): false | NodeTlsOptions {
  if (tls.mode === 'disable') return false;
  const verifies = tls.mode !== 'require' || tls.ca !== undefined;
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: verifies,
    ...(tls.mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
    ...credentials(tls),
  };
}

function credentials(tls: TlsOptions): NodeTlsOptions {
  return {
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
    ...(tls.privateKey === undefined ? {} : { key: tls.privateKey.reveal() }),
  };
}

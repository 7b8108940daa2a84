import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { Secret } from '@cdc-demo/cdc-core';
import { PostgresError } from '../errors.ts';

/**
 * How the connection is protected. There is no mode that falls back to plaintext.
 * `require` encrypts without looking at the certificate (with a CA: as `verify-ca`), `verify-ca`
 * checks who signed it, `verify-full` also that it is this host's.
 */
export type TlsMode = 'disable' | 'require' | 'verify-ca' | 'verify-full';

/** Certificates, PEM. */
export interface TlsOptions {
  /** `verify-full` unless the host is this machine, then `disable`. */
  readonly mode?: TlsMode;
  readonly ca?: string;
  readonly certificate?: string;
  readonly privateKey?: Secret;
}

export interface PostgresConnectionOptions {
  /**
   * `postgresql://user:password@host:port/database`, `%2Fvar%2Frun%2Fpostgresql` as host for a unix
   * socket. Parameters: `sslmode`, `sslrootcert`, `sslcert`, `sslkey` (files), `host`,
   * `application_name`, `connect_timeout` (seconds).
   */
  readonly url: Secret | string;
  /** Goes before a password in the URL. */
  readonly password?: Secret | string;
  /** Goes before the parameters of the URL. */
  readonly tls?: TlsOptions;
  /** How the sessions appear in `pg_stat_activity`; `cdc-demo` unless given. */
  readonly applicationName?: string;
  /** 10 s unless given. */
  readonly connectTimeoutMs?: number;
}

/** Where to connect, as whom, how protected. Prints without secrets. */
export interface ConnectionTarget {
  /** Host name, address, or folder of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password: Secret;
  readonly tls: Required<Pick<TlsOptions, 'mode'>> & TlsOptions;
  readonly applicationName: string;
  readonly connectTimeoutMs: number;
}

const PARAMETERS = [
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'host',
  'application_name',
  'connect_timeout',
] as const;
type Parameter = (typeof PARAMETERS)[number];

const MODES: readonly string[] = ['disable', 'require', 'verify-ca', 'verify-full'];
const DEFAULT_PORT = 5432;
const DEFAULT_TIMEOUT_S = 10;

/** @throws PostgresError `postgres/bad-url`; the message never contains the URL. */
export function connectionTarget(options: PostgresConnectionOptions): ConnectionTarget {
  const url = parseUrl(text(options.url));
  const parameters = readParameters(url);
  const host = parameters.host ?? decode(url.hostname).replace(/^\[(.*)\]$/, '$1');
  if (host === '') throw badUrl('has no host');
  const user = decode(url.username);
  if (user === '') throw badUrl('has no user');
  const database = decode(url.pathname.slice(1)) || user;
  if (database.includes('/')) throw badUrl('has more than a database name behind the host');
  const seconds = Number(parameters.connect_timeout ?? DEFAULT_TIMEOUT_S);
  if (!(seconds > 0)) throw badUrl('has a connect_timeout that is not a positive number');
  return {
    host,
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    user,
    database,
    password: new Secret(
      options.password === undefined ? decode(url.password) : text(options.password),
    ),
    tls: { ...tlsOf(parameters, host), ...options.tls },
    applicationName: options.applicationName ?? parameters.application_name ?? 'cdc-demo',
    connectTimeoutMs: options.connectTimeoutMs ?? seconds * 1000,
  };
}

/** `user@host:port/database`, for messages. */
export function describeTarget(target: ConnectionTarget): string {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  return `${target.user}@${host}:${target.port}/${target.database}`;
}

export function isUnixSocket(host: string): boolean {
  return host.startsWith('/');
}

function isThisMachine(host: string): boolean {
  if (isUnixSocket(host) || host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

function text(value: Secret | string): string {
  return typeof value === 'string' ? value : value.reveal();
}

function parseUrl(url: string): URL {
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw badUrl('does not begin with postgresql:// or postgres://');
  }
  if (!URL.canParse(url)) {
    throw badUrl('cannot be parsed; percent-encode special characters in user and password');
  }
  return new URL(url);
}

function readParameters(url: URL): Partial<Record<Parameter, string>> {
  const known: readonly string[] = PARAMETERS;
  const parameters: Partial<Record<string, string>> = {};
  for (const [name, value] of url.searchParams) {
    if (!known.includes(name)) {
      throw badUrl(`has the unknown parameter ${name}; known are ${PARAMETERS.join(', ')}`);
    }
    parameters[name] = value;
  }
  return parameters;
}

function tlsOf(
  parameters: Partial<Record<Parameter, string>>,
  host: string,
): ConnectionTarget['tls'] {
  const mode = parameters.sslmode ?? (isThisMachine(host) ? 'disable' : 'verify-full');
  if (!MODES.includes(mode)) {
    throw badUrl(`has sslmode=${mode}; use ${MODES.join(', ')} (nothing falls back to plaintext)`);
  }
  const { sslrootcert, sslcert, sslkey } = parameters;
  return {
    mode: mode as TlsMode,
    ...(sslrootcert === undefined ? {} : { ca: readPem('sslrootcert', sslrootcert) }),
    ...(sslcert === undefined ? {} : { certificate: readPem('sslcert', sslcert) }),
    ...(sslkey === undefined ? {} : { privateKey: new Secret(readPem('sslkey', sslkey)) }),
  };
}

function readPem(parameter: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new PostgresError('postgres/bad-url', `The file of ${parameter} cannot be read.`, {
      cause,
      context: { path },
      remedy: `Give a readable PEM file in ${parameter}.`,
    });
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badUrl('has a broken percent-encoding');
  }
}

function badUrl(what: string): PostgresError {
  return new PostgresError('postgres/bad-url', `The Postgres URL ${what}.`);
}

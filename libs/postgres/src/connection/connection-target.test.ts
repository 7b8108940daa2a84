import { expect, test } from '@jest/globals';
import { connectionTarget, describeTarget } from './connection-target.ts';

test('a URL says host, port, user, password and database', () => {
  const target = connectionTarget({ url: 'postgresql://me%40x:p%2Fw@db.example:6000/app' });
  expect(target).toMatchObject({
    host: 'db.example',
    port: 6000,
    user: 'me@x',
    database: 'app',
    connectTimeoutMs: 10_000,
  });
  expect(target.password.reveal()).toBe('p/w');
  expect(describeTarget(target)).toBe('me@x@db.example:6000/app');
});

test('what a URL leaves out has the usual defaults', () => {
  expect(connectionTarget({ url: 'postgres://me@db' })).toMatchObject({
    port: 5432,
    database: 'me',
    applicationName: 'cdc-demo',
  });
});

test.each([
  ['db.example', 'verify-full'],
  ['10.0.0.1', 'verify-full'],
  ['127.0.0.1.example', 'verify-full'],
  ['localhost', 'disable'],
  ['127.0.0.1', 'disable'],
  ['[::1]', 'disable'],
  ['%2Fvar%2Frun%2Fpostgresql', 'disable'],
])('host %s is protected by %s', (host, mode) => {
  expect(connectionTarget({ url: `postgresql://me@${host}/app` }).tls.mode).toBe(mode);
});

test('an address of version 6 is used without its brackets, and shown with them', () => {
  const target = connectionTarget({ url: 'postgresql://me@[::1]:5433/app' });
  expect(target.host).toBe('::1');
  expect(describeTarget(target)).toBe('me@[::1]:5433/app');
});

test('parameters choose host, TLS mode, name and timeout; options go before them', () => {
  const url =
    'postgresql://me@localhost/app?host=/run/pg&sslmode=require&application_name=x&connect_timeout=3';
  expect(connectionTarget({ url })).toMatchObject({
    host: '/run/pg',
    tls: { mode: 'require' },
    applicationName: 'x',
    connectTimeoutMs: 3000,
  });
  const options = {
    url,
    tls: { mode: 'disable' },
    applicationName: 'y',
    connectTimeoutMs: 5,
  } as const;
  expect(connectionTarget(options)).toMatchObject({
    tls: { mode: 'disable' },
    applicationName: 'y',
    connectTimeoutMs: 5,
  });
});

test.each([
  ['mysql://canary:canary@db/app', 'does not begin with postgresql://'],
  ['postgresql://me:canary#canary@db:x/app', 'cannot be parsed'],
  ['postgresql:///canary', 'has no host'],
  ['postgresql://db/canary', 'has no user'],
  ['postgresql://me:canary@db/a/b', 'more than a database name'],
  ['postgresql://me:canary@db/a?sslmode=prefer', 'sslmode=prefer'],
  ['postgresql://me:canary@db/a?ssl=true', 'unknown parameter ssl'],
  ['postgresql://me:canary@db/a?connect_timeout=soon', 'connect_timeout'],
  ['postgresql://me:%ZZcanary@db/a', 'percent-encoding'],
  ['postgresql://me:canary@db/a?sslrootcert=/no/such/file', 'sslrootcert cannot be read'],
])('%s is refused, and the message does not repeat it', (url, reason) => {
  const refuse = (): unknown => connectionTarget({ url });
  expect(refuse).toThrow(expect.objectContaining({ code: 'postgres/bad-url' }));
  expect(refuse).toThrow(reason);
  expect(refuse).not.toThrow('canary');
});

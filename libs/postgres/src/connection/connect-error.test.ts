import { expect, test } from '@jest/globals';
import { PostgresError } from '../errors.ts';
import { connectError, queryError, sqlState } from './connect-error.ts';
import { connectionTarget } from './connection-target.ts';

const target = connectionTarget({ url: 'postgresql://me@db.example/app' });

function coded(code: string, message = 'words of the server'): Error {
  return Object.assign(new Error(message), { code });
}

test.each([
  [coded('28P01'), 'postgres/authentication-failed'],
  [coded('28000'), 'postgres/authentication-failed'],
  [coded('3D000'), 'postgres/database-missing'],
  [coded('53300'), 'postgres/unreachable'],
  [coded('57P03'), 'postgres/unreachable'],
  [coded('42704'), 'postgres/server-too-old'],
  [coded('ECONNREFUSED'), 'postgres/unreachable'],
  [coded('ENOTFOUND'), 'postgres/unreachable'],
  [coded('', 'timeout expired'), 'postgres/unreachable'],
  [coded('', 'Connection terminated unexpectedly'), 'postgres/unreachable'],
  [coded('CERT_HAS_EXPIRED', 'certificate has expired'), 'postgres/tls-failed'],
  [coded('', 'The server does not support SSL connections'), 'postgres/tls-failed'],
  [coded('', 'SASL: SCRAM-SERVER-FIRST-MESSAGE: wrong'), 'postgres/authentication-failed'],
  [coded('', 'something else'), 'postgres/unreachable'],
  [new AggregateError([coded('ECONNREFUSED')], ''), 'postgres/unreachable'],
  [undefined, 'postgres/unreachable'],
])('connecting: %s is %s', (cause, code) => {
  expect(connectError(cause, target)).toMatchObject({
    code,
    message: expect.stringContaining('me@db.example:5432/app'),
  });
});

test('a full server, or one that starts, has a remedy of its own', () => {
  expect(connectError(coded('53300'), target).remedy).toContain('max_connections');
  expect(connectError(coded('57P03'), target).remedy).toContain('starts or stops');
});

test.each([
  [coded('42501'), 'postgres/missing-privilege'],
  [coded('55006'), 'postgres/slot-in-use'],
  [coded('57P01'), 'postgres/connection-lost'],
  [coded('53100'), 'postgres/server-fault'],
  [coded('XX000', 'could not map filenumber'), 'postgres/server-fault'],
  [coded('XX001', 'invalid page in block 1'), 'postgres/query-failed'],
  [coded('EPIPE'), 'postgres/connection-lost'],
  [
    coded('', 'Client has encountered a connection error and is not queryable'),
    'postgres/connection-lost',
  ],
  [coded('22012', 'division by zero'), 'postgres/query-failed'],
])('a statement: %s is %s', (cause, code) => {
  expect(queryError(cause, 'do it')).toMatchObject({
    code,
    message: expect.stringContaining('Cannot do it: '),
  });
});

test('an error keeps its SQLSTATE, and is not wrapped twice', () => {
  const error = queryError(coded('22012', 'division by zero'), 'divide');
  expect(error.message).toBe('Cannot divide: division by zero (SQLSTATE 22012)');
  expect(sqlState(error)).toBe('22012');
  expect(sqlState(coded('EPIPE'))).toBe('');
  const other = new PostgresError('postgres/slot-lost', 'gone');
  expect(queryError(other, 'divide')).toBe(other);
});

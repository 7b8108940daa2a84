import { existsSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { icebergRestFolder } from './installation.ts';
import { startIcebergRest } from './local-iceberg-rest.ts';

test('a catalog serves on a free port, and leaves nothing behind', async () => {
  const server = await startIcebergRest();
  const answer = await fetch(`${server.uri}/v1/config`);
  expect(await answer.json()).toHaveProperty('endpoints');
  expect(existsSync(server.warehouse)).toBe(true);
  await server.stop();
  expect(existsSync(server.warehouse)).toBe(false);
  expect(() => process.kill(server.pid, 0)).toThrow('ESRCH');
  await expect(fetch(`${server.uri}/v1/config`)).rejects.toThrow();
});

test('a server that is not installed is told with the way to get it', () => {
  expect(() => icebergRestFolder({ CDC_CACHE: '/nowhere' })).toThrow('is not installed');
});

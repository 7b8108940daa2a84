import { expect, test } from '@jest/globals';
import { minioProgram, startMinio } from './local-minio.ts';

test('it runs until it is stopped', async () => {
  const server = await startMinio();
  const { ok } = await fetch(`${server.endpoint}/minio/health/live`);
  expect(ok).toBe(true);
  await server.stop();
  expect(() => process.kill(server.pid, 0)).toThrow('ESRCH');
  await expect(fetch(server.endpoint)).rejects.toThrow();
});

test('without it, it is said how to get it', () => {
  expect(() => minioProgram({ CDC_CACHE: '/nowhere' })).toThrow('MinIO is not installed');
});

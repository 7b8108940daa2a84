import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NodeProcess } from '@cdc-demo/cdc-testing';
import { DeltaTable } from '@cdc-demo/delta';
import { startPostgres } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { Client } from 'pg';

const SERVE = fileURLToPath(new URL('../dist/serve.js', import.meta.url));

describe('the service', () => {
  let server: LocalPostgres;
  let folder: string;
  let config: string;

  beforeAll(async () => {
    server = await startPostgres({ version: 18 });
    folder = await mkdtemp(join(tmpdir(), 'serve-'));
    config = join(folder, 'cdc-demo.yaml');
    await writeFile(
      config,
      `
pipelines:
  - id: served
    source: { type: postgres, url: '\${env:SOURCE_URL}', tables: [public.good] }
    sink: { type: delta, location: '${folder}/lake/{table}' }
    commit: { intervalMs: 100 }
`,
    );
  });
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  const serve = (...args: readonly string[]): NodeProcess =>
    new NodeProcess([SERVE, '--port', '0', ...args], { env: { SOURCE_URL: server.url } });

  it('shows metrics and health, and commits what it has before it ends on SIGTERM', async () => {
    const client = new Client({ connectionString: server.url });
    await client.connect();
    await client.query('CREATE TABLE good (id int PRIMARY KEY, v text)');
    const service = serve('--config', config);
    const [, url = ''] = await service.printed(/"url":"(http:[^"]+)"/);
    await service.printed(/pipeline is streaming/);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);

    await client.query(`INSERT INTO good VALUES (1, 'canary')`);
    await client.end();
    await service.printed(/batch committed/);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/cdc_demo_rows_committed_total\{[^}]*operation="insert"\} 1/);
    expect(metrics).toContain('process_cpu_seconds_total');

    expect(await service.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    for (const line of service.output.trim().split('\n')) expect(JSON.parse(line)).toBeTruthy();
    expect(service.output).not.toMatch(/canary|postgresql:\/\/postgres:/);
    const rows: unknown[] = [];
    for await (const batch of (await DeltaTable.open(join(folder, 'lake/good'))).rows()) {
      for (let row = 0; row < batch.length; row++) rows.push(batch.row(row));
    }
    expect(rows).toEqual([[1, 'canary']]);
  });

  it('ends with the exit code of what went wrong, and says what to do', async () => {
    const service = serve('--config', join(folder, 'none.yaml'));
    expect(await service.exited).toEqual({ code: 2, signal: null });
    expect(service.output).toMatch(/none\.yaml cannot be read.*--config FILE/);
    const help = serve('--help');
    expect(await help.exited).toEqual({ code: 0, signal: null });
    expect(help.output).toContain('--take-over');
  });
});

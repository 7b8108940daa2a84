import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger } from '@cdc-demo/cdc-core';
import { RowGenerator, insertRows } from '@cdc-demo/datagen';
import { startPostgres } from '@cdc-demo/local-servers';
import { parseConfig } from '@cdc-demo/pipeline';
import type { ConfigFile } from '@cdc-demo/pipeline';
import { runPipelines } from '@cdc-demo/pipeline-runner';
import { Client } from 'pg';
import { compareTable } from './compare-tables.ts';
import type { Comparison } from './compare-tables.ts';
import type { DemoFormat, LakeTable } from './demo-lake.ts';
import { createSessions, customers, demoTables, orders } from './demo-tables.ts';
import { shorten } from './feed-lines.ts';
import { FOLLOWED, MOVED, runTraffic } from './live-traffic.ts';
import { watchPipeline } from './watch-pipeline.ts';

export interface DemoOptions {
  /** Everything that the demo makes lies here. */
  readonly folder: string;
  readonly format: DemoFormat;
  readonly trafficMs: number;
  readonly print: (line?: string) => void;
}

const CUSTOMERS = customers.sizes.small;
const ORDERS = orders.sizes.small;

/** Runs the whole demo; true when every row of every table equals the source's. */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const { folder, format, trafficMs, print } = options;
  await mkdir(folder, { recursive: true });
  print('1. A Postgres of its own, with customers, orders and sessions');
  await using server = await startPostgres({ version: 18, dataDir: join(folder, 'postgres') });
  const client = new Client({ connectionString: server.url });
  await client.connect();
  try {
    const generators = await load(client, print);
    const config = configure(options, server.url);

    print('\n2. The pipeline starts: first the rows that are there, then every change, live');
    const stop = new AbortController();
    const watch = watchPipeline((table) => open(options, table), print);
    const running = runPipelines({
      config,
      ids: [],
      until: 'stopped',
      firstContact: 'fail',
      takeOver: false,
      logger: silentLogger,
      observers: () => [watch.observe],
      stop: stop.signal,
      lagIntervalMs: 1000,
    });
    let transactions = 0;
    try {
      await Promise.race([watch.streaming, running]);
      const say = (line: string): void => print(`   » ${line}`);
      const { isPublished } = watch;
      const traffic = runTraffic({ client, ...generators, say, isPublished }, trafficMs);
      await Promise.race([traffic.then((made) => (transactions = made)), running]);
    } finally {
      stop.abort();
      await running;
    }
    await watch.finish();
    print(`   ${transactions} transactions were made; ${watch.summary()}`);

    print('\n3. Stopped. A second run catches up and ends');
    await catchUp(config, print);

    print('\n4. Every row of every table, compared with the source');
    const comparisons: Comparison[] = [];
    for (const table of demoTables) {
      comparisons.push(await compareTable(client, table, await open(options, table.name)));
    }
    for (const comparison of comparisons) printComparison(comparison, options);

    print(`\n5. The changes of customer ${FOLLOWED} in the ${format.name} table, through its life`);
    await printLife(await open(options, 'customers'), print);
    printHowToRead(options);
    return comparisons.every(isEqual);
  } finally {
    await client.end();
  }
}

async function load(
  client: Client,
  print: DemoOptions['print'],
): Promise<{ customerRows: RowGenerator; orderRows: RowGenerator }> {
  await client.query(customers.create);
  await client.query(orders.create);
  await client.query(createSessions);
  // customers sends whole old rows, the others only keys: both ways are shown.
  await client.query('ALTER TABLE customers REPLICA IDENTITY FULL');
  const referenced = { 'public.customers': CUSTOMERS };
  const customerRows = new RowGenerator(customers, { seed: 42, referenced });
  const orderRows = new RowGenerator(orders, { seed: 43, referenced });
  const quiet = (): void => undefined;
  await insertRows(
    client,
    { dataset: customers, generator: customerRows, total: CUSTOMERS },
    quiet,
  );
  await insertRows(client, { dataset: orders, generator: orderRows, total: ORDERS }, quiet);
  await client.query(
    `INSERT INTO sessions SELECT i, i % ${CUSTOMERS} + 1, '/page/' || i FROM generate_series(1, 200) i`,
  );
  print(`   ${CUSTOMERS} customers, ${ORDERS} orders, 200 sessions, always the same ones`);
  return { customerRows, orderRows };
}

function configure({ folder, format }: DemoOptions, url: string): ConfigFile {
  const text = `
pipelines:
  - id: demo
    source:
      type: postgres
      url: \${env:DEMO_URL}
      tables: [${demoTables.map(({ name }) => `public.${name}`).join(', ')}]
    sink:
      ${format.sink}
      location: ${JSON.stringify(join(folder, 'lake/{schema}/{table}'))}
    commit: { intervalMs: 500 }
`;
  const noFiles = (path: string): string => {
    throw new Error(`The demo reads no secret file, not even ${path}`);
  };
  return parseConfig(text, { env: { DEMO_URL: url }, readSecretFile: noFiles }, 'demo');
}

async function catchUp(config: ConfigFile, print: DemoOptions['print']): Promise<void> {
  let commits = 0;
  await runPipelines({
    config,
    ids: [],
    until: 'caught-up',
    firstContact: 'fail',
    takeOver: false,
    logger: silentLogger,
    observers: () => [(event) => (commits += event.kind === 'table-committed' ? 1 : 0)],
    stop: new AbortController().signal,
    lagIntervalMs: 60_000,
  });
  print(
    `   ${commits} table commits: ${commits === 0 ? 'nothing was left to do' : 'now all is there'}`,
  );
}

function printComparison(comparison: Comparison, { print, format }: DemoOptions): void {
  const { table, sourceRows, onlyInSource, onlyInTable } = comparison;
  if (isEqual(comparison)) print(`   ${table}: ${sourceRows} rows, all equal`);
  else {
    print(`   ${table}: DIFFERENT`);
    for (const row of onlyInSource.slice(0, 3)) print(`      only in Postgres: ${shorten(row)}`);
    for (const row of onlyInTable.slice(0, 3))
      print(`      only in ${`${format.name}:`.padEnd(9)} ${shorten(row)}`);
  }
}

function isEqual({ onlyInSource, onlyInTable }: Comparison): boolean {
  return onlyInSource.length === 0 && onlyInTable.length === 0;
}

const LIFE = ['customer_id', 'first_name', 'customer_tier', 'lifetime_value', 'loyalty_card'];

async function printLife(table: LakeTable, print: DemoOptions['print']): Promise<void> {
  for await (const line of table.changes()) {
    const id = line.value('customer_id');
    if (id !== FOLLOWED && id !== MOVED) continue;
    const label = table.labelOf(line.version) ?? 'at first';
    print(`   ${label.padEnd(12)} ${line.change.padEnd(17)} ${line.show(LIFE)}`);
  }
}

function printHowToRead({ folder, format, print }: DemoOptions): void {
  const path = join(folder, 'lake/public/customers');
  print(`\n6. The tables lie in ${join(folder, 'lake')}. Read them with
   cdc-demo   npx cdc-demo table rows ${path} --limit 5 --format table`);
  for (const line of format.howToRead(path)) print(`   ${line}`);
}

function open({ folder, format }: DemoOptions, table: string): Promise<LakeTable> {
  return format.open(join(folder, 'lake/public', table));
}

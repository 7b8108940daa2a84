import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { BIG_FIGURES, bigTransactionFigures } from './big-transaction-figures.ts';
import { formatResults } from './bench-result.ts';
import type { BenchResult } from './bench-result.ts';
import { mergeIntoLarge } from './delta-figures.ts';
import { incrementalRead } from './incremental-read.ts';
import { postgresFigures } from './postgres-figures.ts';
import { commitGrowth, sinkRates } from './sink-figures.ts';

const USAGE = `Measures, each figure beside its limit in the same run.

  --rows N       rows of the table before the workload (default 1000000)
  --changes N    changes that are streamed (default 300000)
  --large N      rows of the large table (default 10000000)
  --commits N    commits of which the growth is measured (default 5000)
  --big N        rows of the transactions and the table beyond memory (default 5000000)
  --only NAME    postgres-full, postgres-default, sink, growth, incremental, merge, or the name of
                 one figure of big-transaction-… or big-table-snapshot; may be given more than once
  --help         show this text

Prints a table and writes dist/bench.json.
`;

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    changes: { type: 'string', default: '300000' },
    large: { type: 'string', default: '10000000' },
    commits: { type: 'string', default: '5000' },
    big: { type: 'string', default: '5000000' },
    only: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', default: false },
  },
});

const FIGURES = [
  'postgres-full',
  'postgres-default',
  'sink',
  'growth',
  'incremental',
  'merge',
  ...BIG_FIGURES,
];

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

async function measure(): Promise<BenchResult[]> {
  const unknown = values.only.filter((name) => !FIGURES.includes(name));
  if (unknown.length > 0) {
    throw new Error(`--only ${unknown.join(', ')}: the figures are ${FIGURES.join(', ')}`);
  }
  const isWanted = (name: string): boolean =>
    values.only.length === 0 || values.only.includes(name);
  const sizes = { rows: Number(values.rows), changes: Number(values.changes), say };
  const results: BenchResult[] = [];
  if (isWanted('postgres-full')) {
    const wanted = { identity: 'full', withSnapshot: true, withLatency: true } as const;
    results.push(...(await postgresFigures({ ...sizes, ...wanted })));
  }
  if (isWanted('postgres-default')) {
    const wanted = { identity: 'default', withSnapshot: false, withLatency: false } as const;
    results.push(...(await postgresFigures({ ...sizes, ...wanted })));
  }
  if (isWanted('sink')) results.push(...(await sinkRates(sizes)));
  if (isWanted('growth')) results.push(...(await commitGrowth(Number(values.commits), say)));
  if (isWanted('incremental')) results.push(...(await incrementalRead(Number(values.big), say)));
  if (isWanted('merge')) results.push(await mergeIntoLarge(Number(values.large), say));
  results.push(...(await bigTransactionFigures({ rows: Number(values.big), isWanted, say })));
  return results;
}

if (values.help) process.stdout.write(USAGE);
else {
  const results = await measure();
  process.stdout.write(`${formatResults(results)}\n`);
  await mkdir('dist', { recursive: true });
  await writeFile('dist/bench.json', `${JSON.stringify(results, null, 2)}\n`);
}

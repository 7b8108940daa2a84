// Rates of the decoders, over what `npx tsc -b libs/postgres` built:
//   node libs/postgres/src/decode/decode.bench.mjs
// Thousands per second of CPU time of one thread, the best of several rounds, so that a busy
// machine tells about the same. Not a Jest test: its globals make code several times as slow.
import { TransactionAssembler } from '@cdc-demo/cdc-core';
import { resolveCodec } from '../../dist/catalog/column-type.js';
import { CopyBinaryDecoder } from '../../dist/decode/copy-binary-decoder.js';
import { PgoutputDecoder } from '../../dist/decode/pgoutput-decoder.js';

const ROWS = 20_000;
const ROUNDS = 12;
const CHUNK = 65_536;
const OID = 99;

const COLUMNS = [
  ['id', 20, -1],
  ['customer', 23, -1],
  ['name', 25, -1],
  ['note', 25, -1],
  ['amount', 1700, ((12 << 16) | 2) + 4],
  ['created', 1184, -1],
  ['active', 16, -1],
  ['score', 701, -1],
  ['ref', 2950, -1],
  ['day', 1082, -1],
];

function table() {
  const server = { version: 180000, moneyFractionDigits: 2 };
  const columns = COLUMNS.map(([name, typeOid, typmod], i) => ({
    name,
    attnum: i + 1,
    typeOid,
    typmod,
    notNull: i === 0,
    hasDefault: false,
    codec: resolveCodec(new Map(), { oid: typeOid, typmod }, server),
  }));
  const fields = columns.map(({ name, attnum, codec }, i) => ({
    id: attnum,
    name,
    type: codec.field,
    nullable: i !== 0,
  }));
  return {
    schema: { table: { namespace: 'public', name: 't' }, version: 1, fields, key: [0] },
    columns,
    replicaIdentity: 'full',
    hasPrimaryKey: true,
    relationOid: OID,
    estimatedRows: 0,
    binary: true,
    rowFilter: undefined,
    missingDefaults: new Map(),
  };
}

function int(size, ...values) {
  const bytes = Buffer.alloc(size * values.length);
  values.forEach((value, i) => {
    const big = BigInt.asUintN(size * 8, BigInt(value));
    for (let at = 0; at < size; at++) {
      bytes[i * size + at] = Number((big >> BigInt((size - 1 - at) * 8)) & 0xffn);
    }
  });
  return bytes;
}

function float(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
}

const binaryValues = (i) => [
  int(8, BigInt(i) * 12_345_678n),
  int(4, i),
  Buffer.from(`customer ${i}`),
  Buffer.from(`a somewhat longer text that is a note ${i}`),
  int(2, 3, 1, 0, 2, 12, i % 10_000, 2500),
  int(8, 700_000_000_000_000n + BigInt(i)),
  int(1, i & 1),
  float(i * 1.1),
  int(4, 0, 0, 0, i),
  int(4, 9000 + (i % 1000)),
];

const textValues = (i) =>
  [
    String(i * 12_345_678),
    String(i),
    `customer ${i}`,
    `a somewhat longer text that is a note ${i}`,
    `12${String(i % 10_000).padStart(4, '0')}.25`,
    `2022-03-07 20:26:40.${String(i).padStart(6, '0')}+00`,
    i % 2 === 0 ? 't' : 'f',
    String(i * 1.1),
    `00000000-0000-0000-0000-0000${String(i).padStart(8, '0')}`,
    '2024-08-22',
  ].map((text) => Buffer.from(text));

function tuple(values, kind) {
  const parts = values.flatMap((value) => [Buffer.from(kind), int(4, value.length), value]);
  return Buffer.concat([int(2, values.length), ...parts]);
}

const begin = (lsn) => Buffer.concat([Buffer.from('B'), int(8, lsn, 0), int(4, 7)]);
const commit = (lsn) => Buffer.concat([Buffer.from('C\0'), int(8, lsn, lsn + 50, 0)]);

function relation() {
  const columns = COLUMNS.map(([name, oid, typmod]) =>
    Buffer.concat([Buffer.from(`\u0001${name}\0`), int(4, oid, typmod)]),
  );
  const head = [Buffer.from('R'), int(4, OID), Buffer.from('public\0t\0f'), int(2, 10)];
  return Buffer.concat([...head, ...columns]);
}

function rate(things, round) {
  let best = 0;
  for (let i = 0; i < ROUNDS; i++) {
    const before = process.cpuUsage().user;
    round();
    best = Math.max(best, (things * 1000) / (process.cpuUsage().user - before));
  }
  return Math.round(best);
}

function pgoutput(messages, things) {
  const stream = Buffer.concat(messages);
  const lengths = messages.map((message) => message.length);
  const description = relation();
  return rate(things, () => {
    const assembler = new TransactionAssembler();
    const decoder = new PgoutputDecoder({ assembler });
    decoder.setTable(table());
    decoder.decode(description, 0, description.length);
    let at = 0;
    for (const length of lengths) {
      decoder.decode(stream, at, at + length);
      at += length;
    }
    if (assembler.take() === undefined) throw new Error('nothing was decoded');
  });
}

function updates(values, kind) {
  const head = Buffer.concat([Buffer.from('U'), int(4, OID)]);
  const changes = Array.from({ length: ROWS }, (_, i) =>
    Buffer.concat([
      ...[head, Buffer.from('O'), tuple(values(i), kind)],
      ...[Buffer.from('N'), tuple(values(i + 1), kind)],
    ]),
  );
  return [begin(100), ...changes, commit(100)];
}

function singleRows() {
  const head = Buffer.concat([Buffer.from('I'), int(4, OID), Buffer.from('N')]);
  return Array.from({ length: ROWS }, (_, i) => {
    const lsn = (i + 1) * 100;
    return [begin(lsn), Buffer.concat([head, tuple(binaryValues(i), 'b')]), commit(lsn)];
  }).flat();
}

function copy() {
  const rows = Array.from({ length: ROWS }, (_, i) => {
    const parts = binaryValues(i).flatMap((value) => [int(4, value.length), value]);
    return Buffer.concat([int(2, COLUMNS.length), ...parts]);
  });
  const bytes = Buffer.concat(rows);
  const header = Buffer.concat([Buffer.from('PGCOPY\n\u00ff\r\n\0', 'latin1'), int(4, 0, 0)]);
  return rate(ROWS * 4, () => {
    const decoder = new CopyBinaryDecoder(table(), { capacity: ROWS });
    decoder.push(header);
    for (let i = 0; i < 4; i++) {
      for (let at = 0; at < bytes.length; at += CHUNK) {
        decoder.push(bytes, at, Math.min(bytes.length, at + CHUNK));
      }
      if (decoder.take().length !== ROWS) throw new Error('rows are missing');
    }
  });
}

console.table({
  'pgoutput binary, identity full': {
    'k/s': pgoutput(updates(binaryValues, 'b'), ROWS * 2),
    of: 'row images of ten mixed columns',
  },
  'pgoutput text, identity full': {
    'k/s': pgoutput(updates(textValues, 't'), ROWS * 2),
    of: 'row images',
  },
  'pgoutput binary, one row each': { 'k/s': pgoutput(singleRows(), ROWS), of: 'transactions' },
  'binary COPY': { 'k/s': copy(), of: 'rows' },
});

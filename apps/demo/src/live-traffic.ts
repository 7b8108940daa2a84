import { parseLsn } from '@cdc-demo/cdc-core';
import { insertOne } from '@cdc-demo/datagen';
import type { GeneratedValue, RowGenerator } from '@cdc-demo/datagen';
import type { Client } from 'pg';
import { customers, orders } from './demo-tables.ts';

/** The customer whose life the demo tells. */
export const FOLLOWED = 7;
/** Its primary key after that was changed. */
export const MOVED = 900_007;

export interface Traffic {
  readonly client: Client;
  readonly customerRows: RowGenerator;
  readonly orderRows: RowGenerator;
  readonly say: (line: string) => void;
  /** Whether the tables hold everything before `lsn`. */
  readonly isPublished: (lsn: bigint) => boolean;
}

interface Step {
  readonly title: string;
  readonly sql: string;
  readonly parameters?: readonly GeneratedValue[];
}

/** What the demo shows one by one, each a transaction of its own. */
const STEPS: readonly Step[] = [
  {
    title: `customer ${FOLLOWED} becomes Platinum`,
    sql: `UPDATE customers SET customer_tier = 'Platinum', lifetime_value = lifetime_value + 99.95
          WHERE customer_id = ${FOLLOWED}`,
  },
  {
    title: 'an order gets a note of 20 000 characters, stored out of line',
    sql: `UPDATE orders SET order_notes = (SELECT string_agg(md5(i::text), '')
          FROM generate_series(1, 625) i) WHERE order_id = 1`,
  },
  {
    title: 'the same order is shipped; Postgres does not send the long note again',
    sql: `UPDATE orders SET order_status = 'shipped' WHERE order_id = 1`,
  },
  {
    title: `customer ${FOLLOWED} is given another primary key`,
    sql: `WITH freed AS (UPDATE orders SET customer_id = NULL WHERE customer_id = ${FOLLOWED})
          UPDATE customers SET customer_id = ${MOVED} WHERE customer_id = ${FOLLOWED}`,
  },
  { title: 'sessions is truncated', sql: 'TRUNCATE sessions' },
  {
    title: 'customers gets a column',
    sql: 'ALTER TABLE customers ADD COLUMN loyalty_card text',
  },
  {
    title: `customer ${MOVED} gets a loyalty card`,
    sql: `UPDATE customers SET loyalty_card = 'LC-0007' WHERE customer_id = ${MOVED}`,
  },
  {
    title: `customer ${MOVED} leaves`,
    sql: `DELETE FROM customers WHERE customer_id = ${MOVED}`,
  },
];

/**
 * Random inserts, updates and deletes, with the shown steps spread among them. A step waits until
 * the one before is in the tables: a version's feed is net, so steps that share a version would
 * hide each other.
 */
export async function runTraffic(traffic: Traffic, durationMs: number): Promise<number> {
  const { client, say, isPublished } = traffic;
  const started = performance.now();
  const pause = durationMs / (STEPS.length + 1);
  let stepEnd = 0n;
  let transactions = 0;
  for (const [i, { title, sql, parameters = [] }] of STEPS.entries()) {
    while (performance.now() - started < pause * (i + 1) || !isPublished(stepEnd)) {
      await randomTransaction(traffic);
      transactions++;
    }
    say(title);
    await client.query(sql, [...parameters]);
    stepEnd = await logEnd(client);
    transactions++;
  }
  return transactions;
}

async function logEnd(client: Client): Promise<bigint> {
  const { rows } = await client.query<{ lsn: string }>('SELECT pg_current_wal_lsn() AS lsn');
  return parseLsn(rows[0]?.lsn ?? '');
}

async function randomTransaction({ client, customerRows, orderRows }: Traffic): Promise<void> {
  await client.query('BEGIN');
  const customer = insertOne(customers, customerRows);
  await client.query(customer.sql, [...customer.parameters]);
  for (let i = 0; i < 3; i++) {
    const order = insertOne(orders, orderRows);
    await client.query(order.sql, [...order.parameters.map(ofSomebodyElse)]);
  }
  const tier = customerRows.value('customer_tier');
  await client.query(
    `UPDATE customers SET customer_tier = $1, last_updated = clock_timestamp()::timestamp
     WHERE customer_id IN (SELECT customer_id FROM customers WHERE customer_id > 10
                           ORDER BY random() LIMIT 3)`,
    [tier],
  );
  await client.query(
    `DELETE FROM orders WHERE order_id IN
       (SELECT order_id FROM orders WHERE order_id > 10 ORDER BY random() LIMIT 1)`,
  );
  await client.query('COMMIT');
}

/** The followed customer moves and leaves while orders come in; those are for its neighbour. */
function ofSomebodyElse(value: GeneratedValue): GeneratedValue {
  return value === FOLLOWED ? FOLLOWED + 1 : value;
}

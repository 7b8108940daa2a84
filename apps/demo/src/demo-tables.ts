import { loadDataset } from '@cdc-demo/datagen';
import type { Dataset } from '@cdc-demo/datagen';

/** A table of the demo: how it is made, and each column's canonical JSON value in SQL. */
export interface DemoTable {
  readonly name: string;
  readonly key: string;
  readonly columns: Readonly<Record<string, string>>;
}

const micros = (column: string): string => `to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.US')`;

export const customers: Dataset = loadDataset('customers');
export const orders: Dataset = loadDataset('orders');

/** Sessions of visitors: emptied once, to show what a TRUNCATE does to a feed. */
export const createSessions =
  'CREATE TABLE public.sessions (session_id int PRIMARY KEY, customer_id int, page text)';

export const demoTables: readonly DemoTable[] = [
  {
    name: 'customers',
    key: 'customer_id',
    columns: {
      ...plain('customer_id', 'email', 'first_name', 'last_name', 'phone', 'address_line1'),
      ...plain('city', 'state', 'postal_code', 'country'),
      registration_date: micros('registration_date'),
      last_updated: micros('last_updated'),
      ...plain('is_active', 'customer_tier'),
      lifetime_value: 'lifetime_value::text',
      ...plain('loyalty_card'),
    },
  },
  {
    name: 'orders',
    key: 'order_id',
    columns: {
      ...plain('order_id', 'customer_id'),
      order_date: micros('order_date'),
      ...plain('order_status'),
      total_amount: 'total_amount::text',
      shipping_address: 'shipping_address::text',
      ...plain('payment_method', 'order_notes'),
      last_updated: micros('last_updated'),
    },
  },
  { name: 'sessions', key: 'session_id', columns: plain('session_id', 'customer_id', 'page') },
];

function plain(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, name]));
}

import type { Client } from 'pg';

/** Ten columns of the usual kinds. */
export const CREATE_TABLE = `
  CREATE TABLE bench (
    id bigint PRIMARY KEY, customer int, quantity int, amount numeric(12,2), price float8,
    at timestamptz, day date, status text, name text, note text)`;

const ROW = `i, (i % 100000)::int, (i % 7)::int, (i % 1000000) / 100.0, i * 1.5,
  '2026-01-01T00:00:00Z'::timestamptz + i * interval '1 second', '2026-01-01'::date + (i % 365)::int,
  (ARRAY['new', 'paid', 'shipped', 'returned'])[1 + i % 4], 'customer number ' || i % 5000,
  md5(i::text)`;

/** Fills the table with rows 1 to `rows`. */
export async function loadRows(client: Client, rows: number): Promise<void> {
  await client.query(insertRows(rows));
  await client.query('VACUUM ANALYZE bench');
}

/**
 * A procedure that makes changes in transactions of 100: 50 inserts, 30 updates, 20 deletes; every
 * change hits its row when at most `rows` / 50 transactions are made from `rows` rows.
 */
export function createWorkload(rows: number): string {
  return `
    CREATE PROCEDURE make_changes(first int, transactions int) LANGUAGE plpgsql AS $body$
    BEGIN
      FOR t IN first .. first + transactions - 1 LOOP
        INSERT INTO bench SELECT ${ROW} FROM generate_series(${rows}::bigint + t * 50 + 1,
          ${rows}::bigint + t * 50 + 50) i;
        UPDATE bench SET quantity = quantity + 1, status = 'changed', amount = amount + 1
          WHERE id = ANY (ARRAY(SELECT (k * 7919::bigint) % ${rows / 2} * 2 + 2
            FROM generate_series(t * 30, t * 30 + 29) k));
        DELETE FROM bench WHERE id = ANY (ARRAY(SELECT (k * 104729::bigint) % ${rows / 2} * 2 + 1
            FROM generate_series(t * 20, t * 20 + 19) k));
        COMMIT;
      END LOOP;
    END $body$`;
}

/** Inserts rows 1 to `rows`. */
export function insertRows(rows: number): string {
  return `INSERT INTO bench SELECT ${ROW} FROM generate_series(1, ${rows}::bigint) i`;
}

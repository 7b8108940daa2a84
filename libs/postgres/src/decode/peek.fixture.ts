import { isCdcError, TransactionAssembler } from '@cdc-demo/cdc-core';
import type { TransactionGroup } from '@cdc-demo/cdc-core';
import pg from 'pg';
import { loadPublishedTable } from '../catalog/load-published-table.ts';
import type { Query, Row } from '../catalog/query.ts';
import { startupOptions } from '../connection/session-settings.ts';
import { PgoutputDecoder } from './pgoutput-decoder.ts';
import type { PgoutputOptions } from './pgoutput-decoder.ts';

/** A client with the source's session settings, and others on top. */
export async function openClient(url: string, settings = ''): Promise<pg.Client> {
  const options = `${startupOptions()} ${settings}`;
  const client = new pg.Client({ connectionString: url, options });
  await client.connect();
  return client;
}

/** The catalog's query function over a client. */
export function catalogQuery(client: pg.Client): Query {
  return async (sql, params) => {
    const { rows } = await client.query<Row>({
      text: sql,
      values: [...params],
      types: { getTypeParser: () => (value: string | Buffer) => value },
    });
    return rows;
  };
}

/** What pgoutput has to say since the slot's position, which does not move. */
export async function peek(
  client: pg.Client,
  request: { readonly slot: string; readonly publication: string; readonly binary: boolean },
): Promise<Uint8Array[]> {
  const { rows } = await client.query<{ data: Buffer }>(
    `select data from pg_logical_slot_peek_binary_changes($1, null, null,
       'proto_version', '1', 'publication_names', $2, 'binary', $3, 'messages', 'true')`,
    [request.slot, request.publication, String(request.binary)],
  );
  return rows.map(({ data }) => data);
}

/**
 * Decodes messages from the first to the last, reading the catalog whenever it is asked for.
 * Tables that are not published themselves are ignored.
 */
export async function decodeAll(
  messages: readonly Uint8Array[],
  source: { readonly client: pg.Client; readonly publication: string },
  options: Omit<PgoutputOptions, 'assembler'> = {},
): Promise<TransactionGroup | undefined> {
  const assembler = new TransactionAssembler();
  const decoder = new PgoutputDecoder({ ...options, assembler });
  const query = catalogQuery(source.client);
  for (const message of messages) {
    const needed = decoder.decode(message, 0, message.length);
    if (!needed) continue;
    const { namespace, name, oid } = needed.relation;
    try {
      decoder.setTable(await loadPublishedTable(query, source.publication, { namespace, name }));
    } catch (error) {
      if (!isCdcError(error) || error.code !== 'postgres/table-not-published') throw error;
      decoder.ignoreTable(oid);
    }
  }
  return assembler.take();
}

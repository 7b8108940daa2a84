import { isJsonObject, parseExactJson } from '@cdc-demo/lake-core';
import type { ExactJsonObject } from '@cdc-demo/lake-core';
import { IcebergError } from '../../errors.ts';
import { describeCause } from './http-exchange.ts';
import type { Reply } from './http-exchange.ts';

const MAX_MESSAGE = 500;
const UNAUTHORIZED: readonly number[] = [401, 403, 419];
const TRANSIENT: readonly number[] = [429, 500, 502, 503, 504];

/** What was asked, for messages. */
export interface Asked {
  readonly what: string;
  readonly uri: string;
}

/** A reply that nothing can be done with, as an error. */
export function replyError(reply: Reply, { what, uri }: Asked): IcebergError {
  if (reply.kind !== 'answer') {
    const message = `The catalog ${uri} gives no answer for ${what}: ${describeCause(reply.cause)}`;
    return new IcebergError('iceberg/catalog-unreachable', message, {
      context: { uri },
      cause: reply.cause,
    });
  }
  const { status } = reply;
  const said = serverMessage(reply.text);
  const message = `The catalog ${uri} refuses ${what}: HTTP ${status}${said ? `, ${said}` : ''}`;
  const context = { uri, status };
  if (UNAUTHORIZED.includes(status)) {
    return new IcebergError('iceberg/catalog-unauthorized', message, { context });
  }
  const isTransient = TRANSIENT.includes(status) || status >= 500;
  const code = isTransient ? 'iceberg/catalog-unreachable' : 'iceberg/catalog-refused';
  return new IcebergError(code, message, { context });
}

/** Is it the protocol's own `ErrorModel`, and not the page of something in between? */
export function isProtocolError(text: string): boolean {
  return errorModel(text) !== undefined;
}

function serverMessage(text: string): string {
  const error = errorModel(text);
  const parts = [error?.['type'], error?.['message']].filter((part) => typeof part === 'string');
  return parts.join(': ').slice(0, MAX_MESSAGE);
}

function errorModel(text: string): ExactJsonObject | undefined {
  try {
    const json = parseExactJson(text);
    const error = isJsonObject(json) ? json['error'] : undefined;
    return isJsonObject(error) ? error : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // A page, or nothing.
    throw error;
  }
}

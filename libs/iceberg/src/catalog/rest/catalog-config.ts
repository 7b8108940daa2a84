import { FieldReader, parseExactJson } from '@cdc-demo/lake-core';
import { orInvalid } from '../../errors.ts';

const UNIT_SEPARATOR = '%1F';

/** What a service says of itself (`GET /v1/config`), with the client's own settings merged in. */
export interface CatalogConfig {
  /** Between the version and everything else of a path; empty where there is none. */
  readonly prefix: string;
  /** Between the parts of a namespace, encoded. */
  readonly namespaceSeparator: string;
  /** Does it take the header `Idempotency-Key`? */
  readonly isIdempotent: boolean;
  /** What it offers, as `VERB /path`; undefined where it does not say. */
  readonly endpoints: ReadonlySet<string> | undefined;
}

/** @param own settings of the client, over the server's defaults and under its overrides */
export function parseCatalogConfig(
  text: string,
  own: Readonly<Record<string, string>>,
): CatalogConfig {
  return orInvalid('iceberg/catalog-answer-invalid', 'The configuration is not valid', () => {
    const answer = new FieldReader('config', parseExactJson(text));
    const merged: Readonly<Record<string, string>> = {
      ...answer.optionalMap('defaults'),
      ...own,
      ...answer.optionalMap('overrides'),
    };
    const endpoints = answer.optionalStrings('endpoints');
    return {
      prefix: merged['prefix'] ?? '',
      namespaceSeparator: merged['namespace-separator'] ?? UNIT_SEPARATOR,
      isIdempotent: answer.optionalString('idempotency-key-lifetime') !== undefined,
      endpoints: endpoints && new Set(endpoints),
    };
  });
}

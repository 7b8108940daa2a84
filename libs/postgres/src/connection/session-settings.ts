/**
 * What every session has, the walsender's included: the text forms that the decoders read depend on
 * it, and no timeout set for people may end a session that waits for the consumer.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  datestyle: 'ISO',
  intervalstyle: 'iso_8601',
  timezone: 'UTC',
  extra_float_digits: '3',
  bytea_output: 'hex',
  lc_monetary: 'C',
  xmloption: 'content',
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  standard_conforming_strings: 'on',
  search_path: 'pg_catalog',
  // A policy that hides rows from us is an error instead of a short snapshot.
  row_security: 'off',
};

/**
 * Value of the startup parameter `options`. `client_encoding` is a parameter of its own.
 * @param left settings that stay the database's own
 */
export function startupOptions(left: readonly string[] = []): string {
  return Object.entries(SETTINGS)
    .filter(([name]) => !left.includes(name))
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}

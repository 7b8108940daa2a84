const SECRET_KEY =
  /secret|password|passwd|sasl\.jaas|basic\.auth|token|access.?key|private.?key|connection.?string|authorization/i;
const USER_INFO = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@:]+(?::[^\s/@]*)?@/gi;

/**
 * A log field that may be printed: the value of a key that names a secret becomes `***`, and URLs
 * lose their user and password. bigint becomes decimal text.
 */
export function redact(key: string, value: unknown): unknown {
  if (SECRET_KEY.test(key)) return '***';
  if (typeof value === 'bigint') return value.toString();
  return typeof value === 'string' ? redactText(value) : value;
}

/** A text without the user and password of URLs in it. */
export function redactText(text: string): string {
  return text.replaceAll(USER_INFO, '$1***@');
}

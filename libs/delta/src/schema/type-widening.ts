const INTEGERS: Readonly<Record<string, number>> = { byte: 3, short: 5, integer: 10, long: 20 };
const DECIMAL = /^decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)$/;

/**
 * May a column of primitive type `from` have become `to` (Delta protocol, "Type Widening")? A type
 * is no widening of itself; `void` becomes anything.
 */
export function isWidening(from: string, to: string): boolean {
  if (from === to) return false;
  if (from === 'void') return true;
  if (from === 'date') return to === 'timestamp_ntz';
  if (from === 'float') return to === 'double';
  const digits = INTEGERS[from];
  const wider = DECIMAL.exec(to);
  if (digits !== undefined) {
    // The protocol gives all integers below long ten digits before the point.
    if (wider) return wholeDigits(wider) >= (from === 'long' ? 20 : 10);
    return to === 'double' ? from !== 'long' : (INTEGERS[to] ?? 0) > digits;
  }
  const narrow = DECIMAL.exec(from);
  if (!narrow || !wider) return false;
  return wholeDigits(wider) >= wholeDigits(narrow) && Number(wider[2]) >= Number(narrow[2]);
}

function wholeDigits([, precision, scale]: RegExpExecArray): number {
  return Number(precision) - Number(scale);
}

const VARCHAR = 1043;
const VARBIT = 1562;
const TIMES = [1083, 1114, 1184, 1266];

/**
 * Does changing a column of type `oid` from one typmod to another leave every stored value as it
 * is, and its field type too? A change that rewrites values is not in the log.
 */
export function keepsValues(oid: number, from: number, to: number): boolean {
  if (from === to) return true;
  if (oid !== VARCHAR && oid !== VARBIT && !TIMES.includes(oid)) return false;
  return to === -1 || (from !== -1 && to > from);
}

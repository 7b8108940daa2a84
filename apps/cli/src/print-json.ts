import process from 'node:process';

/** Prints a value as one line of JSON, 64-bit numbers exactly. */
export function printJson(value: unknown): void {
  const exact = (_key: string, member: unknown): unknown => {
    if (typeof member !== 'bigint') return member;
    return Number.isSafeInteger(Number(member)) ? Number(member) : member.toString();
  };
  process.stdout.write(`${JSON.stringify(value, exact)}\n`);
}

/** What Hive writes for NULL in the name of a folder. */
const NULL_FOLDER = '__HIVE_DEFAULT_PARTITION__';
/** Characters that a path in a log would have to encode, which not every reader undoes. */
const ENCODED = /[^A-Za-z0-9._~-]/gu;
/** Of a value so many characters name its folder: names of folders mean nothing. */
const FOLDER_CHARACTERS = 64;

/**
 * The folder of a partition, much as Hive names it: `day=2024-03-01/`. It is for people: readers
 * take no value from it, and what a path would have to encode is left out. It is never hidden.
 * @param text of the value; null for NULL
 */
export function partitionFolder(name: string, text: string | null): string {
  const column = readable(name).replace(/^[._]+/, '') || 'partition';
  if (text === null) return `${column}=${NULL_FOLDER}/`;
  return `${column}=${readable(text.slice(0, FOLDER_CHARACTERS))}/`;
}

function readable(text: string): string {
  return text.replace(ENCODED, '_');
}

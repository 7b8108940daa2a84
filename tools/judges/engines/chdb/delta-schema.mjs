import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The schema a Delta table has at a version (default: the newest), parsed from `schemaString`.
 *
 * ClickHouse has one String for text and bytes, and one DateTime64 with and without zone: only
 * the log says which is meant. `readParquet(file)` answers the `metaData.schemaString` values of
 * a checkpoint file; it is asked when the commits that are left hold no metaData.
 * Source: Delta protocol, "Delta Log Entries", "Checkpoints".
 */
export async function deltaSchema(table, version, readParquet) {
  const folder = join(table, '_delta_log');
  const names = readdirSync(folder).filter((name) => versionOf(name) <= (version ?? Infinity));
  const commits = names
    .filter((name) => /^\d{20}\.json$/.test(name))
    .sort()
    .reverse();
  for (const name of commits) {
    const found = schemaIn(join(folder, name));
    if (found !== undefined) return found;
  }
  const checkpoints = names
    .filter((name) => /^\d{20}\.checkpoint\./.test(name))
    .sort()
    .reverse();
  for (const name of checkpoints) {
    const file = join(folder, name);
    if (name.endsWith('.json')) {
      const found = schemaIn(file);
      if (found !== undefined) return found;
    } else {
      const [text] = await readParquet(file);
      if (text !== undefined) return JSON.parse(text);
    }
  }
  throw new Error(`no metaData in ${folder}: not a Delta table?`);
}

function versionOf(name) {
  return /^\d{20}\./.test(name) ? Number(name.slice(0, 20)) : Infinity;
}

function schemaIn(file) {
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (!line.includes('"metaData"')) continue;
    const { metaData } = JSON.parse(line);
    if (metaData?.schemaString !== undefined) return JSON.parse(metaData.schemaString);
  }
  return undefined;
}

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LocalServerError } from '../errors.ts';

/** What is installed; beside the sources and beside what is published alike. */
const FOLDER = fileURLToPath(new URL('../../iceberg-rest/', import.meta.url));

/**
 * The folder in which `iceberg-rest/install.sh` installs the server: named for what it is made of,
 * below `CDC_CACHE`.
 * @throws LocalServerError `local-servers/not-installed`
 */
export function icebergRestFolder(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const hash = createHash('sha256');
  for (const name of ['pom.xml', 'CatalogServer.java']) hash.update(readFileSync(FOLDER + name));
  const { CDC_CACHE: cache = join(homedir(), '.cache', 'cdc-demo') } = env;
  const folder = join(cache, `iceberg-rest-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(join(folder, 'installed'))) return folder;
  const message = 'The local Iceberg REST catalog is not installed.';
  throw new LocalServerError('local-servers/not-installed', message, {
    context: { folder },
    remedy: `Run ${FOLDER}install.sh, which needs Java 17 and Maven, or \`make rest\`.`,
  });
}

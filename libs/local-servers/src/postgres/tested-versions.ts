import { POSTGRES_VERSIONS } from './binaries.ts';
import type { PostgresVersion } from './binaries.ts';

const DEFAULT = '14,18';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The versions that a test suite is to run on: those of `CDC_PG_VERSIONS`, comma separated, or
 * `all`; the oldest and the newest unless it is set.
 * @throws TypeError for a version that is not offered
 */
export function testedVersions(env: Environment): readonly PostgresVersion[] {
  const wanted = env['CDC_PG_VERSIONS'] ?? DEFAULT;
  if (wanted === 'all') return POSTGRES_VERSIONS;
  return wanted.split(',').map((text) => {
    const version = POSTGRES_VERSIONS.find((each) => String(each) === text.trim());
    if (version !== undefined) return version;
    const offered = POSTGRES_VERSIONS.join(', ');
    throw new TypeError(`CDC_PG_VERSIONS has "${text}"; use all, or some of ${offered}`);
  });
}

/** Those of them that have what came with version `first`; the newest when none has. */
export function testedVersionsFrom(
  first: PostgresVersion,
  env: Environment,
): readonly PostgresVersion[] {
  const versions = testedVersions(env).filter((version) => version >= first);
  return versions.length > 0 ? versions : [18];
}

import { createRequire } from 'node:module';

const { version } = createRequire(import.meta.url)('../../package.json') as {
  readonly version: string;
};

/** How this writer names itself in snapshots and files. */
export const ENGINE_INFO = `cdc-demo/${version}`;

import { startPostgres } from '@cdc-demo/local-servers';
import type { PipelineConfig } from '@cdc-demo/pipeline';

/** Where the embedded server keeps its cluster, below the working directory. */
const DATA_DIR = 'data/postgres';

export interface EmbeddedSource extends AsyncDisposable {
  /** The server's URL; empty when no pipeline asked for a server. */
  readonly url: string;
}

/** Starts the embedded server when a pipeline's source is `embedded`. */
export async function startEmbedded(configs: readonly PipelineConfig[]): Promise<EmbeddedSource> {
  const isWanted = configs.some(({ source }) => source.url.reveal() === 'embedded');
  if (!isWanted) return { url: '', [Symbol.asyncDispose]: () => Promise.resolve() };
  const server = await startPostgres({ version: 18, dataDir: DATA_DIR });
  return { url: server.url, [Symbol.asyncDispose]: () => server.stop() };
}

import { tmpdir } from 'node:os';
import { startIcebergRest, startMinio } from '@cdc-demo/local-servers';

/** Where pipelines keep their tables. */
export const PLACES = [
  /** In a local folder. */
  'files',
  /** On S3. */
  's3',
  /** In a local folder, by a REST catalog. */
  'rest',
] as const;
export type PlaceName = (typeof PLACES)[number];

export interface Place {
  /** A path or `s3://bucket`: there is room for the folders of lakes. */
  readonly parent: string;
  /** Of the REST catalog that keeps the tables; none unless given. */
  readonly catalogUri?: string;
}

export const LOCAL_FILES: Place = { parent: tmpdir() };

/**
 * The servers behind the places, which end with this object. The environment of this process, and
 * of those it starts, names the S3 service.
 */
export class Places implements AsyncDisposable {
  readonly #places: ReadonlyMap<PlaceName, Place>;
  readonly #servers: readonly AsyncDisposable[];

  private constructor(places: ReadonlyMap<PlaceName, Place>, servers: readonly AsyncDisposable[]) {
    this.#places = places;
    this.#servers = servers;
  }

  /** Those that were started. */
  get names(): readonly PlaceName[] {
    return [...this.#places.keys()];
  }

  static async start(names: readonly PlaceName[] = PLACES): Promise<Places> {
    const places = new Map<PlaceName, Place>([['files', LOCAL_FILES]]);
    const servers: AsyncDisposable[] = [];
    if (names.includes('s3')) {
      const minio = await startMinio();
      Object.assign(process.env, {
        AWS_ENDPOINT_URL: minio.endpoint,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: minio.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: minio.credentials.secretAccessKey,
      });
      servers.push(minio);
      places.set('s3', { parent: `s3://${minio.bucket}` });
    }
    if (names.includes('rest')) {
      const catalog = await startIcebergRest();
      servers.push(catalog);
      places.set('rest', { ...LOCAL_FILES, catalogUri: catalog.uri });
    }
    return new Places(places, servers);
  }

  /** @throws for a place that was not started */
  at(name: PlaceName): Place {
    const place = this.#places.get(name);
    if (!place) throw new Error(`The servers of ${name} were not started`);
    return place;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server[Symbol.asyncDispose]();
  }
}

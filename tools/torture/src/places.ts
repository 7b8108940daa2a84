import { tmpdir } from 'node:os';
import { startIcebergRest, startMinio } from '@cdc-demo/local-servers';

/** Where pipelines keep their tables. */
export const PLACES = [
  /** In a local folder. */
  'files',
  /** On S3. */
  's3',
  /** In a local folder, kept by a REST catalog. */
  'rest',
  /** On S3, kept by a REST catalog. */
  'rest-s3',
] as const;
export type PlaceName = (typeof PLACES)[number];

/** Where a catalog service keeps the tables. */
export const KEPT_BY_SERVICE: readonly PlaceName[] = ['rest', 'rest-s3'];
/** Where the tables are on S3. */
const ON_S3: readonly PlaceName[] = ['s3', 'rest-s3'];

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
    const servers: AsyncDisposable[] = [];
    const minio = names.some((name) => ON_S3.includes(name)) ? await startMinio() : undefined;
    if (minio) {
      servers.push(minio);
      Object.assign(process.env, {
        AWS_ENDPOINT_URL: minio.endpoint,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: minio.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: minio.credentials.secretAccessKey,
      });
    }
    const catalog = names.some((name) => KEPT_BY_SERVICE.includes(name))
      ? await startIcebergRest(minio ? { s3: minio } : {})
      : undefined;
    if (catalog) servers.push(catalog);
    const places = names.map((name): [PlaceName, Place] => {
      const parent = ON_S3.includes(name) && minio ? `s3://${minio.bucket}` : LOCAL_FILES.parent;
      const isKept = KEPT_BY_SERVICE.includes(name) && catalog;
      return [name, isKept ? { parent, catalogUri: catalog.uri } : { parent }];
    });
    return new Places(new Map(places), servers);
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

import type { ContentFile } from '../manifest/manifest-file.ts';
import { partitionKey } from '../manifest/manifest-file.ts';
import type { PartitionSpec } from '../metadata/partition-spec.ts';

/** The delete files that concern a data file. */
export interface DeletesOfFile {
  /** Where there is one, position deletes do not count. */
  readonly vector: ContentFile | undefined;
  readonly positions: readonly ContentFile[];
  readonly equality: readonly ContentFile[];
}

/** The live delete files of a snapshot by what they concern (specification, "Scan Planning"). */
export class DeleteFiles {
  readonly #vectors = new Map<string, ContentFile>();
  readonly #positions = new Map<string, ContentFile[]>();
  readonly #equality = new Map<string, ContentFile[]>();
  /** Equality deletes of an unpartitioned spec concern every partition. */
  readonly #everywhere: ContentFile[] = [];

  constructor(files: Iterable<ContentFile>, specs: readonly PartitionSpec[]) {
    const unpartitioned = new Set(
      specs.filter(({ fields }) => fields.length === 0).map(({ id }) => id),
    );
    for (const file of files) {
      if (file.content === 'equality-deletes') {
        if (unpartitioned.has(file.specId)) this.#everywhere.push(file);
        else add(this.#equality, partitionKey(file), file);
      } else if (file.format === 'PUFFIN' && file.referencedDataFile !== undefined) {
        this.#vectors.set(file.referencedDataFile, file);
      } else add(this.#positions, partitionKey(file), file);
    }
  }

  /** Equality deletes concern older files only, others also those of their own commit. */
  of(file: ContentFile): DeletesOfFile {
    const { path, sequenceNumber } = file;
    const key = partitionKey(file);
    const vector = this.#vectors.get(path);
    const positions = (this.#positions.get(key) ?? []).filter(
      (deletes) =>
        deletes.sequenceNumber >= sequenceNumber && (deletes.referencedDataFile ?? path) === path,
    );
    const equality = [...(this.#equality.get(key) ?? []), ...this.#everywhere].filter(
      (deletes) => deletes.sequenceNumber > sequenceNumber,
    );
    const applies = vector !== undefined && vector.sequenceNumber >= sequenceNumber;
    return applies
      ? { vector, positions: [], equality }
      : { vector: undefined, positions, equality };
  }
}

function add(files: Map<string, ContentFile[]>, key: string, file: ContentFile): void {
  const list = files.get(key);
  if (list) list.push(file);
  else files.set(key, [file]);
}

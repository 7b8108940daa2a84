import type { DeletesOfFile } from '../deletes/delete-files.ts';
import { fileKey } from '../manifest/manifest-file.ts';
import type { ContentFile } from '../manifest/manifest-file.ts';
import type { FileRecord } from '../manifest/write-manifest.ts';

/** A live data file with the delete files that concern it. */
export interface LiveDataFile {
  readonly path: string;
  readonly file: ContentFile;
  readonly deletes: DeletesOfFile;
  /** What a manifest says of the file where it is added. */
  readonly record: () => FileRecord;
}

export const NO_DELETES: DeletesOfFile = { vector: undefined, positions: [], equality: [] };

/** May rows of a file be deleted? */
export function hasDeletes({ deletes: { vector, positions, equality } }: LiveDataFile): boolean {
  return vector !== undefined || positions.length + equality.length > 0;
}

/** Are the same rows of a file deleted? */
export function sameDeletes(a: LiveDataFile, b: LiveDataFile): boolean {
  return deleteKeys(a) === deleteKeys(b);
}

function deleteKeys({ deletes: { vector, positions, equality } }: LiveDataFile): string {
  return JSON.stringify([...(vector ? [vector] : []), ...positions, ...equality].map(fileKey));
}

/** The delete files that concern this file alone: they go when it does, or gets a new vector. */
export function ownDeletes({ path, deletes: { vector, positions } }: LiveDataFile): string[] {
  const own = positions.filter(({ referencedDataFile }) => referencedDataFile === path);
  return [...(vector ? [vector] : []), ...own].map(fileKey);
}

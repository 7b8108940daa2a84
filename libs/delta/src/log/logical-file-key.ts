import type { DeletionVectorDescriptor } from './actions.ts';

const ABSOLUTE = /^(?:file:)?\/+/i;

/** The derived `uniqueId` of a deletion vector (Delta protocol, "Derived Fields"). */
export function deletionVectorId(descriptor: DeletionVectorDescriptor): string {
  const { storageType, pathOrInlineDv, offset } = descriptor;
  return offset === undefined
    ? `${storageType}${pathOrInlineDv}`
    : `${storageType}${pathOrInlineDv}@${String(offset)}`;
}

/**
 * What identifies a logical file: its path and the deletion vector on it (Delta protocol, "Action
 * Reconciliation"). Spellings of one path (`/a%62`, `file:/ab`, `file:///ab`) give one key. A
 * path has no NUL, so that path and vector cannot be mistaken for one another.
 */
export function logicalFileKey(file: {
  readonly path: string;
  readonly deletionVector?: DeletionVectorDescriptor;
}): string {
  const path = canonicalPath(file.path);
  return file.deletionVector ? `${path}\0${deletionVectorId(file.deletionVector)}` : path;
}

function canonicalPath(path: string): string {
  const plain = path.includes('%') ? decoded(path) : path;
  return ABSOLUTE.test(plain) ? plain.replace(ABSOLUTE, '/') : plain;
}

/** A path that is no valid URI names itself. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

export { ObjectStoreError, objectStorePolicy } from './errors.ts';
export type { ObjectStoreErrorCode } from './errors.ts';
export { LocalObjectStore } from './local/local-object-store.ts';
export { openObjectStore } from './open-object-store.ts';
export { LocalSpillSpace } from './spill/local-spill-space.ts';
export type { LocalSpillOptions } from './spill/local-spill-space.ts';

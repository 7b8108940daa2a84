/** Name of the metadata by which a writer knows its own object. */
export const WRITE_ID = 'cdc-demo-write-id';

/** What a Delta log entry says that a judge of crashes wants to know. */
export interface LogEntry {
  /** The text of the source position, where the entry has one. */
  readonly position: string | undefined;
  /** Paths of all files that it refers to, relative to the table. */
  readonly files: readonly string[];
}

interface Vector {
  readonly storageType: string;
  readonly pathOrInlineDv: string;
}

interface File {
  readonly path: string;
  readonly deletionVector?: Vector;
}

interface ActionLine {
  readonly add?: File;
  readonly cdc?: File;
  readonly domainMetadata?: { readonly domain: string; readonly configuration: string };
}

/** Reads one log entry without the library that wrote it (Delta protocol, "Actions"). */
export function readLogEntry(text: string): LogEntry {
  let position: string | undefined;
  const files: string[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const { add, cdc, domainMetadata } = JSON.parse(line) as ActionLine;
    if (add) files.push(decodeURIComponent(add.path), ...vectorFile(add.deletionVector));
    if (cdc) files.push(decodeURIComponent(cdc.path));
    if (domainMetadata?.domain === 'cdc-demo.position') {
      ({ position } = JSON.parse(domainMetadata.configuration) as { readonly position: string });
    }
  }
  return { position, files };
}

/** The file of a deletion vector of storage type `u`: a prefix and a UUID in Z85. */
function vectorFile(vector: Vector | undefined): string[] {
  if (vector?.storageType !== 'u') return [];
  const { pathOrInlineDv: text } = vector;
  const prefix = text.slice(0, -20);
  const hex = decodeZ85(text.slice(-20)).toString('hex');
  const uuid = hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
  return [`${prefix === '' ? '' : `${prefix}/`}deletion_vector_${uuid}.bin`];
}

const Z85 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

function decodeZ85(text: string): Buffer {
  const bytes = Buffer.alloc((text.length / 5) * 4);
  for (let i = 0; i < text.length; i += 5) {
    let word = 0;
    for (let k = i; k < i + 5; k++) word = word * 85 + Z85.indexOf(text.charAt(k));
    bytes.writeUInt32BE(word, (i / 5) * 4);
  }
  return bytes;
}

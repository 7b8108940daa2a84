import type fc from 'fast-check';

/** Values of one type, for a property test against a real server. */
export interface TypeCase {
  /** As SQL writes it. */
  readonly type: string;
  /** What the column becomes, as `describeType` says it. */
  readonly field: string;
  /** Texts that the type's input function takes. */
  readonly values: fc.Arbitrary<string>;
  /** Values that have to be among them. */
  readonly edges: readonly string[];
  /** What has to be there before the type. */
  readonly setup?: string;
  /** JSON of the value's parts in the server's own text; the whole value's text by default. */
  readonly parts?: string;
  /** `server_version_num` from which the type can be declared so. */
  readonly since?: number;
  /** The binary form is not known: stream and COPY send text. */
  readonly textOnly?: true;
}

/** Values of one type in a column of a real table, and what SQL says they are. */
export interface TypeColumn {
  /** Name of the column. */
  readonly name: string;
  /** As SQL writes it. */
  readonly type: string;
  /** Texts that the type's input function takes, all of them in every table. */
  readonly edges: readonly string[];
  /** More of them, from random numbers. */
  readonly random?: (random: () => number) => string;
  /** The canonical JSON of the value `$`, in SQL; NULL is NULL. The server's text by default. */
  readonly json?: string;
  /** `server_version_num` from which the type can be declared so. */
  readonly since?: number;
  /** Why ClickHouse cannot be asked for this column. */
  readonly notForChdb?: string;
}

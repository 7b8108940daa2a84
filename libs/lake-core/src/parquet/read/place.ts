import type { ErrorContext } from '@cdc-demo/cdc-core';
import { LakeError } from '../../errors.ts';

/** Which file, and which of its columns: what every error of the reader names. */
export class Place {
  readonly file: string;
  /** Dotted path in the file's schema; undefined for the file as a whole. */
  readonly column: string | undefined;

  constructor(file: string, column?: string) {
    this.file = file;
    this.column = column;
  }

  at(path: readonly string[]): Place {
    return new Place(this.file, path.join('.'));
  }

  /** The file does not keep to the format. */
  corrupt(what: string, cause?: unknown): LakeError {
    return this.#error('lake/parquet-corrupt', `is damaged: ${what}`, cause);
  }

  /** The file uses a part of the format that this reader does not know. */
  unsupported(what: string): LakeError {
    return this.#error('lake/parquet-unsupported', `cannot be read: ${what}`);
  }

  /** The file's values have no exact equal in the type that is wanted. */
  mismatch(what: string): LakeError {
    return this.#error('lake/parquet-type', `cannot be read exactly: ${what}`);
  }

  #error(code: LakeError['code'], what: string, cause?: unknown): LakeError {
    const context: ErrorContext =
      this.column === undefined ? { file: this.file } : { file: this.file, column: this.column };
    const subject =
      this.column === undefined
        ? `Parquet file ${this.file}`
        : `Column ${this.column} of Parquet file ${this.file}`;
    return new LakeError(code, `${subject} ${what}`, { context, cause });
  }
}

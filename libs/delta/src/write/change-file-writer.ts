import { BytesColumn, ColumnBatch } from '@cdc-demo/cdc-core';
import type { Field } from '@cdc-demo/cdc-core';
import type { AddCdcFile } from '../log/actions.ts';
import { tableWriter } from './table-files.ts';
import type { TableFiles, TableWriter } from './table-files.ts';

/** What happened to a row, as change files say it (Delta protocol, "Change Data Files"). */
export type ChangeType = 'insert' | 'delete' | 'update_preimage' | 'update_postimage';

const CHANGE_TYPE: Field = {
  id: 0,
  name: '_change_type',
  type: { kind: 'string' },
  nullable: true,
};

const TEXTS: Readonly<Record<ChangeType, Uint8Array>> = {
  insert: Buffer.from('insert'),
  delete: Buffer.from('delete'),
  update_preimage: Buffer.from('update_preimage'),
  update_postimage: Buffer.from('update_postimage'),
};

export type ChangeFileOptions = Pick<TableFiles, 'store' | 'format' | 'layout' | 'clock'>;

/** Writes the rows of one commit's change feed; files are made as there are rows. */
export class ChangeFileWriter {
  readonly #files: TableWriter;

  constructor(options: ChangeFileOptions) {
    const { fields, physical, partition } = options.format;
    this.#files = tableWriter({
      ...options,
      format: {
        fields: [...fields, CHANGE_TYPE],
        physical: [...physical, CHANGE_TYPE],
        partition,
      },
      content: 'changes',
      root: '_change_data/',
      prefix: 'cdc-',
    });
  }

  /** Appends all rows of a batch as changes of one type. */
  async write(rows: ColumnBatch, type: ChangeType): Promise<void> {
    const types = new BytesColumn(CHANGE_TYPE.type, rows.length);
    const text = TEXTS[type];
    for (let row = 0; row < rows.length; row++) types.append(text, 0, text.length);
    await this.writeTyped(rows, types);
  }

  /** Appends all rows of a batch, each with its type as text. */
  async writeTyped(rows: ColumnBatch, types: BytesColumn): Promise<void> {
    const fields = [...rows.fields, CHANGE_TYPE];
    await this.#files.write(ColumnBatch.of(fields, [...rows.columns, types], rows.length));
  }

  /** The files, durable; none when there were no rows. */
  async finish(): Promise<readonly AddCdcFile[]> {
    const files = await this.#files.finish();
    return files.map(({ file: { path, partitionValues, size } }) => {
      return { path, partitionValues, size, dataChange: false };
    });
  }

  /** Removes what was written. */
  abort(): Promise<void> {
    return this.#files.abort();
  }
}

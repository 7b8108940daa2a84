export { datasetNames, loadDataset, parseDataset } from './dataset.ts';
export type { ColumnGenerator, Dataset, DatasetName, DatasetSize } from './dataset.ts';
export { insertOne, insertRows } from './postgres-writer.ts';
export type { LoadProgress, Statement } from './postgres-writer.ts';
export { RowGenerator } from './row-generator.ts';
export type { GeneratedValue, RowGeneratorOptions } from './row-generator.ts';

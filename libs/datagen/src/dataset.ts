import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

const weights = z.record(z.string(), z.number().positive());

const generator = z.union([
  z.strictObject({ choice: weights }),
  z.strictObject({ chance: z.number().min(0).max(1) }),
  z.strictObject({
    normal: z.strictObject({
      mean: z.number(),
      deviation: z.number().positive(),
      min: z.number(),
      max: z.number(),
      scale: z.int().min(0),
    }),
  }),
  z.strictObject({ timestamp: z.strictObject({ from: z.iso.date(), to: z.iso.date() }) }),
  z.strictObject({ reference: z.string() }),
  z.strictObject({ email: z.literal(true) }),
  z.strictObject({ address: z.literal(true) }),
  z.strictObject({ digits: z.string(), present: z.number().min(0).max(1).default(1) }),
  z.strictObject({
    faker: z.enum([
      'person.firstName',
      'person.lastName',
      'location.streetAddress',
      'location.city',
      'location.state',
      'lorem.sentence',
    ]),
    present: z.number().min(0).max(1).default(1),
  }),
]);

const dataset = z.strictObject({
  table: z.string().regex(/^\w+\.\w+$/),
  /** Serial primary key; generated rows leave it out. */
  key: z.string(),
  /** The CREATE TABLE statement. */
  create: z.string(),
  columns: z.record(z.string(), generator),
  sizes: z.strictObject({ small: z.int(), medium: z.int(), large: z.int() }),
});

export type ColumnGenerator = z.infer<typeof generator>;
export type Dataset = z.infer<typeof dataset>;
export type DatasetSize = keyof Dataset['sizes'];

/** Datasets in the order in which their tables are created and loaded. */
export const datasetNames = ['customers', 'orders'] as const;
export type DatasetName = (typeof datasetNames)[number];

/** A dataset that comes with this library. */
export function loadDataset(name: DatasetName): Dataset {
  const file = new URL(`../datasets/${name}.yaml`, import.meta.url);
  return parseDataset(readFileSync(file, 'utf8'));
}

/** @throws ZodError when the text describes no dataset */
export function parseDataset(yaml: string): Dataset {
  return dataset.parse(parse(yaml));
}

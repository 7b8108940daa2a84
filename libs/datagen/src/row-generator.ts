import { Faker, en } from '@faker-js/faker';
import type { ColumnGenerator, Dataset } from './dataset.ts';

/** A generated value as Postgres and MySQL take it as a query parameter. */
export type GeneratedValue = string | boolean | number | null;

export interface RowGeneratorOptions {
  /** The same seed gives the same rows. */
  readonly seed: number;
  /** Number of rows in the tables that others refer to; keys are 1 to that number. */
  readonly referenced: Readonly<Record<string, number>>;
}

const DAY_MS = 86_400_000;

/** Rows of one dataset, the same for the same seed. */
export class RowGenerator {
  readonly columns: readonly string[];
  readonly #generators: readonly ColumnGenerator[];
  readonly #faker: Faker;
  readonly #options: RowGeneratorOptions;
  #rows = 0;

  constructor(dataset: Dataset, options: RowGeneratorOptions) {
    this.columns = Object.keys(dataset.columns);
    this.#generators = Object.values(dataset.columns);
    this.#options = options;
    this.#faker = new Faker({ locale: en, seed: options.seed });
  }

  /** The next row, in the order of `columns`. */
  next(): GeneratedValue[] {
    this.#rows++;
    return this.#generators.map((generator) => this.#value(generator));
  }

  /** A new value for one column. */
  value(column: string): GeneratedValue {
    const generator = this.#generators[this.columns.indexOf(column)];
    if (!generator) throw new RangeError(`The dataset has no column ${column}`);
    return this.#value(generator);
  }

  #value(generator: ColumnGenerator): GeneratedValue {
    const faker = this.#faker;
    if ('present' in generator && faker.number.float() >= generator.present) return null;
    if ('choice' in generator) return this.#choice(generator.choice);
    if ('chance' in generator) return faker.number.float() < generator.chance;
    if ('normal' in generator) return this.#normal(generator.normal);
    if ('timestamp' in generator) {
      const from = Date.parse(generator.timestamp.from);
      const to = Date.parse(generator.timestamp.to) + DAY_MS;
      const at = new Date(faker.number.int({ min: from, max: to - 1 }));
      return at.toISOString().replace('T', ' ').replace('Z', '');
    }
    if ('reference' in generator) {
      return faker.number.int({ min: 1, max: this.#options.referenced[generator.reference] ?? 1 });
    }
    if ('email' in generator) {
      const name = faker.internet.username().toLowerCase();
      return `${name}.${this.#options.seed}.${this.#rows}@example.com`;
    }
    if ('address' in generator) {
      const { location } = faker;
      return JSON.stringify({ line1: location.streetAddress(), city: location.city() });
    }
    if ('digits' in generator) {
      return generator.digits.replaceAll('#', () => String(faker.number.int(9)));
    }
    return this.#text(generator.faker);
  }

  #text(kind: Extract<ColumnGenerator, { faker: unknown }>['faker']): string {
    const { person, location, lorem } = this.#faker;
    switch (kind) {
      case 'person.firstName':
        return person.firstName();
      case 'person.lastName':
        return person.lastName();
      case 'location.streetAddress':
        return location.streetAddress();
      case 'location.city':
        return location.city();
      case 'location.state':
        return location.state();
      case 'lorem.sentence':
        return lorem.sentence();
    }
  }

  #choice(weights: Readonly<Record<string, number>>): string {
    const entries = Object.entries(weights);
    let left = this.#faker.number.float() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [value, weight] of entries) {
      left -= weight;
      if (left < 0) return value;
    }
    return entries.at(-1)?.[0] ?? '';
  }

  #normal(spec: Extract<ColumnGenerator, { normal: unknown }>['normal']): string {
    const u = 1 - this.#faker.number.float();
    const v = this.#faker.number.float();
    const standard = Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
    const value = spec.mean + spec.deviation * standard;
    return Math.min(spec.max, Math.max(spec.min, value)).toFixed(spec.scale);
  }
}

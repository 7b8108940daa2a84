import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fixturesFolder } from '@cdc-demo/cdc-testing';
import { conformanceSuite } from '@cdc-demo/cdc-testing/contracts';
import type { ConformanceCase } from '@cdc-demo/cdc-testing/contracts';
import { expect } from '@jest/globals';
import { parseTableMetadata } from './parse-table-metadata.ts';

const FOLDER = join(fixturesFolder(), 'iceberg/metadata');

/** Files that are not valid, and what the message says. */
const INVALID: Readonly<Record<string, string>> = {
  'TableMetadataUnsupportedVersion.json': 'has version 42 of the format',
  'TableMetadataV1MissingSchemaType.json': 'schema.type is not a string',
  'TableMetadataV2CurrentSchemaNotFound.json': 'the current schema 2 is missing',
  'TableMetadataV2MissingLastPartitionId.json': 'metadata.last-partition-id is not a number',
  'TableMetadataV2MissingPartitionSpecs.json': 'metadata.partition-specs is not a list',
  'TableMetadataV2MissingSchemas.json': 'metadata.schemas is not a list',
  'TableMetadataV2MissingSortOrder.json': 'metadata.sort-orders is not a list',
};

function metadataCase(file: string): ConformanceCase {
  const parse = () => parseTableMetadata(readFileSync(join(FOLDER, file), 'utf8'), file);
  const message = INVALID[file];
  if (message !== undefined) {
    return {
      name: file,
      outcome: { kind: 'refused', reason: message },
      run() {
        expect(parse).toThrow(message);
        return Promise.resolve();
      },
    };
  }
  return {
    name: file,
    run() {
      const json = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as {
        readonly 'format-version': number;
        readonly location: string;
        readonly snapshots?: readonly unknown[];
      };
      const { formatVersion, location, snapshots, schemas, specs } = parse();
      expect([formatVersion, location]).toEqual([json['format-version'], json.location]);
      expect(snapshots).toHaveLength(json.snapshots?.length ?? 0);
      expect(Math.min(schemas.length, specs.length)).toBeGreaterThan(0);
      return Promise.resolve();
    },
  };
}

conformanceSuite('Iceberg, metadata of Java', readdirSync(FOLDER).map(metadataCase));

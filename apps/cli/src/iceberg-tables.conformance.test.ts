import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixtureLines, fixturesFolder } from '@cdc-demo/cdc-testing';
import { conformanceSuite } from '@cdc-demo/cdc-testing/contracts';
import { expect, jest } from '@jest/globals';
import { createProgram } from './program.ts';

const SPARK = 'iceberg/tables-spark';
const path = (name: string): string => join(fixturesFolder(), SPARK, 'db', name);
const expected = (file: string): string[] => fixtureLines(`${SPARK}/expected/${file}`).sort();

/** What a command ends with and prints. */
async function call(...args: readonly string[]) {
  let [out, errors] = ['', ''];
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((out += String(text))));
  jest
    .spyOn(process.stderr, 'write')
    .mockImplementation((text) => Boolean((errors += String(text))));
  const code = await createProgram().main(['table', ...args]);
  jest.restoreAllMocks();
  return { code, errors, lines: out.split('\n').filter((line) => line !== '') };
}

conformanceSuite('Iceberg, tables of Spark on the command line', [
  {
    name: 'rows, of now and of a snapshot',
    async run() {
      const now = await call('rows', path('v3_dv_lineage'));
      expect(now.lines.sort()).toEqual(expected('v3_dv_lineage/current.jsonl'));
      const id = '6362770668001195990';
      const then = await call('rows', path('v3_dv_lineage'), '--version', id);
      expect(then.lines.sort()).toEqual(expected(`v3_dv_lineage/${id}.jsonl`));
    },
  },
  {
    name: 'rows of a tag, from a metadata file',
    async run() {
      const file = join(path('tags_branches'), 'metadata/v9.metadata.json');
      const info = await call('info', path('tags_branches'));
      const { refs } = JSON.parse(info.lines[0] ?? '') as {
        readonly refs: readonly { readonly name: string; readonly snapshotId: string }[];
      };
      const id = refs.find(({ name }) => name === 't1')?.snapshotId;
      const { lines } = await call('rows', file, '--ref', 't1');
      expect(lines.sort()).toEqual(expected(`tags_branches/${String(id)}.jsonl`));
    },
  },
  {
    name: 'changes',
    async run() {
      const { code, lines } = await call('changes', path('cow_merge_v2'));
      expect(code).toBe(0);
      expect(lines.sort()).toEqual(
        expected('cow_merge_v2/changes.create_changelog_view.keys-id.jsonl'),
      );
      const folder = mkdtempSync(join(tmpdir(), 'place-'));
      const place = join(folder, 'place.json');
      const tracked = await call('changes', path('cow_merge_v2'), '--track', place);
      expect(tracked.lines.sort()).toEqual(lines);
      const again = await call('changes', path('cow_merge_v2'), '--track', place);
      expect(again).toMatchObject({ code: 0, lines: [] });
      rmSync(folder, { recursive: true });
      const ids = expected('cow_merge_v2/history.jsonl').map(
        (line) => (JSON.parse(line) as { readonly snapshot: string }).snapshot,
      );
      const none = await call('changes', path('cow_merge_v2'), '--from', ids[0]!, '--to', ids[0]!);
      expect(none).toMatchObject({ code: 0, lines: [] });
    },
  },
  {
    name: 'history and files',
    async run() {
      const history = await call('history', path('v3_dv_lineage'), '--limit', '2');
      expect(history.lines).toHaveLength(2);
      expect(JSON.parse(history.lines[0] ?? '')).toMatchObject({ id: '5749611957185134375' });
      const files = await call('files', path('partition_evolution'));
      const groups = new Map<string, number>();
      for (const line of files.lines) {
        const { content, specId } = JSON.parse(line) as { content: string; specId: number };
        const group = `${content === 'data' ? 0 : 1} of spec ${specId}`;
        groups.set(group, (groups.get(group) ?? 0) + 1);
      }
      const counted = new Map<string, number>();
      for (const line of expected('partition_evolution/files.jsonl')) {
        const { content, spec_id: spec, files: count } = JSON.parse(line) as Record<string, number>;
        const group = `${content} of spec ${spec}`;
        counted.set(group, (counted.get(group) ?? 0) + (count ?? 0));
      }
      expect([...groups].sort()).toEqual([...counted].sort());
    },
  },
  {
    name: 'what is for Delta tables alone is refused, and so is no table',
    async run() {
      const summary = await call('changes', path('cow_merge_v2'), '--summary');
      expect(summary).toMatchObject({
        code: 2,
        errors: expect.stringContaining('--from and --to'),
      });
      const none = await call('info', fixturesFolder());
      expect(none).toMatchObject({ code: 1, errors: expect.stringContaining('Iceberg table') });
      const missing = await call('rows', path('cow_merge_v2'), '--version', '5');
      expect(missing).toMatchObject({ code: 2, errors: expect.stringContaining('no snapshot 5') });
    },
  },
]);

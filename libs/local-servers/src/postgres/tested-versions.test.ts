import { expect, test } from '@jest/globals';
import { testedVersions, testedVersionsFrom } from './tested-versions.ts';

test('suites run on the oldest and the newest version unless told otherwise', () => {
  expect(testedVersions({})).toEqual([14, 18]);
  expect(testedVersions({ CDC_PG_VERSIONS: '15, 17' })).toEqual([15, 17]);
  expect(testedVersions({ CDC_PG_VERSIONS: 'all' })).toEqual([14, 15, 16, 17, 18]);
});

test('what is newer than the chosen versions is tested on the newest of all', () => {
  expect(testedVersionsFrom(15, { CDC_PG_VERSIONS: 'all' })).toEqual([15, 16, 17, 18]);
  expect(testedVersionsFrom(15, { CDC_PG_VERSIONS: '14' })).toEqual([18]);
});

test('a version that is not offered is named', () => {
  expect(() => testedVersions({ CDC_PG_VERSIONS: '13' })).toThrow(
    'CDC_PG_VERSIONS has "13"; use all, or some of 14, 15, 16, 17, 18',
  );
});

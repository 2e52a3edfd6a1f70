// Small lines beside numbers.
import { expect, it } from 'vitest';

import { sparkPath } from './sparkline';

it.each<[string, (number | null)[], string | null]>([
  ['nothing', [], null],
  ['one point', [null, 3, null], null],
  ['a rise', [0, 10], 'M0.0,9.0L10.0,1.0'],
  ['no change', [5, 5, 5], 'M0.0,5.0L5.0,5.0L10.0,5.0'],
  ['a gap', [0, null, 10], 'M0.0,9.0M10.0,1.0'],
  ['what is no number', [0, NaN, Infinity, 10], 'M0.0,9.0M10.0,1.0'],
])('%s', (_, values, path) => {
  expect(sparkPath(values, 10, 10)).toBe(path);
});

it('is thinned by means', () => {
  expect(sparkPath([0, 2, 4, 6, 9, 9], 10, 10, 3)).toBe('M0.0,9.0L5.0,5.0L10.0,1.0');
});

// A range query's answer on its steps.
import { expect, it } from 'vitest';

import { matrixFrame } from './matrix';

it('puts samples on their steps and leaves gaps', () => {
  const frame = matrixFrame(
    [
      {
        metric: { a: '1' },
        values: [
          [100, '1'],
          [120, 'NaN'],
          [125, '5'],
        ],
      },
      { metric: { a: '2' }, histograms: [[110, { count: '2', sum: '-Inf' }]] },
    ],
    100,
    129,
    10,
  );
  expect(frame.times).toEqual([100, 110, 120]);
  expect(frame.series[0]!.values).toEqual([1, null, NaN]);
  expect(frame.series[1]!.histograms).toEqual([null, { count: 2, sum: -Infinity, buckets: [] }, null]);
});

it('stays bounded whatever it is asked for', () => {
  expect(matrixFrame([], 0, 1e9, 1).times).toHaveLength(11_001);
});

it('reads steps that are no whole numbers', () => {
  const frame = matrixFrame(
    [
      {
        metric: {},
        values: [
          [0.1, '1'],
          [0.30000000000000004, '3'],
        ],
      },
    ],
    0.1,
    0.3,
    0.1,
  );
  expect(frame.series[0]!.values).toEqual([1, null, 3]);
});

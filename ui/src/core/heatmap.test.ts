// Heatmaps of both kinds of histograms: counts by bucket, what is missing, and quantiles over them.
import { describe, expect, it } from 'vitest';

import type { Frame } from './frame';
import { heatmapOf, quantileLine, ROWS_MAX } from './heatmap';

function classic(rows: Readonly<Record<string, readonly (number | null)[]>>): Frame {
  const times = Object.values(rows)[0]!.map((_, i) => 100 + 10 * i);
  return { times, step: 10, series: Object.entries(rows).map(([le, values]) => ({ key: le, labels: { le }, values })) };
}

describe('of classic buckets', () => {
  it('takes neighbours from one another, whatever their order', () => {
    const grid = heatmapOf(classic({ '+Inf': [10, 0], '0.5': [7, 0], '0.1': [4, 0] }));
    expect(grid.rows).toEqual([
      { lower: 0, upper: 0.1 },
      { lower: 0.1, upper: 0.5 },
      { lower: 0.5, upper: Infinity },
    ]);
    expect([...grid.counts]).toEqual([4, 0, 3, 0, 3, 0]);
    expect(grid.max).toBe(4);
  });

  it('adds up series of one bound and never counts below zero', () => {
    const frame = classic({ '1': [5], '2': [4] });
    const twice = { ...frame, series: [...frame.series, { key: 'b', labels: { le: '1', region: 'us' }, values: [1] }] };
    expect([...heatmapOf(twice).counts]).toEqual([6, 0]);
  });

  it('knows nothing where nothing is', () => {
    expect([...heatmapOf(classic({ '1': [null, 2], '2': [null, 2] })).counts]).toEqual([NaN, 2, NaN, 0]);
  });

  it('leaves out series without a bound', () => {
    expect(heatmapOf({ times: [1], step: 1, series: [{ key: '', labels: {}, values: [1] }] }).rows).toEqual([]);
  });

  it('does not let a burst hide the rest', () => {
    const usual = Array.from({ length: 100 }, (_, i) => (i === 50 ? 100_000 : 10));
    expect(heatmapOf(classic({ '1': usual })).top).toBe(10);
    expect(heatmapOf(classic({ '1': usual })).max).toBe(100_000);
  });
});

describe('of native histograms', () => {
  const frame: Frame = {
    times: [0, 10],
    step: 10,
    series: [
      {
        key: 'a',
        labels: {},
        values: [null, null],
        histograms: [
          {
            count: 6,
            sum: 1,
            buckets: [
              { lower: 1, upper: 2, count: 2 },
              { lower: 2, upper: 4, count: 4 },
            ],
          },
          null,
        ],
      },
      {
        key: 'b',
        labels: {},
        values: [null, null],
        histograms: [{ count: 8, sum: 1, buckets: [{ lower: 1, upper: 4, count: 8 }] }, null],
      },
    ],
  };
  it('adds up series, a wide bucket spread over the narrow ones', () => {
    const grid = heatmapOf(frame);
    expect(grid.rows).toEqual([
      { lower: 1, upper: 2 },
      { lower: 2, upper: 4 },
    ]);
    expect([...grid.counts]).toEqual([6, NaN, 8, NaN]);
  });

  it('puts neighbours together where there are too many', () => {
    const buckets = Array.from({ length: 1000 }, (_, i) => ({ lower: i, upper: i + 1, count: 1 }));
    const grid = heatmapOf({
      times: [0],
      step: 1,
      series: [{ key: '', labels: {}, values: [null], histograms: [{ count: 1000, sum: 0, buckets }] }],
    });
    expect(grid.rows.length).toBeLessThanOrEqual(ROWS_MAX);
    expect([...grid.counts].reduce((sum, count) => sum + count, 0)).toBe(1000);
  });
});

it('draws quantiles within buckets, none where nothing was observed', () => {
  const grid = heatmapOf(classic({ '10': [10, 0, 0], '20': [20, 0, 0], '+Inf': [20, 0, 4] }));
  expect(quantileLine(grid, 0.5)).toEqual([10, null, 20]);
  expect(quantileLine(grid, 0.75)).toEqual([15, null, 20]);
});

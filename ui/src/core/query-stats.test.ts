// What a query's answer tells of what it took, in words.
import { expect, it } from 'vitest';

import { queryStats, resultWords, statsWords, type WireStats } from './query-stats';

const WIRE: WireStats = {
  timings: { evalTotalTime: 0.0041, execQueueTime: 0 },
  samples: { samplesRead: 12_300, seriesTouched: 36, peakSamples: 400, sharedResults: 0 },
};
const headers = (...pairs: [string, string][]): Headers => new Headers(pairs);

it.each<[name: string, wire: WireStats, headers: Headers, words: string]>([
  [
    'all of it',
    WIRE,
    headers(['X-Tickscope-Cache', 'partial'], ['X-Tickscope-Tiers', '5m=29d22h,raw=2h']),
    'read 36 series, 12.3 k samples in 4.1 ms; partly from the cache; from 5m=29d22h, raw=2h',
  ],
  ['a server that says less', WIRE, headers(), 'read 36 series, 12.3 k samples in 4.1 ms'],
  [
    'a word nobody knows',
    WIRE,
    headers(['X-Tickscope-Cache', 'warm']),
    'read 36 series, 12.3 k samples in 4.1 ms; warm',
  ],
  [
    'a wait',
    { ...WIRE, timings: { evalTotalTime: 2, execQueueTime: 0.25 } },
    headers(['X-Tickscope-Cache', 'miss']),
    'read 36 series, 12.3 k samples in 2 s after 250 ms in the queue; nothing in the cache',
  ],
])('%s', (_, wire, from, words) => {
  expect(statsWords(queryStats(wire, from)!)).toBe(words);
});

it('without statistics there are none', () => {
  expect(queryStats(undefined, headers(['X-Tickscope-Cache', 'hit']))).toBeUndefined();
});

it('counts what came: gaps are no points, histograms are', () => {
  const histogram = { count: 1, sum: 1, buckets: [] };
  const frame = {
    times: [0, 10],
    step: 10,
    series: [
      { key: 'a', labels: {}, values: [1, null] },
      { key: 'b', labels: {}, values: [null, null], histograms: [histogram, histogram] },
    ],
  };
  expect(resultWords(frame)).toBe('2 series, 3 points');
  expect(resultWords({ ...frame, series: [frame.series[0]!] })).toBe('1 series, 1 point');
});

// What a page holds is what the server answered, each event as docs/live.md has it.
import { describe, expect, it } from 'vitest';

import { LiveWindow, type StreamSnapshot } from './live-window';

const SNAPSHOT: StreamSnapshot = {
  query: 'q',
  from: 1000,
  to: 1030,
  step: 10,
  series: [
    {
      n: 0,
      metric: { region: 'eu' },
      values: [
        [1000, '1'],
        [1010, '2'],
        [1030, '4'],
      ],
    },
    { n: 1, metric: { region: 'na' } },
  ],
};

function shown(window: LiveWindow): Record<string, (number | null)[]> {
  return Object.fromEntries(window.frame().series.map((one) => [one.labels.region, [...one.values]]));
}

const begun = (range = 30): LiveWindow => new LiveWindow(SNAPSHOT, range);

it('begins with a snapshot; series without points do not show', () => {
  const frame = begun().frame();
  expect(frame.times).toEqual([1000, 1010, 1020, 1030]);
  expect(frame.step).toBe(10);
  expect(shown(begun())).toEqual({ eu: [1, 2, null, 4] });
  expect(frame.series[0]!.key).toBe('region="eu"');
});

it('holds no more of a snapshot than it was asked for', () => {
  expect(begun(10).frame().times).toEqual([1020, 1030]);
});

describe('points', () => {
  it('go on, and the oldest fall out', () => {
    const window = begun();
    expect(window.apply({ query: 'q', to: 1040, series: [{ n: 0, values: [[1040, '5']] }] })).toBe(true);
    expect(window.frame().times).toEqual([1010, 1020, 1030, 1040]);
    expect(shown(window)).toEqual({ eu: [2, null, 4, 5] });
  });

  it('come late, take the place of others, or go', () => {
    const window = begun();
    window.apply({
      query: 'q',
      to: 1030,
      series: [
        {
          n: 0,
          values: [
            [1020, '3'],
            [1030, '4.5'],
          ],
          gone: [1000],
        },
      ],
    });
    expect(shown(window)).toEqual({ eu: [null, 2, 3, 4.5] });
  });

  it('bring a series, by name or by the number it was told of', () => {
    const window = begun();
    window.apply({
      query: 'q',
      to: 1040,
      series: [
        { n: 1, values: [[1040, '7']] },
        { n: 2, metric: { region: 'apac' }, values: [[1040, '+Inf']] },
      ],
    });
    expect(shown(window)).toEqual({
      eu: [2, null, 4, null],
      na: [null, null, null, 7],
      apac: [null, null, null, Infinity],
    });
  });

  it('end: vanished leaves a gap, forgotten lets go', () => {
    const window = begun();
    window.apply({ query: 'q', to: 1040, series: [], vanished: [0] });
    expect(shown(window)).toEqual({ eu: [2, null, 4, null] });
    window.apply({ query: 'q', to: 1050, series: [], forgotten: [0] });
    expect(shown(window)).toEqual({});
    expect(window.apply({ query: 'q', to: 1060, series: [{ n: 0, values: [[1060, '1']] }] })).toBe(false);
  });

  it('may have waited long: what is between is a gap', () => {
    const window = begun();
    window.apply({ query: 'q', to: 1060, series: [{ n: 0, values: [[1060, '9']] }] });
    expect(window.frame().times).toEqual([1030, 1040, 1050, 1060]);
    expect(shown(window)).toEqual({ eu: [4, null, null, 9] });
    window.apply({ query: 'q', to: 2000, series: [{ n: 0, values: [[2000, '1']] }] });
    expect(window.frame().times).toEqual([1970, 1980, 1990, 2000]);
    expect(shown(window)).toEqual({ eu: [null, null, null, 1] });
  });

  it('of times outside are let be', () => {
    const window = begun();
    window.apply({
      query: 'q',
      to: 1030,
      series: [
        {
          n: 0,
          values: [
            [900, '8'],
            [1100, '8'],
          ],
        },
      ],
    });
    expect(shown(window)).toEqual({ eu: [1, 2, null, 4] });
  });
});

it('holds native histograms', () => {
  const window = begun();
  const histogram = { count: '3', sum: '1.5', buckets: [[0, '0.5', '1', '3']] as [number, string, string, string][] };
  window.apply({ query: 'q', to: 1030, series: [{ n: 1, histograms: [[1020, histogram]] }] });
  const native = window.frame().series.find((one) => one.labels.region === 'na')!;
  expect(native.histograms).toEqual([
    null,
    null,
    { count: 3, sum: 1.5, buckets: [{ lower: 0.5, upper: 1, count: 3 }] },
    null,
  ]);
});

it('gives frames that later events do not change', () => {
  const window = begun();
  const before = window.frame();
  window.apply({ query: 'q', to: 1030, series: [{ n: 0, values: [[1000, '100']] }] });
  expect(before.series[0]!.values[0]).toBe(1);
});

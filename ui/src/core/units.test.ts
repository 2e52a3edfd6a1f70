// Values are read at a glance on a wall: what each unit is written as, and that nothing near all or nothing is rounded to it.
import { describe, expect, it } from 'vitest';

import { axisIncrements, axisText, unitText, unitTitle } from './units';

describe('unitText', () => {
  it.each([
    [0, undefined, '0'],
    [1234, 'short', '1.23 k'],
    [999_950, undefined, '1 M'],
    [-1234, 'none', '-1.23 k'],
    [0.00001234, undefined, '1.23e-5'],
    [0.5, 'percentunit', '50%'],
    [0.9995, 'percentunit', '99.95%'],
    [0.99999, 'percent-decimal', '99.999%'],
    [1, 'ratio', '100%'],
    [99.9, 'percent', '99.9%'],
    [0.0032, 's', '3.2 ms'],
    [45, 'ms', '45 ms'],
    [90, 'seconds', '1.5 min'],
    [0, 's', '0 s'],
    [7200, 's', '2 h'],
    [1536, 'bytes', '1.5 KiB'],
    [1500, 'decbytes', '1.5 kB'],
    [2_000_000, 'Bps', '2 MB/s'],
    [1024, 'binBps', '1 KiB/s'],
    [12_000, 'reqps', '12 k req/s'],
    [3, 'volt', '3 V'],
    [5, 'furlong', '5 furlong'],
    [5, 'per 1,000 player-min', '5'],
    [1_795_694_400_000, 'dateTimeAsIso', '2026-11-26T12:00:00Z'],
    [null, 's', '–'],
    [NaN, 's', 'NaN'],
    [Infinity, 's', '+Inf'],
    [-Infinity, undefined, '-Inf'],
  ] as const)('%s in %s is %s', (value, unit, text) => {
    expect(unitText(value, unit)).toBe(text);
  });

  it('keeps to the decimals asked for', () => {
    expect(unitText(1.23456, undefined, 1)).toBe('1.2');
    expect(unitText(0.12345, 'percentunit', 2)).toBe('12.35%');
    expect(unitText(2048, 'bytes', 2)).toBe('2.00 KiB');
  });
});

it('names units for panels', () => {
  expect(['s', 'bytes', 'percentunit', undefined, 'furlong'].map((unit) => unitTitle(unit))).toEqual([
    'time',
    'bytes',
    '%',
    '',
    'furlong',
  ]);
});

describe('axisText', () => {
  it.each([
    ['one size for all', [0, 500, 1000, 1500], undefined, ['0', '0.5 k', '1.0 k', '1.5 k']],
    ['digits that tell apart', [0.25, 0.5, 0.75], undefined, ['0.25', '0.50', '0.75']],
    ['shares', [0, 0.25, 0.5, 0.75], 'percentunit', ['0', '25%', '50%', '75%']],
    ['times below a minute', [0, 0.005, 0.01], 's', ['0', '5 ms', '10 ms']],
    ['times as a clock has them', [60, 75, 90], 's', ['1m', '1m15s', '1m30s']],
    ['days', [0, 43_200, 86_400], 's', ['0', '12h', '1d']],
    ['binary sizes', [0, 1024, 2048], 'bytes', ['0', '1 KiB', '2 KiB']],
    ['uneven splits of a logarithmic axis', [1, 10, 1000], undefined, ['1', '10', '1 k']],
    ['one label', [5], undefined, ['5']],
    ['a unit of words, told beside the title', [0, 10, 20], 'per 1,000 player-min', ['0', '10', '20']],
  ] as const)('%s', (_, values, unit, texts) => {
    expect(axisText(values, unit)).toEqual(texts);
  });
});

it.each([undefined, 's', 'bytes', 'ms'])('steps of an axis in %s ascend', (unit) => {
  const steps = axisIncrements(unit);
  expect(steps.every((step, i) => i === 0 || step > steps[i - 1]!)).toBe(true);
});

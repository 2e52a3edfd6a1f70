// What a range means at a moment, and how keys and the picker change it.
import { describe, expect, it } from 'vitest';

import {
  fixedWindow,
  freezeRange,
  instantText,
  isLive,
  lastSeconds,
  parseInstant,
  parseRange,
  rangeWords,
  resolveRange,
  shiftRange,
  zoomRange,
} from './time-range';

const NOW = 1_800_000_000;

describe('parseInstant', () => {
  it.each([
    ['now', { kind: 'now', before: 0 }],
    [' now-90m ', { kind: 'now', before: 5400 }],
    ['1800000000000', { kind: 'at', at: 1_800_000_000 }],
    ['2027-01-15T08:00:00Z', { kind: 'at', at: 1_800_000_000 }],
    ['2027-01-15T09:00:00+01:00', { kind: 'at', at: 1_800_000_000 }],
  ])('reads %s', (text, instant) => {
    expect(parseInstant(text)).toEqual(instant);
  });

  it.each(['', 'yesterday', 'now+1h', 'now-', '12', '2027-13-15T08:00:00Z', '2027-01-15', "now-1h'"])(
    'refuses "%s"',
    (text) => {
      expect(parseInstant(text)).toBeNull();
    },
  );

  it.each(['now', 'now-1h30m', '1800000000000'])('writes %s back', (text) => {
    expect(instantText(parseInstant(text)!)).toBe(text);
  });
});

it.each([
  ['now', 'now-1h'],
  ['now-1h', 'now-1h'],
  ['1800000000000', '1700000000000'],
  ['now-1h', 'soon'],
])('refuses a range from %s to %s', (from, to) => {
  expect(parseRange(from, to)).toBeNull();
});

describe('resolveRange', () => {
  it('moves with the clock', () => {
    expect(resolveRange(lastSeconds(3600), NOW)).toEqual({ start: NOW - 3600, end: NOW });
  });
  it('stays where it is fixed', () => {
    expect(resolveRange(fixedWindow(NOW - 7200, NOW - 3600), NOW)).toEqual({ start: NOW - 7200, end: NOW - 3600 });
  });
  it('is never empty, whatever a mix of both comes to', () => {
    const range = parseRange('1800000000000', 'now')!;
    expect(resolveRange(range, NOW - 100)).toEqual({ start: NOW - 110, end: NOW - 100 });
  });
});

it('is live only when both ends move and the last is now', () => {
  expect(isLive(lastSeconds(60))).toBe(true);
  expect(isLive(parseRange('now-2h', 'now-1h')!)).toBe(false);
  expect(isLive(parseRange('1700000000000', 'now')!)).toBe(false);
});

describe('zoomRange', () => {
  it('keeps a live range live', () => {
    expect(zoomRange(lastSeconds(3600), 2, NOW)).toEqual(lastSeconds(7200));
  });
  it('keeps the middle of a fixed one', () => {
    expect(zoomRange(fixedWindow(NOW - 4000, NOW - 2000), 0.5, NOW)).toEqual(fixedWindow(NOW - 3500, NOW - 2500));
  });
  it('does not reach past now', () => {
    expect(zoomRange(fixedWindow(NOW - 1000, NOW), 2, NOW)).toEqual(fixedWindow(NOW - 2000, NOW));
  });
  it('has a shortest and a longest', () => {
    expect(zoomRange(lastSeconds(12), 0.5, NOW)).toEqual(lastSeconds(10));
    expect(zoomRange(lastSeconds(315_000_000), 2, NOW)).toEqual(lastSeconds(315_360_000));
  });
});

it('shifts by a share of its length, not past now', () => {
  expect(shiftRange(lastSeconds(1000), -0.5, NOW)).toEqual(fixedWindow(NOW - 1500, NOW - 500));
  expect(shiftRange(fixedWindow(NOW - 1200, NOW - 200), 0.5, NOW)).toEqual(fixedWindow(NOW - 1000, NOW));
});

it('freezes to what is seen', () => {
  expect(freezeRange(lastSeconds(60), NOW)).toEqual(fixedWindow(NOW - 60, NOW));
});

it.each([
  [lastSeconds(3600), 'Last 1 h'],
  [parseRange('now-3h', 'now-1h')!, '3 h ago to 1 h ago'],
  [parseRange('1700000000000', 'now')!, '<1700000000> to now'],
])('says a range in words', (range, words) => {
  expect(rangeWords(range, (at) => `<${at}>`)).toBe(words);
});

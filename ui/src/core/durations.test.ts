// Durations are read as PromQL reads them, and written so that they are read back.
import { describe, expect, it } from 'vitest';

import { durationText, durationWords, parseDuration } from './durations';

describe('parseDuration', () => {
  it.each([
    ['5s', 5],
    ['1h30m', 5400],
    ['1d12h', 129600],
    ['250ms', 0.25],
    ['1y', 31536000],
    ['90', 90],
    ['0s', 0],
  ])('reads %s', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each(['', 's', '1x', '1m1h', '1h1h', '-5m', '1 h', '5m ', '1e3s'])('refuses "%s"', (text) => {
    expect(parseDuration(text)).toBeNull();
  });
});

it.each([
  [0, '0s'],
  [-3, '0s'],
  [5400, '1h30m'],
  [86400 * 10, '10d'],
  [0.25, '250ms'],
  [61.5, '1m1s500ms'],
])('durationText of %d s is %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
  if (seconds >= 0) expect(parseDuration(text)).toBe(seconds);
});

it.each([
  [0.85, '850 ms'],
  [59, '59 s'],
  [59.7, '1 min'],
  [119.6, '2 min'],
  [5400, '1 h 30 min'],
  [86399.9, '1 d'],
  [86400 * 3, '3 d'],
])('durationWords of %d s is %s', (seconds, words) => {
  expect(durationWords(seconds)).toBe(words);
});

// Times are written and read in a zone, over its changes of the clock too.
import { describe, expect, it } from 'vitest';

import { isZone, parseZoneTime, timeText, zoneOffset, zoneText } from './zone';

const at = (iso: string): number => Date.parse(iso) / 1000;

it.each([
  ['2026-11-26T19:03:10Z', 'UTC', 'full', '2026-11-26 19:03:10'],
  ['2026-11-26T19:03:10Z', 'Europe/Berlin', 'minute', '2026-11-26 20:03'],
  ['2026-11-26T00:00:00Z', 'America/New_York', 'clock', '19:00'],
  ['2026-11-26T00:00:00Z', 'UTC', 'clock-seconds', '00:00:00'],
  ['2026-11-26T20:00:00Z', 'Asia/Kolkata', 'day', '2026-11-27'],
] as const)('%s in %s as %s', (time, zone, style, text) => {
  expect(timeText(at(time), zone, style)).toBe(text);
});

it('has words for what is no time', () => {
  expect(timeText(Number.NaN, 'UTC')).toBe('no time');
  expect(timeText(1e18, 'UTC')).toBe('no time');
});

it.each([
  ['UTC', '2026-07-01T00:00:00Z', 0, 'UTC'],
  ['Europe/Berlin', '2026-07-01T00:00:00Z', 7200, 'Europe/Berlin (UTC+2)'],
  ['Asia/Kolkata', '2026-07-01T00:00:00Z', 19800, 'Asia/Kolkata (UTC+5:30)'],
  ['America/New_York', '2026-01-01T00:00:00Z', -18000, 'America/New_York (UTC-5)'],
])('%s', (zone, time, offset, text) => {
  expect(zoneOffset(zone, at(time))).toBe(offset);
  expect(zoneText(zone, at(time))).toBe(text);
});

describe('parseZoneTime', () => {
  it.each([
    ['2026-11-26 19:03', 'UTC', '2026-11-26T19:03:00Z'],
    ['2026-11-26T19:03:10', 'Europe/Berlin', '2026-11-26T18:03:10Z'],
    // Shown twice on 25 October: the first time.
    ['2026-10-25 02:30', 'Europe/Berlin', '2026-10-25T00:30:00Z'],
    // Skipped on 29 March: half an hour after the jump.
    ['2026-03-29 02:30', 'Europe/Berlin', '2026-03-29T01:30:00Z'],
  ])('%s in %s', (text, zone, iso) => {
    expect(parseZoneTime(text, zone)).toBe(at(iso));
  });

  it.each(['', '2026-11-26', '19:03', '2026-13-26 19:03', 'tomorrow'])('refuses "%s"', (text) => {
    expect(parseZoneTime(text, 'UTC')).toBeNull();
  });
});

it.each([
  ['browser', true],
  ['UTC', true],
  ['Europe/Berlin', true],
  ['Mars/Base', false],
  ['', false],
  ['<script>', false],
])('isZone %s', (zone, known) => {
  expect(isZone(zone)).toBe(known);
});

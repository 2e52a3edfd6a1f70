// Labels of time axes: the clock of the zone, and the day where it changes.
import { expect, it } from 'vitest';

import { timeAxisText } from './time-axis';

const NOON = Date.parse('2026-11-26T12:00:00Z') / 1000;
const at = (...hours: number[]) => hours.map((hour) => NOON + hour * 3600);

it.each([
  ['within a day', at(0, 1), 3600, 'UTC', ['12:00', '13:00']],
  ['in another zone', at(0), 3600, 'Asia/Tokyo', ['21:00']],
  ['over midnight', at(0, 12, 24), 43_200, 'UTC', ['12:00\n11-26', '00:00\n11-27', '12:00']],
  ['seconds', [NOON, NOON + 10], 10, 'UTC', ['12:00:00', '12:00:10']],
  ['days', at(-12, 12), 86_400, 'UTC', ['11-26', '11-27']],
  ['months', at(0), 2_592_000, 'UTC', ['2026-11-26']],
  ['nothing', [], 60, 'UTC', []],
] as const)('%s', (_, splits, increment, zone, texts) => {
  expect(timeAxisText(splits, increment, zone)).toEqual(texts);
});

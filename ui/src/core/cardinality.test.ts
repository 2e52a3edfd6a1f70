// What grew since yesterday.
import { expect, it } from 'vitest';

import { dailyChanges } from './cardinality';

it('puts what grew most first', () => {
  const history = [
    { day: '2026-11-26', metric: '', series: 100 },
    { day: '2026-11-26', metric: 'a', series: 50 },
    { day: '2026-11-26', metric: 'b', series: 30 },
    { day: '2026-11-26', metric: 'new', series: 20 },
    { day: '2026-11-25', metric: 'a', series: 60 },
    { day: '2026-11-25', metric: 'b', series: 15 },
    { day: '2026-11-24', metric: 'b', series: 10 },
  ];
  expect(dailyChanges(history)).toEqual([
    { metric: 'new', now: 20, dayBefore: null, first: null, change: 20 },
    { metric: 'b', now: 30, dayBefore: 15, first: 10, change: 15 },
    { metric: 'a', now: 50, dayBefore: 60, first: null, change: -10 },
  ]);
});

it('tells no change of the first day', () => {
  expect(dailyChanges([{ day: '2026-11-26', metric: 'a', series: 5 }])).toEqual([
    { metric: 'a', now: 5, dayBefore: null, first: 5, change: 0 },
  ]);
  expect(dailyChanges([])).toEqual([]);
});

// Numbers apart from long units.
import { expect, it } from 'vitest';

import { valueParts } from './value-text';

it.each<[number | null, string, string, string]>([
  [0.5, 'ratio', '50%', ''],
  [0.12, 'seconds', '120 ms', ''],
  [124, 'per 1,000 player-minutes', '124', 'per 1,000 player-minutes'],
  [null, 'per match day', '–', 'per match day'],
])('%s %s', (value, unit, number, words) => {
  expect(valueParts(value, unit)).toEqual({ number, words });
});

// Keys alone and in pairs.
import { expect, it } from 'vitest';

import { KeySequence, SHORTCUTS } from './shortcuts';

const PAIRS = [...SHORTCUTS, { keys: 'g o', action: 'go:o', says: 'Overview' } as const];

it.each([
  ['?', ['help']],
  ['/', ['search']],
  ['q', [null]],
  ['g o', [null, 'go:o']],
  ['g q', [null, null]],
  ['g /', [null, 'search']],
  ['g g o', [null, null, 'go:o']],
  ['o', [null]],
])('%s', (keys, actions) => {
  const sequence = new KeySequence(PAIRS);
  expect(keys.split(' ').map((key, i) => sequence.press(key, i * 100))).toEqual(actions);
});

it('a pair must be quick', () => {
  const sequence = new KeySequence(PAIRS);
  expect(sequence.press('g', 0)).toBeNull();
  expect(sequence.press('o', 2_000)).toBeNull();
});

it('no two shortcuts are the same keys', () => {
  expect(new Set(PAIRS.map((one) => one.keys)).size).toBe(PAIRS.length);
});

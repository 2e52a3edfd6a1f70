// What a number says when its senders stopped: the last value for a while, then since when there is none.
import { describe, expect, it } from 'vitest';

import { type Frame } from './frame';
import { readingOf, readingWords } from './reading';

const frameOf = (values: readonly (number | null)[], step: number): Frame => ({
  times: values.map((_, i) => 1000 + i * step),
  step,
  series: [{ key: '', labels: {}, values }],
});
const read = (values: readonly (number | null)[], step = 10) => {
  const frame = frameOf(values, step);
  return readingOf(frame, frame.series[0]!);
};
const gap = (count: number): null[] => Array.from({ length: count }, () => null);

describe('the newest value', () => {
  it.each<[name: string, values: (number | null)[], state: string, value: number | null, age: number]>([
    ['of the last step', [1, 2, 3, 4], 'fresh', 4, 0],
    ['of the step before: the last is not evaluated yet', [1, 2, 3, null], 'fresh', 3, 10],
    ['of the third step from the end', [1, 2, null, null], 'fresh', 2, 20],
    ['of the third step from the end, no number after it', [1, 2, null, NaN], 'fresh', 2, 20],
    ['of the fourth', [1, null, null, null], 'late', 1, 30],
    ['no number for long, but a sender', [1, NaN, NaN, NaN, NaN], 'fresh', null, 0],
    ['no number, and then nothing', [1, NaN, null, null, null], 'late', null, 30],
    ['infinite', [Infinity], 'fresh', Infinity, 0],
    ['of 15 minutes ago', [5, ...gap(90)], 'late', 5, 900],
    ['of longer ago', [5, ...gap(91)], 'gone', null, 910],
    ['none', [null, null], 'never', null, 0],
    ['of no steps', [], 'never', null, 0],
  ])('%s', (_, values, state, value, age) => {
    expect(read(values)).toMatchObject({ state, value, age });
  });

  it('stays for six long steps', () => {
    expect(read([5, ...gap(6)], 3600).state).toBe('late');
    expect(read([5, ...gap(7)], 3600).state).toBe('gone');
  });
});

it('is told in words where its value does not say all', () => {
  const words = (values: readonly (number | null)[]) =>
    readingWords(
      read(values),
      (at) => `@${at}`,
      (age) => `${age} s`,
    );
  expect(words([1])).toBe('');
  expect(words([1, ...gap(4)])).toBe('late 40 s');
  expect(words([1, ...gap(100)])).toBe('no data since @1000');
  expect(words([null])).toBe('no data');
});

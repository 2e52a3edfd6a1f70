// Names that tell series apart and say no more, and the figures beside them.
import { describe, expect, it } from 'vitest';

import { formatLegend, labelsText, legendNames, reduceValues, seriesStats } from './legend';

it.each([
  [{ __name__: 'up', job: 'api', env: 'a"b' }, 'up{env="a\\"b", job="api"}'],
  [{ __name__: 'up' }, 'up'],
  [{ region: 'eu' }, '{region="eu"}'],
  [{}, ''],
])('%j is written %s', (labels, text) => {
  expect(labelsText(labels)).toBe(text);
});

it('fills formats', () => {
  expect(formatLegend('{{region}} of {{ mode }}{{none}}', { region: 'eu', mode: 'ranked' })).toBe('eu of ranked');
});

const of = (...all: Record<string, string>[]) => legendNames(all.map((labels) => ({ labels })));

describe('legendNames', () => {
  it.each([
    ['one series by all it has', of({ __name__: 'up', job: 'a' }), ['up{job="a"}']],
    ['one without labels', of({}), ['value']],
    ['by the one label that differs', of({ env: 'p', region: 'eu' }, { env: 'p', region: 'us' }), ['eu', 'us']],
    [
      'by one label that is enough',
      of({ server: '1', zone: 'a' }, { server: '2', zone: 'a' }, { server: '3', zone: 'b' }),
      ['1', '2', '3'],
    ],
    [
      'by what it takes',
      of({ a: '1', b: '1' }, { a: '1', b: '2' }, { a: '2', b: '2' }),
      ['{a="1", b="1"}', '{a="1", b="2"}', '{a="2", b="2"}'],
    ],
    ['without the label', of({ region: 'eu' }, {}), ['eu', '(none)']],
  ])('%s', (_, names, expected) => {
    expect(names).toEqual(expected);
  });

  it('by a format, and by the labels where that comes to nothing', () => {
    expect(legendNames([{ labels: { a: '1' } }, { labels: { b: '2' } }], '{{a}}')).toEqual(['1', '{b="2"}']);
    expect(legendNames([{ labels: {} }], '{{a}}')).toEqual(['(none)']);
  });
});

it('sums up what is there, gaps and NaN aside', () => {
  expect(seriesStats([null, 4, NaN, 2, null])).toEqual({ last: 2, min: 2, max: 4, mean: 3, sum: 6, count: 2 });
  expect(seriesStats([null])).toEqual({ last: null, min: null, max: null, mean: null, sum: 0, count: 0 });
});

it.each([
  ['last', 3],
  ['last-number', 3],
  ['mean', 2],
  ['sum', 6],
  ['max', 3],
  ['first', 1],
  ['delta', 2],
  ['range', 2],
  ['count', 3],
])('reduces by %s', (how, value) => {
  expect(reduceValues([null, 1, 2, 3], how)).toBe(value);
  expect(reduceValues([null], how)).toBe(how === 'count' ? 0 : null);
});

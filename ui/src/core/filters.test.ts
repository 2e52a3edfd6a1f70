// Filters become matchers that mean just the values chosen, in expressions that stay valid.
import { describe, expect, it } from 'vitest';

import { fillExpression, matchers, withFilter } from './filters';

it.each([
  [{}, ''],
  [{ region: [] }, ''],
  [{ region: ['eu'] }, 'region="eu"'],
  [{ region: ['eu'], mode: ['ranked', 'casual'] }, 'mode=~"ranked|casual",region="eu"'],
  [{ build: ['4.17.2-r9', '4.18.0-r1'] }, 'build=~"4\\\\.17\\\\.2-r9|4\\\\.18\\\\.0-r1"'],
  [{ server: ['a"} or up{x="\\'] }, 'server="a\\"} or up{x=\\"\\\\"'],
])('matchers of %j', (filters, text) => {
  expect(matchers(filters)).toBe(text);
});

it('withFilter replaces and takes out', () => {
  expect(withFilter({ region: ['eu'] }, 'region', ['na'])).toEqual({ region: ['na'] });
  expect(withFilter({ region: ['eu'], mode: ['x'] }, 'region', [])).toEqual({ mode: ['x'] });
});

const fill = (expression: string, region: string[], by: string[] = ['region']): string =>
  fillExpression(expression, { filters: { region }, window: '1m', by });

describe('fillExpression', () => {
  it.each([
    ['sum by ($by) (rate(a{$filter}[$window]))', ['eu'], 'sum by (region) (rate(a{region="eu"}[1m]))'],
    ['sum by ($by) (rate(a{$filter}[$window]))', [], 'sum by (region) (rate(a{}[1m]))'],
    ['a{le="0.1",$filter}', ['eu'], 'a{le="0.1",region="eu"}'],
    ['a{le="0.1",$filter}', [], 'a{le="0.1"}'],
    ['a{$filter, le="0.1"}', [], 'a{le="0.1"}'],
    ['a{$filter}', ['$&'], 'a{region="$&"}'],
  ])('%s', (expression, region, text) => {
    expect(fill(expression, region)).toBe(text);
  });

  it('aggregates over nothing where nothing is asked by', () => {
    expect(fill('sum by (le,$by) (x)', [], [])).toBe('sum by (le) (x)');
    expect(fill('sum by ($by) (x)', [], [])).toBe('sum by () (x)');
    expect(fill('sum by ($by, le) (x)', [], [])).toBe('sum by (le) (x)');
  });
});

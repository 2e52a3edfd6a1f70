import { describe, expect, test } from 'vitest';

import { builtins } from './builtins';
import { interpolate, referencedNames, type VariableValue } from './interpolate';

// Protects: what a person chose reaches a query as the values and nothing else, whatever is in them.

const one: VariableValue = { values: ['eu'], multi: false };
const odd: VariableValue = { values: ['a"b\\c.d'], multi: false };
const oddMulti: VariableValue = { values: ['a"b.c'], multi: true };
const two: VariableValue = { values: ['eu-1', 'n.a|x'], multi: true };
const all: VariableValue = { values: ['eu', 'na'], all: '.*', multi: true };
const labelled: VariableValue = { values: ['1000'], multi: false, labels: { 1000: 'large' } };
const values = { one, odd, oddMulti, two, all, labelled };

describe('in queries', () => {
  test.each([
    ['up{r="$one"}', 'up{r="eu"}'],
    ['up{r="${one}"}', 'up{r="eu"}'],
    ['up{r="[[one]]"}', 'up{r="eu"}'],
    ['up{r=~"$two"}', String.raw`up{r=~"(eu-1|n\\.a\\|x)"}`],
    ['up{r="$odd"}', String.raw`up{r="a\"b\\c.d"}`],
    ['up{r=~"$oddMulti"}', String.raw`up{r=~"a\"b\\.c"}`],
    ['up{r=~"$all"}', 'up{r=~".*"}'],
    ['${two:csv}', 'eu-1,n.a|x'],
    ['${two:raw}', 'eu-1,n.a|x'],
    ['${two:pipe}', 'eu-1|n.a|x'],
    ['[[two:pipe]]', 'eu-1|n.a|x'],
    ['${two:regex}', String.raw`(eu-1|n\.a\|x)`],
    ['${one:regex}', 'eu'],
    ['${two:glob}', '{eu-1,n.a|x}'],
    ['${two:json}', '["eu-1","n.a|x"]'],
    ['${two:doublequote}', '"eu-1","n.a|x"'],
    ['${two:singlequote}', "'eu-1','n.a|x'"],
    ['${two:percentencode}', 'eu-1,n.a%7Cx'],
    ['${all:csv}', '.*'],
    ['${one:unknown}', 'eu'],
    ['$other ${other} [[other]] $one', '$other ${other} [[other]] eu'],
    ['up{r=~"eu$"}', 'up{r=~"eu$"}'],
    ['$oneness', '$oneness'],
    ['$__proto__ $constructor', '$__proto__ $constructor'],
    ['$one$one', 'eueu'],
  ])('%s', (text, expected) => {
    expect(interpolate(text, values, 'query')).toBe(expected);
  });

  test('values are not looked through again', () => {
    expect(interpolate('$a', { a: { values: ['$one'], multi: false }, one }, 'query')).toBe('$one');
  });
});

test.each([
  ['$two', 'eu-1, n.a|x'],
  ['Players in $all', 'Players in eu, na'],
  ['$labelled', 'large'],
  ['${labelled:text}', 'large'],
  ['${labelled:raw}', '1000'],
])('in titles: %s', (text, expected) => {
  expect(interpolate(text, values, 'text')).toBe(expected);
});

test('names that a text refers to', () => {
  expect(referencedNames('$a ${b:csv} [[c]] $a ${d.text}')).toEqual(['a', 'b', 'c', 'd']);
  expect(referencedNames('rate(x[5m]) =~ "a$"')).toEqual([]);
});

test.each([
  ['rate(x[$__rate_interval])', 'rate(x[60s])'],
  ['rate(x[$__interval])', 'rate(x[15s])'],
  ['rate(x[${__interval}])', 'rate(x[15s])'],
  ['increase(x[$__range])', 'increase(x[3600s])'],
  ['x / $__range_s', 'x / 3600'],
  ['x / $__interval_ms', 'x / 15000'],
  ['$__from $__to', '1000000 4600000'],
])('built-in names: %s', (text, expected) => {
  expect(interpolate(text, builtins({ from: 1000, to: 4600, step: 15, rateInterval: 60 }), 'query')).toBe(expected);
});

test('a step below a second is said in milliseconds', () => {
  expect(interpolate('[$__interval]', builtins({ from: 0, to: 10, step: 0.5, rateInterval: 1 }), 'query')).toBe(
    '[500ms]',
  );
});

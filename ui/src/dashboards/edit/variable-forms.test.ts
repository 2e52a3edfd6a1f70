// What the forms of variables make of a document: types change without losing what is kept, lists are text and back, and what is wrong
// is said at its field.
import { describe, expect, it } from 'vitest';

import { type ListVariable, type Variable } from '../model/dashboard';
import { type JsonObject } from '../model/json';
import { sourceOf } from '../variables/definition';
import { swapped } from './use-edited-list';
import { variablePlaces, variableProblems, withNeeded } from './variable-problems';
import {
  defaultText,
  newVariable,
  optionsText,
  optionsWritten,
  typeOf,
  type VariableType,
  withDefault,
  withSource,
  withType,
} from './variable-types';

function list(name: string, kind: string, spec: JsonObject, more: Partial<ListVariable['spec']> = {}): ListVariable {
  return { kind: 'ListVariable', spec: { name, ...more, plugin: { kind, spec } } };
}
const labels = (name: string, labelName: string, ...matchers: string[]): ListVariable =>
  list(name, 'PrometheusLabelValuesVariable', { labelName, matchers });
const fixed = (name: string, ...values: string[]): ListVariable => list(name, 'StaticListVariable', { values });
const text = (name: string, value: string): Variable => ({ kind: 'TextVariable', spec: { name, value } });

describe('types', () => {
  it.each<[Variable, VariableType]>([
    [labels('a', 'region'), 'label-values'],
    [list('a', 'PrometheusLabelNamesVariable', {}), 'label-names'],
    [list('a', 'PrometheusPromQLVariable', { expr: 'up' }), 'promql'],
    [fixed('a', 'eu', 'us'), 'list'],
    [fixed('a'), 'list'],
    [fixed('a', '$__interval', '5m'), 'interval'],
    [fixed('a', '5m', 'x'), 'list'],
    [text('a', 'x'), 'text'],
    [{ kind: 'TextVariable', spec: { name: 'a', value: '1', constant: true } }, 'constant'],
    [list('a', 'DatasourceVariable', { datasourcePluginKind: 'x' }), 'other'],
  ])('%j', (variable, type) => {
    expect(typeOf(variable)).toBe(type);
    expect(withType(variable, type)).toBe(variable);
  });

  it('change: name and choice stay, what belonged to the source goes', () => {
    const before = list(
      'region',
      'PrometheusLabelValuesVariable',
      { labelName: 'region' },
      { display: { name: 'Region' }, allowMultiple: true, defaultValue: ['eu'], capturingRegexp: 'e.*', sort: 'none' },
    );
    expect(withType(before, 'promql')).toEqual({
      kind: 'ListVariable',
      spec: {
        name: 'region',
        display: { name: 'Region' },
        allowMultiple: true,
        sort: 'none',
        plugin: { kind: 'PrometheusPromQLVariable', spec: { expr: '' } },
      },
    });
    const constant = withType(withType(before, 'text'), 'constant');
    expect(constant).toEqual({
      kind: 'TextVariable',
      spec: { name: 'region', display: { name: 'Region' }, value: '', constant: true },
    });
    expect(typeOf(withType(constant, 'interval'))).toBe('interval');
    expect(withType(constant, 'other')).toBe(constant);
  });

  it('a change of the source keeps what nobody here knows', () => {
    const before = list('a', 'PrometheusLabelValuesVariable', { labelName: 'x', datasource: { name: 'main' } });
    expect(withSource(before, { labelName: 'y', matchers: undefined }).spec.plugin.spec).toEqual({
      labelName: 'y',
      datasource: { name: 'main' },
    });
  });

  it('a new one has a name of its own', () => {
    expect(newVariable([]).spec.name).toBe('variable');
    expect(newVariable(['variable', 'variable2']).spec.name).toBe('variable3');
  });
});

it('entries change places with their neighbours alone', () => {
  expect(swapped(['a', 'b', 'c'], 1, -1)).toEqual(['b', 'a', 'c']);
  expect(swapped(['a', 'b', 'c'], 1, 1)).toEqual(['a', 'c', 'b']);
  expect(swapped(['a', 'b'], 1, 1)).toEqual(['a', 'b']);
  expect(swapped([], 0, -1)).toEqual([]);
});

describe('lists as text', () => {
  it.each([
    ['plain', 'eu\nus', ['eu', 'us']],
    ['with names', 'Europe : eu\nus', [{ label: 'Europe', value: 'eu' }, 'us']],
    ['a colon without spaces is the value', 'a:b', ['a:b']],
    ['the step of each panel', '$__interval\n1m', [{ label: 'auto', value: '$__interval' }, '1m']],
    ['empty lines', '\n  eu  \n\n', ['eu']],
  ])('%s', (_, written, values) => {
    expect(optionsWritten(written)).toEqual(values);
    const source = sourceOf(list('a', 'StaticListVariable', { values }));
    const back = source.kind === 'static' ? optionsText(source.options) : '';
    expect(optionsWritten(back)).toEqual(values);
  });

  it('what is chosen at first', () => {
    const one = fixed('a', 'eu', 'us');
    expect(withDefault(one, 'eu').spec.defaultValue).toBe('eu');
    const many: ListVariable = { ...one, spec: { ...one.spec, allowMultiple: true } };
    expect(withDefault(many, ' eu , us,').spec.defaultValue).toEqual(['eu', 'us']);
    expect(defaultText(withDefault(many, 'eu,us'))).toBe('eu, us');
    expect(withDefault(withDefault(many, 'eu'), '').spec).not.toHaveProperty('defaultValue');
  });
});

const chain = [
  labels('server', 'server', 'up{region=~"$region",mode="${mode}"}'),
  labels('region', 'region'),
  labels('mode', 'mode', 'up{region=~"$region"}', 'x[$__range]'),
  text('note', 'hello'),
];

describe('dependencies', () => {
  it('say in which round each is asked', () => {
    expect(variablePlaces(chain).map(({ name, needs, round }) => [name, needs, round])).toEqual([
      ['server', ['region', 'mode'], 3],
      ['region', [], 1],
      ['mode', ['region'], 2],
      ['note', [], 1],
    ]);
    expect(withNeeded(chain, 'mode').map(({ spec }) => spec.name)).toEqual(['region', 'mode']);
  });

  it('in a circle have no round, and what does not need them has one', () => {
    const circle = [labels('a', '$b'), labels('b', '$a'), labels('c', 'x')];
    expect(variablePlaces(circle).map(({ round }) => round)).toEqual([null, null, 1]);
    expect(withNeeded(circle, 'a').map(({ spec }) => spec.name)).toEqual(['a', 'b']);
  });
});

describe('problems', () => {
  it.each<[string, Variable[], string[]]>([
    ['none', [labels('a', 'region')], []],
    ['no name', [labels('', 'region')], ['error name']],
    ['a digit first', [labels('1a', 'region')], ['error name']],
    ['a name that is built in', [labels('__range', 'region')], ['error name']],
    ['a name twice', [text('a', ''), text('a', '')], ['error name']],
    ['no label', [labels('a', '')], ['error label']],
    ['no query', [list('a', 'PrometheusPromQLVariable', { expr: ' ' })], ['error expr']],
    ['no values', [fixed('a')], ['error values']],
    ['an interval that is none', [fixed('a', '$__interval', 'often')], ['error values']],
    ['no pattern', [list('a', 'PrometheusLabelNamesVariable', {}, { capturingRegexp: '(' })], ['error regexp']],
    ['a pattern of Grafana', [list('a', 'PrometheusLabelNamesVariable', {}, { capturingRegexp: '/e(u)/i' })], []],
    ['a circle', [labels('a', '$b'), labels('b', '$a')], ['error needs']],
    ['a name nobody has', [labels('a', '$nobody')], ['warning needs']],
    ['itself', [labels('a', 'x', 'up{x=~"$a"}')], []],
    ['a kind nobody knows', [list('a', 'DatasourceVariable', {})], []],
  ])('%s', (_, variables, expected) => {
    expect(variableProblems(variables, 0).map(({ severity, field }) => `${severity} ${field}`)).toEqual(expected);
  });
});

import { expect, test } from 'vitest';

import { allValue, emptyDashboard, type ListVariable, type Variable } from '../model/dashboard';
import { interpolate } from './interpolate';
import { resolveVariables, type VariableServer, valuesOf } from './resolve';
import { choicesIn, withChoices } from './url';

// Protects: variables are asked in the order in which they depend on each other, once each, and panels see all or none.

type Extra = Partial<ListVariable['spec']>;

function labelValues(name: string, label: string, matcher?: string, extra: Extra = {}): Variable {
  const spec = { labelName: label, matchers: matcher ? [matcher] : [] };
  return { kind: 'ListVariable', spec: { name, plugin: { kind: 'PrometheusLabelValuesVariable', spec }, ...extra } };
}

function listed(name: string, values: readonly string[], extra: Extra = {}): Variable {
  return { kind: 'ListVariable', spec: { name, plugin: { kind: 'StaticListVariable', spec: { values } }, ...extra } };
}

class FakeServer implements VariableServer {
  readonly asked: string[] = [];

  async labelValues(label: string, matchers: readonly string[]) {
    this.asked.push(`${label} ${matchers.join(' ')}`.trim());
    if (label === 'broken') throw new Error('parse error: unexpected }');
    if (label === 'region') return ['na', 'eu', 'apac'];
    if (matchers[0]?.includes('eu')) return ['eu-1', 'eu-2'];
    return ['na-1'];
  }

  async labelNames() {
    return ['__name__', 'region'];
  }

  async instant(expr: string) {
    this.asked.push(expr);
    return [
      { labels: { __name__: 'up', host: 'a', zone: 'x' }, value: '1' },
      { labels: { __name__: 'up', host: 'b' }, value: '0' },
    ];
  }
}

async function resolved(variables: readonly Variable[], choices: Record<string, readonly string[]> = {}) {
  const server = new FakeServer();
  const dashboard = emptyDashboard('d', 'D');
  const result = await resolveVariables(
    { ...dashboard, spec: { ...dashboard.spec, variables } },
    choices,
    {},
    server,
    new AbortController().signal,
  );
  return { server, result, values: valuesOf(result) };
}

test('chained variables are asked after what they depend on, wherever they stand', async () => {
  const server = labelValues('server', 'server', 'game_players{region=~"$region"}', {
    allowMultiple: true,
    allowAllValue: true,
  });
  const { server: asked, values } = await resolved([server, labelValues('region', 'region')], { region: ['eu'] });
  expect(asked.asked).toEqual(['region', 'server game_players{region=~"eu"}']);
  expect(interpolate('$server', values, 'query')).toBe('(eu-1|eu-2)');
});

test('a choice that is no longer offered falls back to the default, then to the first', async () => {
  const chosen = async (extra: Extra, choice: readonly string[]) =>
    (await resolved([labelValues('region', 'region', undefined, extra)], { region: choice })).result[0]!.chosen;
  expect(await chosen({}, ['gone'])).toEqual(['na']);
  expect(await chosen({ sort: 'alphabetical-asc' }, ['gone'])).toEqual(['apac']);
  expect(await chosen({ defaultValue: 'eu' }, ['gone'])).toEqual(['eu']);
  expect(await chosen({ allowAllValue: true }, ['gone'])).toEqual([allValue]);
  expect(await chosen({ allowMultiple: true }, ['eu', 'na'])).toEqual(['eu', 'na']);
  expect(await chosen({}, ['eu', 'na'])).toEqual(['eu']);
  expect(await chosen({}, [allValue])).toEqual(['na']);
  expect(await chosen({ allowMultiple: true, allowAllValue: true }, ['eu', allValue])).toEqual([allValue]);
});

test('all is every value, the custom text, or anything when there are too many', async () => {
  const many = Array.from({ length: 2000 }, (_, index) => `server-${index}`);
  const text = async (variable: Variable) =>
    interpolate('$v', (await resolved([variable], { v: [allValue] })).values, 'query');
  expect(await text(listed('v', ['a.b', 'c'], { allowAllValue: true }))).toBe(String.raw`(a\\.b|c)`);
  expect(await text(listed('v', ['a', 'c'], { allowAllValue: true, customAllValue: '.*' }))).toBe('.*');
  expect(await text(listed('v', many, { allowAllValue: true }))).toBe('.+');
});

test('a variable whose query fails says so and keeps what was chosen', async () => {
  const { result } = await resolved([labelValues('v', 'broken')], { v: ['kept'] });
  expect(result[0]).toMatchObject({ chosen: ['kept'], problem: 'parse error: unexpected }' });
});

test('variables in a circle end, and say so', async () => {
  const { result } = await resolved([labelValues('a', 'x', '$b'), labelValues('b', 'x', '$a')], { a: ['1'] });
  expect(result.map((each) => each.problem)).toEqual(Array(2).fill('depends on itself through other variables'));
  expect(result[0]!.chosen).toEqual(['1']);
});

test('values of an unknown kind say so', async () => {
  const { result } = await resolved([
    { kind: 'ListVariable', spec: { name: 'v', plugin: { kind: 'Other', spec: {} } } },
  ]);
  expect(result[0]!.problem).toBe('values of kind Other cannot be listed');
});

test('results of PromQL: a label of each series, or their text by a pattern', async () => {
  const promql = (spec: object, extra: Extra = {}): Variable => ({
    kind: 'ListVariable',
    spec: { name: 'v', plugin: { kind: 'PrometheusPromQLVariable', spec: { expr: 'up', ...spec } }, ...extra },
  });
  const offered = async (variable: Variable) =>
    (await resolved([variable])).result[0]!.options.map((option) => option.value);
  expect(await offered(promql({ labelName: 'host' }))).toEqual(['a', 'b']);
  expect(await offered(promql({ labelName: 'zone' }))).toEqual(['x']);
  expect(await offered(promql({}))).toEqual(['up{host="a",zone="x"} 1', 'up{host="b"} 0']);
  expect(await offered(promql({}, { capturingRegexp: '/.*host="([^"]*)".*/' }))).toEqual(['a', 'b']);
  expect(await offered(promql({}, { capturingRegexp: '/host="(?<text>[^"]*)".* (?<value>\\d)/' }))).toEqual(['1', '0']);
});

test('sorting', async () => {
  const order = async (sort: string) =>
    (await resolved([listed('v', ['b10', 'a', 'B2', 'c1'], { sort })])).result[0]!.options.map(
      (option) => option.value,
    ).join(' ');
  expect(await order('none')).toBe('b10 a B2 c1');
  expect(await order('alphabetical-asc')).toBe('B2 a b10 c1');
  expect(await order('alphabetical-ci-desc')).toBe('c1 B2 b10 a');
  expect(await order('numerical-asc')).toBe('a c1 B2 b10');
});

test('choices in addresses', () => {
  const search = new URLSearchParams('from=now-1h&var-region=eu&var-region=na&var-__proto__=x&var-text=');
  expect(choicesIn(search)).toEqual({ region: ['eu', 'na'], text: [''] });
  expect(withChoices(search, { region: ['apac'] }).toString()).toBe(
    'from=now-1h&var-__proto__=x&var-text=&var-region=apac',
  );
});

import { describe, expect, test } from 'vitest';

import { allValue, type Dashboard, emptyDashboard, type Panel, referenceTo, type Variable } from '../model/dashboard';
import { promQuery } from '../model/queries';
import { chosenOf, type ResolvedVariable, valuesOf } from '../variables/resolve';
import { drawnData } from './drawn-data';
import { levelOfColour, levelsOf } from './levels';
import { askedQueries } from './panel-queries';
import { panelTable } from './panel-table';
import { sectionsOf } from './sections';

// Protects: repeats and their values, the queries that panels ask, and what is drawn of the answers.

const region: Variable = {
  kind: 'ListVariable',
  spec: {
    name: 'region',
    allowMultiple: true,
    allowAllValue: true,
    plugin: { kind: 'StaticListVariable', spec: { values: [] } },
  },
};

function resolved(chosen: readonly string[], offered = ['eu', 'na', 'apac']): ResolvedVariable {
  return chosenOf(
    region,
    offered.map((value) => ({ value, label: value })),
    chosen,
  );
}

function panel(expr: string, spec = {}, minStep?: string): Panel {
  return {
    kind: 'Panel',
    spec: { plugin: { kind: 'TimeSeriesChart', spec }, queries: [promQuery(expr, '{{mode}} in $region', minStep)] },
  };
}

function dashboard(repeat: object): Dashboard {
  const base = emptyDashboard('d', 'D');
  const items = [
    { x: 0, y: 0, width: 6, height: 4, content: referenceTo('a'), ...repeat },
    { x: 0, y: 4, width: 24, height: 8, content: referenceTo('b') },
  ];
  return {
    ...base,
    spec: {
      ...base.spec,
      panels: { a: panel('x{region="$region"}'), b: panel('y') },
      layouts: [{ kind: 'Grid', spec: { items } }],
    },
  };
}

function places(dashboard: Dashboard, variables: readonly ResolvedVariable[], editing = false) {
  return sectionsOf(dashboard, variables, editing)[0]!.panels.map(({ id, x, y, width }) => `${id} ${x},${y} ${width}`);
}

describe('repeated panels', () => {
  const across = dashboard({ repeat: { variable: 'region', maxPerRow: 2 } });

  test('across: what is below gives way', () => {
    expect(places(across, [resolved([allValue])])).toEqual([
      'a@region=eu 0,0 12',
      'a@region=na 12,0 12',
      'a@region=apac 0,4 12',
      'b 0,8 24',
    ]);
  });

  test('down', () => {
    expect(
      places(dashboard({ repeat: { variable: 'region', direction: 'vertical' } }), [resolved(['eu', 'na'])]),
    ).toEqual(['a@region=eu 0,0 6', 'a@region=na 0,4 6', 'b 0,8 24']);
  });

  test('not while it is edited, nor for a variable that is not there', () => {
    expect(places(across, [resolved([allValue])], true)).toEqual(['a 0,0 6', 'b 0,4 24']);
    expect(places(across, [])).toEqual(['a 0,0 6', 'b 0,4 24']);
  });

  test('at most a hundred', () => {
    const many = Array.from({ length: 5000 }, (_, index) => `s${index}`);
    expect(places(across, [resolved([allValue], many)])).toHaveLength(101);
  });

  test('each has its own value', () => {
    const variables = [resolved([allValue])];
    const [first] = sectionsOf(across, variables, false)[0]!.panels;
    const [asked] = askedQueries(first!, valuesOf(variables), { from: 0, to: 3600 }, 700, 0);
    expect(asked).toMatchObject({ id: 'a@region=eu/0', expr: 'x{region="eu"}', legend: '{{mode}} in eu' });
  });
});

test('repeated rows', () => {
  const base = dashboard({});
  const rows: Dashboard = {
    ...base,
    spec: {
      ...base.spec,
      layouts: [
        {
          kind: 'Grid',
          spec: { ...base.spec.layouts[0]!.spec, display: { title: '$region' }, repeatVariable: 'region' },
        },
      ],
    },
  };
  const sections = sectionsOf(rows, [resolved(['eu', 'na'])], false);
  expect(sections.map((section) => section.id)).toEqual(['0@region=eu', '0@region=na']);
  expect(sections[1]!.panels.map((each) => each.id)).toEqual(['a@region=na', 'b@region=na']);
});

describe('what a panel asks', () => {
  function asked(expr: string, window = { from: 0, to: 3600 }, width = 800, refresh = 0, spec = {}, minStep?: string) {
    const shown = {
      id: 'p',
      panelKey: 'p',
      panel: panel(expr, spec, minStep),
      x: 0,
      y: 0,
      width: 24,
      height: 8,
      scope: {},
      layout: 0,
      item: 0,
    };
    return askedQueries(shown, valuesOf([resolved(['eu'])]), window, width, refresh)[0]!;
  }

  test('steps follow range and width, and are no shorter than the refresh or the least step', () => {
    expect(asked('x').step).toBe(10);
    expect(asked('x', { from: 0, to: 86_400 }).step).toBe(300);
    expect(asked('x', { from: 0, to: 3600 }, 800, 60).step).toBe(60);
    expect(asked('x', { from: 0, to: 3600 }, 800, 0, {}, '2m').step).toBe(120);
  });

  test('built-in names', () => {
    expect(asked('rate(x[$__rate_interval]) > $__range_s').expr).toBe('rate(x[40s]) > 3600');
    expect(asked('rate(x[$__interval])', { from: 0, to: 86_400 }).expr).toBe('rate(x[300s])');
  });

  test('a time of its own', () => {
    expect(asked('x', undefined, undefined, 0, { timeFrom: '7d', timeShift: '1d' })).toMatchObject({
      own: 604_800,
      shift: 86_400,
    });
  });
});

test.each([
  ['red', 'bad'],
  ['#f2495c', 'bad'],
  ['rgba(237, 129, 40, 0.89)', 'warn'],
  ['#fade2a', 'warn'],
  ['#73bf69', 'ok'],
  ['green', 'ok'],
  ['#5794f2', 'none'],
  ['#888', 'none'],
  ['no colour', undefined],
])('the colour %s says %s', (colour, level) => {
  expect(levelOfColour(colour)).toBe(level);
});

test('thresholds: by colour, else the last is bad; low values that are bad; percents of a range', () => {
  const steps = [{ value: 80 }, { value: 90 }];
  expect(levelsOf({ mode: 'absolute', steps }, { floor: true })).toEqual([
    { value: 80, level: 'warn' },
    { value: 90, level: 'bad' },
  ]);
  const low = { mode: 'absolute', base: '#f2495c', steps: [{ value: 0.98, color: '#73bf69' }] } as const;
  expect(levelsOf(low, { floor: true })).toEqual([
    { value: -Infinity, level: 'bad' },
    { value: 0.98, level: 'ok' },
  ]);
  expect(levelsOf(low, { floor: false })).toHaveLength(1);
  expect(levelsOf({ mode: 'percent', steps: [{ value: 50 }] }, { floor: false, min: 100, max: 300 })).toEqual([
    { value: 200, level: 'bad' },
  ]);
});

describe('what is drawn', () => {
  const query = { id: 'p/0', expr: 'x', legend: '{{s}}', step: 10 };
  function state(count: number) {
    const series = Array.from({ length: count }, (_, index) => ({
      key: `k${index}`,
      labels: { s: `s${index}` },
      values: [index, null],
    }));
    return {
      frame: { times: [0, 10], step: 10, series },
      phase: 'ready',
      stale: false,
      warnings: [],
      error: null,
    } as const;
  }

  test('of ten thousand series the largest, and how many there are', () => {
    const drawn = drawnData([query], [state(10_000)], {}, 500);
    expect(drawn.total).toBe(10_000);
    expect(drawn.data.series).toHaveLength(500);
    expect(drawn.data.series[0]!.name).toBe('s9500');
  });

  test('overrides: turned below zero, named, hidden', () => {
    const spec = {
      overrides: [
        { match: 's0', hidden: true },
        { match: 's[12]', pattern: true, negate: true },
        { match: 's2', label: 'two', negate: true },
        { match: '[', pattern: true, hidden: true },
      ],
    };
    const { data } = drawnData([query], [state(4)], spec, 500);
    expect(data.series.map((series) => [series.name, series.values[0]])).toEqual([
      ['s1', -1],
      ['two', -2],
      ['s3', 3],
    ]);
  });

  test('colours, units and axes of series: those of a query, then those of names, all that match together', () => {
    const spec = {
      querySettings: [
        { queryIndex: 0, colorMode: 'fixed', colorValue: '#00f', format: { unit: 'bytes' }, axis: 'right' },
      ],
      overrides: [
        { match: '^s[01]$', pattern: true, color: 'rgb(255, 0, 0)' },
        { match: 's1', unit: 'seconds' },
        { match: 's2', color: 'no colour' },
      ],
    };
    const { data } = drawnData([query], [state(3)], spec, 500);
    expect(data.series.map(({ look }) => look)).toEqual([
      { colour: '#ff0000', unit: 'bytes', right: true },
      { colour: '#ff0000', unit: 'seconds', right: true },
      { unit: 'bytes', right: true },
    ]);
  });

  test("a colour for a query's only series is for one", () => {
    const spec = { querySettings: [{ queryIndex: 0, colorMode: 'fixed-single', colorValue: '#0000ff' }] };
    const looks = (count: number) => drawnData([query], [state(count)], spec, 500).data.series.map(({ look }) => look);
    expect(looks(1)).toEqual([{ colour: '#0000ff' }]);
    expect(looks(2)).toEqual([undefined, undefined]);
  });

  test('a table with columns named, hidden and in units of their own', () => {
    const { data } = drawnData([query], [state(2)], {}, 500);
    const table = panelTable(
      data,
      {
        format: { unit: 'bytes' },
        columnSettings: [
          { name: 'Value', header: 'Size', format: { unit: 'seconds' } },
          { name: 's', hide: true },
        ],
      },
      {},
    );
    expect(table.columns).toMatchObject([{ title: 'Size', unit: 'seconds' }]);
    expect(table.rows).toEqual([[0], [1]]);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { importDocument } from '../import-document';
import type { Dashboard, Layout, Panel } from '../model/dashboard';
import { objectOf } from '../model/json';
import { parseDashboard } from '../model/parse';
import { exportGrafana } from './export';
import { importGrafana } from './import';
import { reportSummary } from './report';

// Protects: no panel of a Grafana dashboard is lost. Ours are written by hand in the shapes that Grafana's versions wrote.
// Published ones are read besides, from where ui/tools/fetch-dashboards.sh puts them; nothing fails when they were not fetched.

const ours = join(import.meta.dirname, 'testdata');
const published = process.env['TICKSCOPE_DASHBOARDS'] ?? join(import.meta.dirname, '../../../../.cache/dashboards');

function filesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(directory, name))
      .toSorted();
  } catch {
    return [];
  }
}

const corpus = [...filesIn(ours), ...filesIn(published)].map(
  (path) => [path.slice(path.lastIndexOf('/') + 1), path] as const,
);

function imported(path: string) {
  const result = importDocument(readFileSync(path, 'utf8'));
  if ('findings' in result) throw new Error(JSON.stringify(result.findings));
  return result.imported;
}

function testdata(name: string) {
  return imported(join(ours, `${name}.json`));
}

/** Panels of a classic dashboard, counted without the importer: whatever is no row, at any depth. */
function panelsIn(document: unknown): number {
  const dashboard = objectOf(document);
  const wrapped =
    dashboard['dashboard'] ?? (Array.isArray(objectOf(dashboard['spec'])['panels']) ? dashboard['spec'] : undefined);
  if (wrapped) return panelsIn(wrapped);
  const list = (value: unknown): number =>
    Array.isArray(value)
      ? value.reduce(
          (sum: number, panel) => sum + (objectOf(panel)['type'] === 'row' ? list(objectOf(panel)['panels']) : 1),
          0,
        )
      : 0;
  const rows = Array.isArray(dashboard['rows']) ? dashboard['rows'].map((row) => list(objectOf(row)['panels'])) : [];
  return list(dashboard['panels']) + rows.reduce((sum, count) => sum + count, 0);
}

describe.each(corpus)('%s', (_name, path) => {
  const document: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const { dashboard, report } = imported(path);

  test('every panel is in the report, in the dashboard and in a layout, once', () => {
    const keys = report.panels.map((panel) => panel.key);
    expect(new Set(keys).size).toBe(panelsIn(document));
    expect(Object.keys(dashboard.spec.panels).toSorted()).toEqual(keys.toSorted());
    const shown = dashboard.spec.layouts.flatMap((layout) =>
      layout.spec.items.map((item) => item.content.$ref.slice('#/spec/panels/'.length)),
    );
    expect(shown.toSorted()).toEqual(keys.toSorted());
  });

  test('the result is a sound dashboard of Perses', () => {
    expect(parseDashboard(dashboard).findings).toEqual([]);
  });

  test('a placeholder says why, and keeps what it was', () => {
    for (const { key, outcome, notes } of report.panels) {
      const { kind, spec } = dashboard.spec.panels[key]!.spec.plugin;
      expect(kind === 'GrafanaPlaceholder').toBe(outcome === 'placeholder');
      if (outcome === 'placeholder') {
        expect(notes[0]).not.toBe('');
        expect(spec['reason']).toBe(notes[0]);
        expect(spec['source']).toBeDefined();
      }
    }
  });

  test('panels do not lie upon each other', () => {
    for (const layout of dashboard.spec.layouts) expect(overlaps(layout)).toEqual([]);
  });

  test('it survives the way to Grafana and back', () => {
    const back = importGrafana(exportGrafana(dashboard));
    expect(back.report.panels.map(({ title, shownAs }) => `${title} ${shownAs}`)).toEqual(
      report.panels.map(({ title, shownAs }) => `${title} ${shownAs}`),
    );
    expect(queriesOf(back.dashboard)).toEqual(queriesOf(dashboard));
    expect(back.dashboard.spec.layouts.map(placesOf)).toEqual(dashboard.spec.layouts.map(placesOf));
  });
});

function overlaps(layout: Layout): readonly string[] {
  const { items } = layout.spec;
  return items.flatMap((a, index) =>
    items.slice(index + 1).flatMap((b) => {
      const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
      return apart ? [] : [`${a.content.$ref} and ${b.content.$ref}`];
    }),
  );
}

function queriesOf(dashboard: Dashboard): readonly string[] {
  const text = (panel: Panel) =>
    (panel.spec.queries ?? [])
      .map(
        (query) => `${String(query.spec.plugin.spec['query'])} ${String(query.spec.plugin.spec['seriesNameFormat'])}`,
      )
      .join('; ');
  return dashboard.spec.layouts.flatMap((layout) =>
    layout.spec.items.map((item) => text(dashboard.spec.panels[item.content.$ref.slice('#/spec/panels/'.length)]!)),
  );
}

function placesOf(layout: Layout) {
  const { display, items, repeatVariable } = layout.spec;
  return {
    title: display?.title,
    open: display?.collapse?.open,
    repeatVariable,
    items: items.map(({ x, y, width, height, repeat }) => ({ x, y, width, height, repeat })),
  };
}

test('rows with spans stand side by side and wrap', () => {
  const { dashboard } = testdata('rows-and-spans');
  expect(dashboard.spec.layouts.map(placesOf)).toMatchObject([
    {
      title: 'Now',
      open: true,
      items: [
        { x: 0, y: 0, width: 6, height: 4 },
        { x: 6, y: 0, width: 6 },
        { x: 12, y: 0, width: 12 },
        { x: 0, y: 4, width: 16 },
      ],
    },
    { title: 'Folded', open: false, repeatVariable: 'region', items: [{ width: 24 }] },
  ]);
  expect(dashboard.spec.panels['panel-1']!.spec.plugin).toEqual({
    kind: 'StatChart',
    spec: {
      calculation: 'last-number',
      format: { unit: 'ops/sec', decimalPlaces: 1 },
      thresholds: {
        defaultColor: '#d44a3a',
        steps: [
          { value: 10, color: 'rgba(237, 129, 40, 0.89)' },
          { value: 50, color: '#299c46' },
        ],
      },
      colorMode: 'background',
      sparkline: {},
      prefix: '~',
    },
  });
  expect(dashboard.spec.panels['panel-2']!.spec.plugin).toMatchObject({
    kind: 'GaugeChart',
    spec: { min: 0, max: 1, calculation: 'mean' },
  });
  expect(dashboard.spec.panels['panel-3']!.spec.plugin.spec).toMatchObject({
    legend: { mode: 'table', position: 'right', values: ['last', 'mean'] },
    yAxis: { format: { unit: 'ops/sec' }, min: 0 },
    visual: { areaOpacity: 0.5, lineWidth: 2, stack: 'all' },
  });
  expect(dashboard.spec.panels['panel-5']!.spec.plugin.spec['columnSettings']).toEqual([
    { name: 'Time', hide: true },
    { name: 'Value', header: 'Joins', format: { unit: 'ops/sec', decimalPlaces: 1 } },
  ]);
});

test('panels under folded rows are kept under them', () => {
  const { dashboard, report } = testdata('rows-collapsed');
  expect(
    dashboard.spec.layouts.map((layout) => [
      layout.spec.display?.title,
      layout.spec.display?.collapse?.open,
      layout.spec.items.length,
    ]),
  ).toEqual([
    [undefined, undefined, 1],
    ['Open', true, 1],
    ['Folded', false, 2],
    ['For each $region', false, 0],
  ]);
  expect(reportSummary(report)).toBe('4 panels, all shown');
});

test('queries that ask other systems are told of, and kept', () => {
  const { dashboard, report } = testdata('datasources');
  const outcome = Object.fromEntries(report.panels.map(({ title, outcome, notes }) => [title, [outcome, ...notes]]));
  expect(outcome).toMatchObject({
    'by input': ['shown'],
    'Loki logs': ['placeholder', 'logs are not shown on dashboards yet', 'query A asks loki: kept, not asked'],
    'Loki rates': ['placeholder', 'its queries ask loki, which is not here', 'query A asks loki: kept, not asked'],
    mixed: ['shown', 'query B asks influxdb: kept, not asked'],
    'by variable': ['shown'],
    CloudWatch: [
      'placeholder',
      'its queries ask cloudwatch, which is not here',
      'query A asks cloudwatch: kept, not asked',
    ],
    'null source': ['shown'],
    'no data source, SQL': [
      'placeholder',
      'its queries ask another system, which is not here',
      'query A asks another system: kept, not asked',
    ],
  });
  expect(dashboard.spec.panels['panel-4']!.spec.queries![1]!.spec.plugin).toMatchObject({
    kind: 'GrafanaTarget',
    spec: { query: 'SELECT 1' },
  });
});

test('variables of every type', () => {
  const { dashboard, report } = testdata('variables');
  const specs = Object.fromEntries(dashboard.spec.variables!.map((variable) => [variable.spec.name, variable.spec]));
  expect(Object.keys(specs)).toEqual([
    'region',
    'server',
    'names',
    'metric',
    'host',
    'bare',
    'size',
    'interval',
    'constant',
    'text',
  ]);
  expect(specs['region']).toMatchObject({
    display: { name: 'Region' },
    allowMultiple: true,
    allowAllValue: true,
    customAllValue: '.*',
    capturingRegexp: '/^(eu|na)$/',
    sort: 'alphabetical-desc',
    defaultValue: ['eu'],
    plugin: {
      kind: 'PrometheusLabelValuesVariable',
      spec: { labelName: 'region', matchers: ['game_players{mode="ranked, casual"}'] },
    },
  });
  expect(specs['size']).toMatchObject({
    defaultValue: '1000',
    plugin: { spec: { values: [{ label: 'small', value: '1' }, { label: 'large', value: '1000' }, 'comma,in'] } },
  });
  expect(specs['interval']).toMatchObject({
    defaultValue: '$__interval',
    plugin: { spec: { values: [{ label: 'auto', value: '$__interval' }, '1m', '5m', '1h'] } },
  });
  expect(specs['constant']).toMatchObject({ value: 'prod', constant: true, display: { hidden: true } });
  expect(report.notes.map((note) => `${note.about}: ${note.message}`)).toEqual([
    'variable ds: left out: all queries ask this server',
    'variable empty: left out: its query is empty or asks another system',
    'variable interval: auto is the step of each panel',
    'variable filters: left out: the filters above every page take its place',
    'variable region: left out: another one has this name',
    'variable bad-name: left out: its name is not made of letters, digits and _',
    'variable groups: left out: variables of type "groupby" are not known',
  ]);
});

test('overrides, thresholds, mappings and transformations', () => {
  const { dashboard, report } = testdata('overrides');
  const panel = (id: number) => dashboard.spec.panels[`panel-${id}`]!.spec;
  expect(panel(1).plugin.spec).toMatchObject({
    yAxis: {
      format: { unit: 'decbits/sec', decimalPlaces: 2 },
      min: 0,
      max: 100,
      logBase: 2,
      label: 'in (+) / out (-)',
    },
    visual: { areaOpacity: 0.4, connectNulls: true, stack: 'percent' },
    thresholds: { defaultColor: '#73bf69', steps: [{ value: 80, color: '#f2495c' }] },
    overrides: [
      { match: '.*Trans.*', pattern: true, negate: true },
      { match: 'Used', pattern: false, color: '#e02f44', axis: 'right' },
    ],
    querySettings: [{ queryIndex: 1, colorMode: 'fixed', colorValue: '#123456' }],
    legend: { mode: 'table', position: 'right', values: ['last', 'max'] },
  });
  expect(report.panels[0]!.notes).toEqual(['query B is hidden, and stays so', 'an override by byType is left out']);
  expect(panel(2).plugin.spec['columnSettings']).toEqual([
    { name: 'Value #A', format: { unit: 'bytes', decimalPlaces: 1 }, header: 'Size', width: 120 },
    { name: 'Time', hide: true },
    { name: 'instance', header: 'Server' },
  ]);
  expect(report.panels[1]!.notes).toEqual(['transformations left out: sortBy']);
  expect(panel(3).plugin.spec['mappings']).toMatchObject([
    { kind: 'Value', spec: { value: '0', result: { value: 'down', color: '#f2495c' } } },
    { kind: 'Value', spec: { value: '1' } },
    { kind: 'Range', spec: { from: 2, result: { value: 'many' } } },
    { kind: 'Misc' },
    { kind: 'Regex' },
  ]);
  expect(report.panels[2]!.notes).toEqual(['the calculation "stdDev" is not known: the last value is shown']);
});

test('what is not drawn is a placeholder that goes back as it came', () => {
  const { dashboard, report } = testdata('unknown-panels');
  expect(reportSummary(report)).toBe('24 panels: 10 shown, 14 placeholders');
  const [first] = exportGrafana(dashboard)['panels'] as { type: string; options: unknown }[];
  expect(first).toMatchObject({ type: 'geomap', options: { kept: { as: ['it', null, 1.5] } } });
});

test('HTML becomes text', () => {
  const { dashboard } = testdata('api-answer');
  expect(dashboard.spec.panels['panel-1']!.spec.plugin.spec['text']).toBe(
    '## Read me\n\nSee [the book](https://example.org)\n\n- one\n- two',
  );
});

test('annotations, links and times', () => {
  const { dashboard, report } = testdata('annotations');
  expect(dashboard.metadata.tags).toEqual(['game', 'eu']);
  expect(dashboard.spec).toMatchObject({
    duration: '1d',
    refreshInterval: '30s',
    annotations: [
      { plugin: { kind: 'TickscopeAnnotations' }, display: { hidden: true } },
      {
        plugin: {
          kind: 'PrometheusPromQLAnnotation',
          spec: { expr: 'changes(game_build_info[1m]) > 0', title: '{{build}}', tags: 'build,region' },
        },
      },
    ],
    links: [{ name: 'Runbook', url: 'https://example.org/runbook?region=$region', targetBlank: true }],
  });
  expect(report.notes.map((note) => note.about)).toEqual(['annotation Log lines', 'link Others']);
  expect(report.panels[0]!.notes).toContain('its alert is left out: rules are files of the server');
});

describe('series of their own', () => {
  const panelOf = (panel: object) => ({ title: 'x', schemaVersion: 39, panels: [{ id: 1, title: 'p', ...panel }] });
  const specOf = (panel: object) => importGrafana(panelOf(panel)).dashboard.spec.panels['panel-1']!.spec.plugin.spec;
  const targets = [
    { refId: 'A', expr: 'a' },
    { refId: 'B', expr: 'b' },
  ];
  const override = (id: string, options: string, ...properties: object[]) => ({ matcher: { id, options }, properties });

  test('a unit has an axis of its own unless another is said; a panel without axes has none', () => {
    const overrides = [
      override('byName', 'load', { id: 'unit', value: 'percent' }),
      override('byName', 'same', { id: 'unit', value: 'bytes' }),
      override('byName', 'left', { id: 'unit', value: 's' }, { id: 'custom.axisPlacement', value: 'left' }),
      override('byFrameRefID', 'B', { id: 'unit', value: 's' }, { id: 'custom.transform', value: 'negative-Y' }),
    ];
    const fieldConfig = { defaults: { unit: 'bytes' }, overrides };
    expect(specOf({ type: 'timeseries', targets, fieldConfig })).toMatchObject({
      overrides: [
        { match: 'load', unit: 'percent', axis: 'right' },
        { match: 'same', pattern: false, unit: 'bytes' },
        { match: 'left', pattern: false, unit: 'seconds' },
      ],
      querySettings: [{ queryIndex: 1, format: { unit: 'seconds' }, axis: 'right', negate: true }],
    });
    expect(JSON.stringify(specOf({ type: 'stat', targets, fieldConfig }))).not.toContain('right');
  });

  test("graph's second axis has its own unit", () => {
    const graph = {
      type: 'graph',
      targets,
      yaxes: [{ format: 'bytes' }, { format: 'percentunit' }],
      seriesOverrides: [{ alias: '/load/', yaxis: 2 }],
    };
    expect(specOf(graph)).toMatchObject({
      overrides: [{ match: 'load', pattern: true, axis: 'right', unit: 'percent-decimal' }],
    });
    expect(importGrafana(panelOf(graph)).report.panels[0]!.notes).toEqual([]);
  });

  test('colours, units, axes and percents go out as they came in', () => {
    const fieldConfig = {
      defaults: { unit: 'bytes', custom: { stacking: { mode: 'percent' } } },
      overrides: [
        override(
          'byRegexp',
          '/eu.*/',
          { id: 'color', value: { mode: 'fixed', fixedColor: 'red' } },
          { id: 'unit', value: 's' },
          { id: 'custom.axisPlacement', value: 'right' },
        ),
        override('byFrameRefID', 'B', { id: 'color', value: { mode: 'fixed', fixedColor: '#123456' } }),
      ],
    };
    const { dashboard } = importGrafana(panelOf({ type: 'timeseries', targets, fieldConfig }));
    const again = importGrafana(exportGrafana(dashboard));
    expect(again.dashboard.spec.panels['panel-1']!.spec.plugin.spec).toMatchObject({
      visual: { stack: 'percent' },
      overrides: [{ match: 'eu.*', pattern: true, color: '#f2495c', unit: 'seconds', axis: 'right' }],
      querySettings: [{ queryIndex: 1, colorMode: 'fixed', colorValue: '#123456' }],
    });
  });
});

/** A dashboard in the shape of "Node Exporter Full": one open row, many folded ones, over a hundred panels. */
function nodeExporterShape(): object {
  const panel = (id: number, y: number) => ({
    id,
    type: ['timeseries', 'gauge', 'bargauge', 'stat', 'graph'][id % 5],
    title: `Panel ${id}`,
    datasource: { type: 'prometheus', uid: '${ds_prometheus}' },
    gridPos: { x: (id % 2) * 12, y, w: 12, h: 8 },
    fieldConfig: {
      defaults: { unit: 'bytes', custom: { fillOpacity: 40, stacking: { mode: 'normal' } } },
      overrides: [
        {
          matcher: { id: 'byRegexp', options: '/.*Trans.*/' },
          properties: [{ id: 'custom.transform', value: 'negative-Y' }],
        },
      ],
    },
    targets: [
      {
        expr: `irate(node_x_${id}_total{instance="$node",job="$job"}[$__rate_interval])`,
        legendFormat: '{{device}} - Receive',
        refId: 'A',
        step: 240,
      },
    ],
  });
  const rows = Array.from({ length: 15 }, (_, row) => ({
    id: 1000 + row,
    type: 'row',
    title: `Row ${row}`,
    collapsed: row > 0,
    gridPos: { x: 0, y: row * 50, w: 24, h: 1 },
    panels:
      row > 0
        ? Array.from({ length: 8 }, (_, index) => panel(row * 8 + index, row * 50 + 1 + 8 * Math.floor(index / 2)))
        : [],
  }));
  const open = Array.from({ length: 8 }, (_, index) => panel(index, 1 + 8 * Math.floor(index / 2)));
  return { title: 'Node exporter, everything', schemaVersion: 41, panels: [...rows, ...open] };
}

test('a dashboard of 120 panels in 15 rows', () => {
  const { dashboard, report } = importGrafana(nodeExporterShape());
  expect(reportSummary(report)).toBe('120 panels, all shown');
  expect(dashboard.spec.layouts.map((layout) => layout.spec.items.length)).toEqual(Array(15).fill(8));
  expect(dashboard.spec.layouts.filter((layout) => layout.spec.display?.collapse?.open)).toHaveLength(1);
});

test('the schema of version 2 and other documents are refused in words', () => {
  const refused = (document: unknown) =>
    importDocument(typeof document === 'string' ? document : JSON.stringify(document));
  expect(refused({ apiVersion: 'dashboard.grafana.app/v2', spec: { elements: {}, layout: {} } })).toEqual({
    findings: [
      {
        severity: 'error',
        path: '',
        message: 'this is Grafana\'s schema v2 (elements and layout): export it as "classic" JSON',
      },
    ],
  });
  expect(refused('{"panels": [')).toEqual({
    findings: [{ severity: 'error', path: '', message: 'not JSON: line 1, column 13: expected a value' }],
  });
  expect(refused([])).toMatchObject({ findings: [{ message: 'expected an object, got a list of 0' }] });
});

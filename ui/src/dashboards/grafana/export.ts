import {
  allValue,
  type Dashboard,
  type GridItem,
  type Panel,
  panelKeyOf,
  type Query,
  titleOf,
  type Variable,
} from '../model/dashboard';
import { arrayOf, isObject, type Json, type JsonObject, numberOf, objectOf, textOf } from '../model/json';
import { legendOf, mappingsOf, overridesOf, querySettingsOf, thresholdsOf } from '../model/options';
import { sourceOf } from '../variables/definition';
import { placeholderKind } from './panels';
import { grafanaUnit } from './units';

/** A version of the classic model that every Grafana since 10 reads without a migration that would change something. */
const schemaVersion = 39;

const datasource = { type: 'prometheus', uid: '${datasource}' };

/** The dashboard in Grafana's classic model. Placeholders become what they were; units and options get Grafana's names. */
export function exportGrafana(dashboard: Dashboard): JsonObject {
  const { spec } = dashboard;
  return {
    title: titleOf(dashboard),
    uid: dashboard.metadata.name.slice(0, 40),
    ...(spec.display?.description ? { description: spec.display.description } : {}),
    tags: [...(dashboard.metadata.tags ?? [])],
    schemaVersion,
    editable: true,
    time: { from: `now-${spec.duration ?? '1h'}`, to: 'now' },
    refresh: spec.refreshInterval && spec.refreshInterval !== '0s' ? spec.refreshInterval : '',
    templating: {
      list: [
        { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', hide: 0 },
        ...(spec.variables ?? []).filter((variable) => variable.spec.name !== 'datasource').map(exportVariable),
      ],
    },
    annotations: { list: (spec.annotations ?? []).flatMap(exportAnnotation) },
    links: (spec.links ?? []).map((link) => ({
      type: 'link',
      title: link.name ?? '',
      url: link.url,
      targetBlank: link.targetBlank === true,
    })),
    panels: exportPanels(dashboard),
  };
}

function exportPanels(dashboard: Dashboard): readonly JsonObject[] {
  const panels: JsonObject[] = [];
  let id = 1;
  let top = 0;
  for (const layout of dashboard.spec.layouts) {
    const { display, items, repeatVariable } = layout.spec;
    const title = display?.title;
    const collapsed = title !== undefined && display?.collapse?.open === false;
    const row = id;
    if (title !== undefined) id += 1;
    const start = top + (title === undefined ? 0 : 1);
    const inside = items.flatMap((item) => {
      const key = panelKeyOf(item);
      const panel = key === undefined ? undefined : dashboard.spec.panels[key];
      if (!panel) return [];
      id += 1;
      return [exportPanel(panel, item, start, id - 1)];
    });
    if (title !== undefined) {
      panels.push({
        id: row,
        type: 'row',
        title,
        collapsed,
        ...(repeatVariable ? { repeat: repeatVariable } : {}),
        gridPos: { x: 0, y: top, w: 24, h: 1 },
        panels: collapsed ? inside : [],
      });
    }
    if (!collapsed) panels.push(...inside);
    top = start + Math.max(0, ...items.map((item) => item.y + item.height));
  }
  return panels;
}

function exportPanel(panel: Panel, item: GridItem, top: number, id: number): JsonObject {
  const { plugin, display, links, queries } = panel.spec;
  const place = { id, gridPos: { x: item.x, y: top + item.y, w: item.width, h: item.height } };
  const repeat = item.repeat
    ? {
        repeat: item.repeat.variable,
        repeatDirection: item.repeat.direction === 'vertical' ? 'v' : 'h',
        ...(item.repeat.maxPerRow === undefined ? {} : { maxPerRow: item.repeat.maxPerRow }),
      }
    : {};
  if (plugin.kind === placeholderKind && isObject(plugin.spec['source']))
    return { ...plugin.spec['source'], ...place, ...repeat };
  return {
    ...place,
    title: display?.name ?? '',
    ...(display?.description ? { description: display.description } : {}),
    datasource,
    ...exportPlugin(plugin.kind, plugin.spec),
    ...(textOf(plugin.spec['timeFrom']) ? { timeFrom: textOf(plugin.spec['timeFrom']) } : {}),
    ...(textOf(plugin.spec['timeShift']) ? { timeShift: textOf(plugin.spec['timeShift']) } : {}),
    targets: (queries ?? []).map(exportQuery),
    links: (links ?? []).map((link) => ({
      title: link.name ?? '',
      url: link.url,
      targetBlank: link.targetBlank === true,
    })),
    ...repeat,
  };
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

function letterOf(index: number): string {
  return index < 26 ? (letters[index] ?? 'A') : `Q${index}`;
}

function exportQuery(query: Query, index: number): JsonObject {
  const { kind, spec } = query.spec.plugin;
  if (kind === 'GrafanaTarget') return spec;
  return {
    refId: letterOf(index),
    datasource,
    expr: textOf(spec['query']) ?? '',
    legendFormat: textOf(spec['seriesNameFormat']) ?? '__auto',
    ...(textOf(spec['minStep']) ? { interval: textOf(spec['minStep']) } : {}),
    ...(numberOf(spec['resolution']) === undefined ? {} : { intervalFactor: numberOf(spec['resolution']) }),
    ...(spec['hidden'] === true ? { hide: true } : {}),
    ...(spec['format'] === 'heatmap' ? { format: 'heatmap' } : {}),
    ...(spec['instant'] === true ? { instant: true, range: false } : {}),
  };
}

const types: Readonly<Record<string, string>> = {
  TimeSeriesChart: 'timeseries',
  StatChart: 'stat',
  GaugeChart: 'gauge',
  BarChart: 'bargauge',
  PieChart: 'piechart',
  Table: 'table',
  TimeSeriesTable: 'table',
  HeatMapChart: 'heatmap',
  HistogramChart: 'histogram',
  StatusHistoryChart: 'status-history',
  Markdown: 'text',
};

const calcs: Readonly<Record<string, string>> = {
  'last-number': 'lastNotNull',
  'first-number': 'firstNotNull',
  delta: 'diff',
};

function exportPlugin(kind: string, spec: JsonObject): JsonObject {
  const type = types[kind];
  if (type === undefined)
    return {
      type: 'text',
      options: { mode: 'markdown', content: `A panel of kind ${kind}, which has no counterpart.` },
    };
  if (kind === 'Markdown') return { type, options: { mode: 'markdown', content: textOf(spec['text']) ?? '' } };
  const calculation = textOf(spec['calculation']) ?? 'last-number';
  return {
    type,
    fieldConfig: { defaults: exportDefaults(kind, spec), overrides: exportOverrides(spec) },
    options: {
      ...(kind === 'TimeSeriesChart' || kind === 'PieChart'
        ? { legend: exportLegend(spec), tooltip: { mode: 'multi', sort: 'desc' } }
        : {}),
      ...(['StatChart', 'GaugeChart', 'BarChart', 'PieChart'].includes(kind)
        ? { reduceOptions: { calcs: [calcs[calculation] ?? calculation], fields: '', values: false } }
        : {}),
      ...(kind === 'StatChart'
        ? { graphMode: isObject(spec['sparkline']) ? 'area' : 'none', colorMode: textOf(spec['colorMode']) ?? 'value' }
        : {}),
      ...(kind === 'BarChart' ? { orientation: 'horizontal', displayMode: 'basic' } : {}),
      ...(kind === 'HeatMapChart'
        ? { calculate: false, yAxis: { unit: grafanaUnit(textOf(objectOf(spec['yAxisFormat'])['unit']) ?? 'short') } }
        : {}),
    },
  };
}

function exportDefaults(kind: string, spec: JsonObject): JsonObject {
  const axis = kind === 'TimeSeriesChart' ? objectOf(spec['yAxis']) : spec;
  const format = objectOf(axis['format']);
  const unit = textOf(format['unit']);
  const decimals = numberOf(format['decimalPlaces']);
  const thresholds = thresholdsOf(spec);
  const steps: Json[] = [
    { color: thresholds.base ?? 'green', value: null },
    ...thresholds.steps.map(({ value, color }) => ({ value, color: color ?? 'red' })),
  ];
  const mappings = mappingsOf(spec);
  return {
    ...(unit === undefined ? {} : { unit: grafanaUnit(unit) }),
    ...(decimals === undefined ? {} : { decimals }),
    ...(numberOf(axis['min']) === undefined ? {} : { min: numberOf(axis['min']) }),
    ...(numberOf(axis['max']) === undefined ? {} : { max: numberOf(axis['max']) }),
    thresholds: { mode: thresholds.mode === 'percent' ? 'percentage' : 'absolute', steps },
    mappings: mappings.map(({ value, from, to, text, color }) => {
      const result = { text, ...(color ? { color } : {}) };
      if (value !== undefined) return { type: 'value', options: { [value]: result } };
      return { type: 'range', options: { from: from ?? null, to: to ?? null, result } };
    }),
    ...(kind === 'TimeSeriesChart' ? { custom: exportCustom(spec, thresholds.steps.length > 0) } : {}),
  };
}

function exportCustom(spec: JsonObject, thresholds: boolean): JsonObject {
  const visual = objectOf(spec['visual']);
  const axis = objectOf(spec['yAxis']);
  const logBase = numberOf(axis['logBase']);
  const stack = visual['stack'] === 'percent' ? 'percent' : visual['stack'] === 'all' ? 'normal' : 'none';
  return {
    drawStyle: visual['display'] === 'bar' ? 'bars' : 'line',
    lineWidth: numberOf(visual['lineWidth']) ?? 1,
    fillOpacity: Math.round((numberOf(visual['areaOpacity']) ?? 0) * 100),
    spanNulls: visual['connectNulls'] === true,
    showPoints: visual['showPoints'] === 'always' ? 'always' : 'never',
    stacking: { mode: stack, group: 'A' },
    scaleDistribution: logBase === undefined ? { type: 'linear' } : { type: 'log', log: logBase },
    thresholdsStyle: { mode: thresholds ? 'line' : 'off' },
    ...(textOf(axis['label']) ? { axisLabel: textOf(axis['label']) } : {}),
  };
}

function exportLegend(spec: JsonObject): JsonObject {
  const legend = legendOf(spec);
  if (!legend) return { showLegend: false };
  return {
    showLegend: true,
    displayMode: legend.mode,
    placement: legend.position,
    calcs: legend.values.map((value) => (value === 'last' ? 'lastNotNull' : value)),
  };
}

function exportOverrides(spec: JsonObject): readonly JsonObject[] {
  const series = overridesOf(spec).map((override) => ({
    matcher: {
      id: override.pattern ? 'byRegexp' : 'byName',
      options: override.pattern ? `/${override.match}/` : override.match,
    },
    properties: [
      ...(override.color ? [{ id: 'color', value: { mode: 'fixed', fixedColor: override.color } }] : []),
      ...(override.unit ? [{ id: 'unit', value: grafanaUnit(override.unit) }] : []),
      ...(override.axis ? [{ id: 'custom.axisPlacement', value: override.axis }] : []),
      ...(override.label ? [{ id: 'displayName', value: override.label }] : []),
      ...(override.negate ? [{ id: 'custom.transform', value: 'negative-Y' }] : []),
      ...(override.hidden ? [{ id: 'custom.hideFrom', value: { viz: true, legend: false, tooltip: false } }] : []),
    ],
  }));
  const columns = arrayOf(spec['columnSettings']).map((each) => {
    const column = objectOf(each);
    const unit = textOf(objectOf(column['format'])['unit']);
    return {
      matcher: { id: 'byName', options: textOf(column['name']) ?? '' },
      properties: [
        ...(textOf(column['header']) ? [{ id: 'displayName', value: textOf(column['header']) }] : []),
        ...(unit ? [{ id: 'unit', value: grafanaUnit(unit) }] : []),
        ...(column['hide'] === true ? [{ id: 'custom.hidden', value: true }] : []),
        ...(numberOf(column['width']) === undefined ? [] : [{ id: 'custom.width', value: numberOf(column['width']) }]),
      ],
    };
  });
  const queries = [...querySettingsOf(spec).values()].map(({ query, color, unit, axis, negate }) => ({
    matcher: { id: 'byFrameRefID', options: letterOf(query) },
    properties: [
      ...(color ? [{ id: 'color', value: { mode: 'fixed', fixedColor: color } }] : []),
      ...(unit ? [{ id: 'unit', value: grafanaUnit(unit) }] : []),
      ...(axis ? [{ id: 'custom.axisPlacement', value: axis }] : []),
      ...(negate ? [{ id: 'custom.transform', value: 'negative-Y' }] : []),
    ],
  }));
  return [...series, ...columns, ...queries];
}

const sorts = [
  'none',
  'alphabetical-asc',
  'alphabetical-desc',
  'numerical-asc',
  'numerical-desc',
  'alphabetical-ci-asc',
  'alphabetical-ci-desc',
];

function exportVariable(variable: Variable): JsonObject {
  const { name, display } = variable.spec;
  const common = { name, label: display?.name ?? name, hide: display?.hidden ? 2 : 0 };
  if (variable.kind === 'TextVariable') {
    const { value } = variable.spec;
    return {
      ...common,
      type: variable.spec.constant ? 'constant' : 'textbox',
      query: value,
      current: { text: value, value },
    };
  }
  const { spec } = variable;
  const fallback = spec.defaultValue;
  const list = {
    ...common,
    multi: spec.allowMultiple === true,
    includeAll: spec.allowAllValue === true,
    ...(spec.customAllValue ? { allValue: spec.customAllValue } : {}),
    ...(fallback === undefined ? {} : { current: { text: textFor(fallback), value: fallback } }),
  };
  const source = sourceOf(variable);
  if (source.kind === 'static') {
    const query = source.options
      .map(({ value, label }) => (value === label ? value.replaceAll(',', '\\,') : `${label} : ${value}`))
      .join(',');
    return { ...list, type: 'custom', query };
  }
  const query = queryText(source);
  const regex =
    source.kind === 'promql' && source.label ? `/.*${source.label}="([^"]*)".*/` : (spec.capturingRegexp ?? '');
  return {
    ...list,
    type: 'query',
    datasource,
    query: { query, refId: name },
    definition: query,
    regex,
    sort: Math.max(0, sorts.indexOf(spec.sort ?? 'none')),
    refresh: 2,
  };
}

function textFor(value: string | readonly string[]): Json {
  return typeof value === 'string' ? nameOf(value) : value.map(nameOf);
}

function nameOf(value: string): string {
  return value === allValue ? 'All' : value;
}

function queryText(source: Exclude<ReturnType<typeof sourceOf>, { kind: 'static' }>): string {
  switch (source.kind) {
    case 'label-values':
      return source.matchers[0]
        ? `label_values(${source.matchers[0]}, ${source.label})`
        : `label_values(${source.label})`;
    case 'label-names':
      return source.matchers[0] ? `label_names(${source.matchers[0]})` : 'label_names()';
    case 'promql':
      return `query_result(${source.expr})`;
    case 'unknown':
      return '';
  }
}

function exportAnnotation(annotation: NonNullable<Dashboard['spec']['annotations']>[number]): JsonObject[] {
  const { spec, kind } = annotation.plugin;
  const expr = textOf(spec['expr']);
  if (kind !== 'PrometheusPromQLAnnotation' || !expr) return [];
  return [
    {
      name: annotation.display?.name ?? '',
      enable: annotation.display?.hidden !== true,
      datasource,
      expr,
      iconColor: annotation.display?.color ?? 'blue',
      ...(textOf(spec['title']) ? { titleFormat: textOf(spec['title']) } : {}),
      ...(textOf(spec['text']) ? { textFormat: textOf(spec['text']) } : {}),
      ...(textOf(spec['tags']) ? { tagKeys: textOf(spec['tags']) } : {}),
      ...(textOf(spec['step']) ? { step: textOf(spec['step']) } : {}),
    },
  ];
}

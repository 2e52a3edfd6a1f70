import type { Plugin } from '../model/dashboard';
import { arrayOf, isObject, type Json, type JsonObject, numberOf, objectOf, textOf } from '../model/json';
import {
  importCalculation,
  importFormat,
  importLegend,
  importMappings,
  importOverrides,
  importThresholds,
} from './field-options';
import { fieldDefaults } from './field-options';

/** Makes a plugin's spec of a panel; what had to be changed goes to `notes`. */
type Importer = (panel: JsonObject, letters: readonly string[], notes: string[]) => Plugin;

/** The kind of plugin that keeps a panel which cannot be shown, with why. */
export const placeholderKind = 'GrafanaPlaceholder';

const importers: Readonly<Record<string, Importer>> = {
  timeseries: importTimeSeries,
  graph: importTimeSeries,
  trend: importTimeSeries,
  stat: importStat,
  singlestat: importStat,
  'grafana-singlestat-panel': importStat,
  gauge: importGauge,
  bargauge: importBars,
  barchart: importBars,
  piechart: importPie,
  'grafana-piechart-panel': importPie,
  table: importTable,
  'table-old': importTable,
  heatmap: importHeatmap,
  histogram: importHistogram,
  text: importText,
  'status-history': importStatusHistory,
  'state-timeline': importStatusHistory,
  'grafana-polystat-panel': importPolystat,
};

// Known, and without data that this server has: said in words of their own.
const reasons: Readonly<Record<string, string>> = {
  logs: 'logs are not shown on dashboards yet',
  traces: 'traces are not shown on dashboards yet',
  nodeGraph: 'graphs of nodes are not drawn',
  news: 'it fetches from outside, and the console asks nothing but its own server',
  dashlist: 'lists of dashboards are the page Dashboards',
  alertlist: 'lists of alerts are not shown on dashboards yet',
  annolist: 'lists of annotations are not shown on dashboards yet',
  geomap: 'maps are not drawn',
  'grafana-worldmap-panel': 'maps are not drawn',
  canvas: 'free drawings are not shown',
  candlestick: 'candles are not drawn',
  flamegraph: 'profiles are not shown',
  xychart: 'values against values are not drawn',
  datagrid: 'tables of typed values are not shown',
  welcome: 'it is about Grafana itself',
  gettingstarted: 'it is about Grafana itself',
  pluginlist: 'it is about Grafana itself',
};

/** The panel's plugin, or why there is none. */
export function importPlugin(
  panel: JsonObject,
  letters: readonly string[],
  notes: string[],
): { readonly plugin: Plugin } | { readonly reason: string } {
  const type = textOf(panel['type']) ?? '';
  const importer = Object.hasOwn(importers, type) ? importers[type] : undefined;
  if (importer) return { plugin: withOverrides(importer(panel, letters, notes), panel, letters, notes) };
  if (isObject(panel['libraryPanel'])) {
    return {
      reason: `library panel "${String(panel['libraryPanel']['name'] ?? '')}": its content is not in this file; export it with "for sharing externally"`,
    };
  }
  if (type === '') return { reason: 'the panel says no type' };
  return { reason: reasons[type] ?? `panels of type "${type}" are not known` };
}

export function placeholder(panel: JsonObject, reason: string): Plugin {
  return { kind: placeholderKind, spec: { reason, source: panel } };
}

function withOverrides(plugin: Plugin, panel: JsonObject, letters: readonly string[], notes: string[]): Plugin {
  const { overrides, querySettings, columns } = importOverrides(panel, letters, notes);
  const transformations = arrayOf(panel['transformations']).map((each) => objectOf(each));
  const { columns: organised, lost } = importTransformations(transformations);
  if (lost.length > 0) notes.push(`transformations left out: ${lost.join(', ')}`);
  if (panel['timeFrom'] || panel['timeShift']) notes.push('its own time range or shift is kept');
  if (panel['alert']) notes.push('its alert is left out: rules are files of the server');
  const allColumns = plugin.kind === 'Table' ? merged([...columns, ...organised]) : [];
  return {
    kind: plugin.kind,
    spec: {
      ...plugin.spec,
      ...(overrides.length > 0 && plugin.kind !== 'Table' ? { overrides } : {}),
      ...(querySettings.length > 0 ? { querySettings } : {}),
      ...(allColumns.length > 0 ? { columnSettings: allColumns } : {}),
      ...(textOf(panel['timeFrom']) ? { timeFrom: textOf(panel['timeFrom']) } : {}),
      ...(textOf(panel['timeShift']) ? { timeShift: textOf(panel['timeShift']) } : {}),
    },
  };
}

/** Column settings from `organize`; joins and merges are what our tables do anyway. */
function importTransformations(transformations: readonly JsonObject[]): { columns: JsonObject[]; lost: string[] } {
  const columns: JsonObject[] = [];
  const lost: string[] = [];
  for (const each of transformations) {
    if (each['disabled'] === true) continue;
    const id = textOf(each['id']) ?? '?';
    const options = objectOf(each['options']);
    if (id === 'organize') {
      for (const [name, hide] of Object.entries(objectOf(options['excludeByName'])))
        if (hide === true) columns.push({ name, hide: true });
      for (const [name, header] of Object.entries(objectOf(options['renameByName'])))
        if (textOf(header)) columns.push({ name, header });
    } else if (id !== 'merge' && id !== 'seriesToColumns' && id !== 'joinByField' && id !== 'labelsToFields') {
      lost.push(id);
    }
  }
  return { columns, lost };
}

function merged(columns: readonly JsonObject[]): readonly JsonObject[] {
  const byName = new Map<string, JsonObject>();
  for (const column of columns) {
    const name = String(column['name']);
    byName.set(name, { ...byName.get(name), ...column });
  }
  return [...byName.values()];
}

function spec(members: Record<string, Json | undefined>): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function importTimeSeries(panel: JsonObject, _letters: readonly string[], notes: string[]): Plugin {
  const defaults = fieldDefaults(panel);
  const custom = objectOf(defaults['custom']);
  const leftAxis = objectOf(arrayOf(panel['yaxes'])[0]);
  const log = objectOf(custom['scaleDistribution']);
  const logBase = log['type'] === 'log' ? numberOf(log['log']) : numberOf(leftAxis['logBase']);
  const label = textOf(custom['axisLabel']) || textOf(leftAxis['label']);
  const stacking = objectOf(custom['stacking'])['mode'];
  const stack =
    stacking === 'percent' || (panel['stack'] === true && panel['percentage'] === true)
      ? 'percent'
      : stacking === 'normal' || panel['stack'] === true
        ? 'all'
        : undefined;
  const fill = numberOf(custom['fillOpacity']);
  const oldFill = numberOf(panel['fill']);
  const bars = custom['drawStyle'] === 'bars' || (panel['bars'] === true && panel['lines'] !== true);
  const points =
    custom['drawStyle'] === 'points' ||
    custom['showPoints'] === 'always' ||
    (panel['points'] === true && panel['lines'] !== true);
  const nulls = custom['spanNulls'] === true || panel['nullPointMode'] === 'connected';
  const thresholdStyle = objectOf(custom['thresholdsStyle'])['mode'];
  const shown = isObject(custom['thresholdsStyle']) ? thresholdStyle !== 'off' : Array.isArray(panel['thresholds']);
  if (textOf(objectOf(panel['xaxis'])['mode']) && objectOf(panel['xaxis'])['mode'] !== 'time')
    notes.push('its x axis was not time: it is now');
  return {
    kind: 'TimeSeriesChart',
    spec: spec({
      legend: importLegend(panel),
      yAxis: spec({
        format: importFormat(panel),
        label,
        min: numberOf(defaults['min']) ?? numberOf(leftAxis['min']),
        max: numberOf(defaults['max']) ?? numberOf(leftAxis['max']),
        logBase: logBase === 2 || logBase === 10 ? logBase : undefined,
      }),
      visual: spec({
        display: bars ? 'bar' : 'line',
        areaOpacity:
          fill !== undefined ? Math.min(1, fill / 100) : oldFill !== undefined ? Math.min(1, oldFill / 10) : undefined,
        lineWidth: numberOf(custom['lineWidth']) ?? numberOf(panel['linewidth']),
        showPoints: points ? 'always' : undefined,
        connectNulls: nulls ? true : undefined,
        stack,
      }),
      thresholds: shown ? importThresholds(panel) : undefined,
    }),
  };
}

function importStat(panel: JsonObject, _letters: readonly string[], notes: string[]): Plugin {
  const options = objectOf(panel['options']);
  const sparkline = options['graphMode'] === 'area' || objectOf(panel['sparkline'])['show'] === true;
  const mappings = importMappings(panel);
  const fields = textOf(objectOf(options['reduceOptions'])['fields']);
  const shows = panel['type'] === 'singlestat' && objectOf(panel['gauge'])['show'] === true;
  const common = {
    calculation: importCalculation(panel, notes),
    format: importFormat(panel),
    thresholds: importThresholds(panel),
    mappings: mappings.length > 0 ? mappings : undefined,
  };
  if (shows) {
    const gauge = objectOf(panel['gauge']);
    return {
      kind: 'GaugeChart',
      spec: spec({ ...common, min: numberOf(gauge['minValue']), max: numberOf(gauge['maxValue']) }),
    };
  }
  if (fields) notes.push('it showed a label or a name: values are shown');
  return {
    kind: 'StatChart',
    spec: spec({
      ...common,
      colorMode: textOf(options['colorMode']) ?? (panel['colorBackground'] === true ? 'background' : undefined),
      sparkline: sparkline ? {} : undefined,
      prefix: textOf(panel['prefix']) || undefined,
      postfix: textOf(panel['postfix']) || undefined,
    }),
  };
}

function importGauge(panel: JsonObject, _letters: readonly string[], notes: string[]): Plugin {
  const defaults = fieldDefaults(panel);
  const mappings = importMappings(panel);
  return {
    kind: 'GaugeChart',
    spec: spec({
      calculation: importCalculation(panel, notes),
      format: importFormat(panel),
      thresholds: importThresholds(panel),
      mappings: mappings.length > 0 ? mappings : undefined,
      min: numberOf(defaults['min']),
      max: numberOf(defaults['max']),
    }),
  };
}

function importBars(panel: JsonObject, _letters: readonly string[], notes: string[]): Plugin {
  const defaults = fieldDefaults(panel);
  return {
    kind: 'BarChart',
    spec: spec({
      calculation: importCalculation(panel, notes),
      format: importFormat(panel),
      thresholds: importThresholds(panel),
      max: numberOf(defaults['max']),
    }),
  };
}

function importPie(panel: JsonObject, _letters: readonly string[], notes: string[]): Plugin {
  notes.push('shares are drawn as bars, which are easier to compare');
  return {
    kind: 'PieChart',
    spec: spec({
      calculation: importCalculation(panel, notes),
      format: importFormat(panel),
      legend: importLegend(panel),
    }),
  };
}

function importTable(panel: JsonObject): Plugin {
  // table-old said its columns under `styles`, by name or pattern.
  const columns = arrayOf(panel['styles']).flatMap((each): JsonObject[] => {
    const style = objectOf(each);
    const name = textOf(style['pattern']);
    if (!name || name.startsWith('/')) return [];
    const unit = textOf(style['unit']);
    const header = textOf(style['alias']);
    return [
      spec({
        name,
        header: header || undefined,
        hide: style['type'] === 'hidden' ? true : undefined,
        format:
          unit && style['type'] === 'number' ? importFormat({ format: unit, decimals: style['decimals'] }) : undefined,
      }),
    ];
  });
  return {
    kind: 'Table',
    spec: spec({
      format: importFormat(panel),
      thresholds: importThresholds(panel),
      columnSettings: columns.length > 0 ? columns : undefined,
    }),
  };
}

function importHeatmap(panel: JsonObject): Plugin {
  const options = objectOf(panel['options']);
  const yUnit = textOf(objectOf(options['yAxis'])['unit']) ?? textOf(objectOf(panel['yAxis'])['format']);
  const log = numberOf(objectOf(panel['yAxis'])['logBase']);
  return {
    kind: 'HeatMapChart',
    spec: spec({
      yAxisFormat: importFormat(yUnit === undefined ? {} : { format: yUnit }),
      logBase: log === 2 || log === 10 ? log : undefined,
    }),
  };
}

function importHistogram(panel: JsonObject, _letters: readonly string[], notes: string[]): Plugin {
  notes.push('the spread of values is drawn as bars of the latest ones');
  return { kind: 'BarChart', spec: spec({ calculation: 'last-number', format: importFormat(panel) }) };
}

function importText(panel: JsonObject, _letters: readonly string[], notes: string[]): Plugin {
  const options = objectOf(panel['options']);
  const mode = textOf(options['mode']) ?? textOf(panel['mode']) ?? 'markdown';
  if (mode === 'html') notes.push('HTML is shown as text: only its plain parts, without scripts, frames and styles');
  const text = textOf(options['content']) ?? textOf(panel['content']) ?? '';
  return { kind: 'Markdown', spec: { text: mode === 'html' ? plainOf(text) : text } };
}

/** What HTML says, with links and headings as Markdown. */
function plainOf(html: string): string {
  return html
    .replace(/<(script|style)\b[\s\S]*?<\/\1>/gi, '')
    .replace(/<a\b[^>]*href="([^"]*)"[^>]*>([\s\S]*?)<\/a>/gi, '[$2]($1)')
    .replace(/<h([1-6])[^>]*>/gi, (_tag, level: string) => `\n${'#'.repeat(Number(level))} `)
    .replace(/<li[^>]*>/gi, '\n- ')
    .replace(/<\/?(p|div|br|h[1-6]|tr|table|ul|ol)\b[^>]*>/gi, '\n')
    .replace(/<[^>]*>/g, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

function importStatusHistory(panel: JsonObject): Plugin {
  const mappings = importMappings(panel);
  return {
    kind: 'StatusHistoryChart',
    spec: spec({
      legend: importLegend(panel),
      mappings: mappings.length > 0 ? mappings : undefined,
      thresholds: importThresholds(panel),
      format: importFormat(panel),
    }),
  };
}

function importPolystat(panel: JsonObject, letters: readonly string[], notes: string[]): Plugin {
  notes.push('hexagons are drawn as numbers');
  return importStat(panel, letters, notes);
}

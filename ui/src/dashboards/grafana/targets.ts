import type { Query } from '../model/dashboard';
import { arrayOf, isObject, type JsonObject, objectOf, textOf } from '../model/json';
import { promQuery } from '../model/queries';

/** What is known of a dashboard's data sources: names under `__inputs` and variables that stand for one. */
export type Sources = ReadonlyMap<string, string>;

export function sourcesOf(dashboard: JsonObject): Sources {
  const sources = new Map<string, string>();
  for (const each of arrayOf(dashboard['__inputs'])) {
    const input = objectOf(each);
    const name = textOf(input['name']);
    const plugin = textOf(input['pluginId']);
    if (name && plugin) sources.set(name, plugin);
  }
  for (const each of arrayOf(objectOf(dashboard['templating'])['list'])) {
    const variable = objectOf(each);
    const name = textOf(variable['name']);
    const plugin = textOf(variable['query']);
    if (variable['type'] === 'datasource' && name && plugin) sources.set(name, plugin);
  }
  return sources;
}

/** Kinds of sources whose queries are PromQL. */
const promKinds = new Set([
  'prometheus',
  'grafana-amazonprometheus-datasource',
  'grafana-azureprometheus-datasource',
  'victoriametrics-datasource',
  'victoriametrics-metrics-datasource',
]);

/** The kind of a data source; undefined when the dashboard does not say, as with a bare name. */
function kindOf(source: unknown, sources: Sources): string | undefined {
  if (isObject(source)) {
    const type = textOf(source['type']);
    return type && type !== 'datasource' ? type : kindOf(source['uid'], sources);
  }
  const name = textOf(source);
  if (!name) return undefined;
  const variable = /^\$\{?(\w+)\}?$|^\[\[(\w+)\]\]$/.exec(name);
  if (variable) return sources.get(variable[1] ?? variable[2] ?? '');
  if (name === '-- Grafana --' || name === 'grafana') return 'grafana';
  if (name === '-- Dashboard --') return 'dashboard';
  return undefined;
}

/** The panel with its source's kind written out, where it was a name that only this file explains. */
export function withSourceKind(panel: JsonObject, sources: Sources): JsonObject {
  const source = panel['datasource'];
  const kind = kindOf(source, sources);
  if (kind === undefined || promKinds.has(kind) || typeof source !== 'string') return panel;
  return { ...panel, datasource: { type: kind, uid: source } };
}

export interface Targets {
  readonly queries: readonly Query[];
  /** Grafana's letter of each query, for what refers to one. */
  readonly letters: readonly string[];
  readonly notes: readonly string[];
  /** Why none of the panel's queries can be asked; undefined when one can, or there are none. */
  readonly foreign?: string;
}

/** A panel's queries. What is no PromQL is kept as it is, and told. */
export function importTargets(panel: JsonObject, sources: Sources): Targets {
  const queries: Query[] = [];
  const letters: string[] = [];
  const notes: string[] = [];
  const foreign = new Set<string>();
  let asked = 0;
  for (const each of arrayOf(panel['targets'])) {
    const target = objectOf(each);
    const letter = textOf(target['refId']) ?? String(letters.length + 1);
    const kind = kindOf(target['datasource'], sources) ?? kindOf(panel['datasource'], sources);
    const expr = textOf(target['expr']) ?? textOf(target['query']);
    const prom = kind === undefined ? textOf(target['expr']) !== undefined : promKinds.has(kind);
    if (!prom && (kind !== undefined || Object.keys(target).some((key) => !emptyTargetKeys.has(key)))) {
      const source = kind ?? 'another system';
      foreign.add(source);
      notes.push(`query ${letter} asks ${source}: kept, not asked`);
      queries.push({
        kind: 'GrafanaQuery',
        spec: {
          plugin: {
            kind: 'GrafanaTarget',
            spec: kind === undefined ? target : { ...target, datasource: { type: kind } },
          },
        },
      });
      letters.push(letter);
      continue;
    }
    if (!expr?.trim()) continue;
    queries.push(importTarget(target, panel, expr));
    letters.push(letter);
    asked += 1;
    if (target['hide'] === true) notes.push(`query ${letter} is hidden, and stays so`);
  }
  return {
    queries,
    letters,
    notes,
    ...(asked === 0 && foreign.size > 0 ? { foreign: [...foreign].toSorted().join(', ') } : {}),
  };
}

const emptyTargetKeys = new Set([
  'refId',
  'datasource',
  'hide',
  'key',
  'intervalFactor',
  'format',
  'queryType',
  'expr',
]);

function importTarget(target: JsonObject, panel: JsonObject, expr: string): Query {
  const written = textOf(target['legendFormat']);
  const legend = written === '__auto' ? undefined : written;
  const minStep = textOf(target['interval']) || textOf(panel['interval']);
  const query = promQuery(expr, legend, minStep?.replace(/^>=?/, ''));
  const factor = target['intervalFactor'];
  const extra = {
    ...(typeof factor === 'number' && factor > 1 ? { resolution: factor } : {}),
    ...(target['hide'] === true ? { hidden: true } : {}),
    ...(target['format'] === 'heatmap' ? { format: 'heatmap' } : {}),
    ...(target['instant'] === true && target['range'] !== true ? { instant: true } : {}),
  };
  if (Object.keys(extra).length === 0) return query;
  const { plugin } = query.spec;
  return { ...query, spec: { plugin: { ...plugin, spec: { ...plugin.spec, ...extra } } } };
}

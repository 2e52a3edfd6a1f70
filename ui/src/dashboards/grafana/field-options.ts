import { arrayOf, type Json, type JsonObject, numberOf, objectOf, textOf } from '../model/json';
import { cssColour } from './colours';
import { persesUnit } from './units';

// What Grafana says of values: under fieldConfig since version 7, in panels' own members before.

type Draft = Record<string, Json | undefined>;

/** The panel's defaults: fieldConfig.defaults, with what older panels said elsewhere filled in. */
export function fieldDefaults(panel: JsonObject): JsonObject {
  const options = objectOf(panel['options']);
  const older = objectOf(objectOf(options['fieldOptions'])['defaults']);
  return { ...older, ...objectOf(objectOf(panel['fieldConfig'])['defaults']) };
}

export function importFormat(panel: JsonObject): JsonObject | undefined {
  const defaults = fieldDefaults(panel);
  const unit =
    textOf(defaults['unit']) ?? textOf(panel['format']) ?? textOf(objectOf(arrayOf(panel['yaxes'])[0])['format']);
  const decimals = numberOf(defaults['decimals']) ?? numberOf(panel['decimals']);
  if (unit === undefined && decimals === undefined) return undefined;
  return {
    ...(unit === undefined ? {} : { unit: persesUnit(unit) }),
    ...(decimals === undefined ? {} : { decimalPlaces: Math.max(0, Math.min(20, Math.round(decimals))) }),
  };
}

/** Thresholds of today's form, of singlestat ("80,90" with colours) and of graph. */
export function importThresholds(panel: JsonObject): JsonObject | undefined {
  const thresholds = objectOf(fieldDefaults(panel)['thresholds']);
  const steps = arrayOf(thresholds['steps']).map(objectOf);
  if (steps.length > 0) return fromSteps(steps, thresholds['mode'] === 'percentage');
  if (typeof panel['thresholds'] === 'string') return fromPair(panel['thresholds'], arrayOf(panel['colors']));
  return fromGraph(arrayOf(panel['thresholds']).map(objectOf));
}

function fromSteps(steps: readonly JsonObject[], percent: boolean): JsonObject | undefined {
  const base = steps.find((step) => numberOf(step['value']) === undefined);
  const above = steps.flatMap((step): JsonObject[] => {
    const value = numberOf(step['value']);
    const color = cssColour(step['color']);
    return value === undefined ? [] : [{ value, ...(color ? { color } : {}) }];
  });
  const color = cssColour(base?.['color']);
  if (above.length === 0 && !color) return undefined;
  return { ...(percent ? { mode: 'percent' } : {}), ...(color ? { defaultColor: color } : {}), steps: above };
}

function fromPair(text: string, colours: readonly Json[]): JsonObject | undefined {
  const steps = text.split(',').flatMap((each, index): JsonObject[] => {
    const value = numberOf(each);
    const color = cssColour(colours[index + 1]);
    return value === undefined ? [] : [{ value, ...(color ? { color } : {}) }];
  });
  if (steps.length === 0) return undefined;
  const base = cssColour(colours[0]);
  return { ...(base ? { defaultColor: base } : {}), steps };
}

function fromGraph(list: readonly JsonObject[]): JsonObject | undefined {
  const steps = list.flatMap((each): JsonObject[] => {
    const value = numberOf(each['value']);
    const color = cssColour(each['lineColor']) ?? (each['colorMode'] === 'warning' ? '#ff9830' : '#f2495c');
    return value === undefined ? [] : [{ value, color }];
  });
  return steps.length > 0 ? { steps } : undefined;
}

/** Texts for values, of both of Grafana's forms. */
export function importMappings(panel: JsonObject): readonly JsonObject[] {
  const current = arrayOf(fieldDefaults(panel)['mappings']).map(objectOf).flatMap(importMapping);
  if (current.length > 0) return current;
  const values = arrayOf(panel['valueMaps']).flatMap((each): JsonObject[] => {
    const map = objectOf(each);
    const text = textOf(map['text']);
    return text === undefined
      ? []
      : [{ kind: 'Value', spec: { value: String(map['value'] ?? ''), result: { value: text } } }];
  });
  const ranges = arrayOf(panel['rangeMaps']).flatMap((each): JsonObject[] => {
    const map = objectOf(each);
    const text = textOf(map['text']);
    return text === undefined ? [] : [rangeMapping(map, { value: text })];
  });
  return panel['mappingType'] === 2 ? ranges : values;
}

function importMapping(mapping: JsonObject): JsonObject[] {
  const options = objectOf(mapping['options']);
  switch (mapping['type']) {
    case 'value':
      return Object.entries(options).map(([value, result]) => ({
        kind: 'Value',
        spec: { value, result: resultOf(objectOf(result)) },
      }));
    case 'range':
      return [rangeMapping(options, resultOf(objectOf(options['result'])))];
    case 'special':
      return [
        {
          kind: 'Misc',
          spec: { value: String(options['match'] ?? ''), result: resultOf(objectOf(options['result'])) },
        },
      ];
    case 'regex':
      return [
        {
          kind: 'Regex',
          spec: { pattern: String(options['pattern'] ?? ''), result: resultOf(objectOf(options['result'])) },
        },
      ];
    // Version 7 numbered them.
    case 1:
      return [
        {
          kind: 'Value',
          spec: { value: String(mapping['value'] ?? ''), result: { value: String(mapping['text'] ?? '') } },
        },
      ];
    case 2:
      return [rangeMapping(mapping, { value: String(mapping['text'] ?? '') })];
    default:
      return [];
  }
}

function rangeMapping(from: JsonObject, result: JsonObject): JsonObject {
  const low = numberOf(from['from']);
  const high = numberOf(from['to']);
  return {
    kind: 'Range',
    spec: { ...(low === undefined ? {} : { from: low }), ...(high === undefined ? {} : { to: high }), result },
  };
}

function resultOf(result: JsonObject): JsonObject {
  const color = cssColour(result['color']);
  return { value: textOf(result['text']) ?? '', ...(color ? { color } : {}) };
}

const calculations: Readonly<Record<string, string>> = {
  lastNotNull: 'last-number',
  last: 'last',
  current: 'last-number',
  first: 'first',
  firstNotNull: 'first-number',
  mean: 'mean',
  avg: 'mean',
  min: 'min',
  max: 'max',
  sum: 'sum',
  total: 'sum',
  range: 'range',
  delta: 'delta',
  diff: 'delta',
  count: 'count',
};

/** How a value is made of a series; a note when ours does not know Grafana's. */
export function importCalculation(panel: JsonObject, notes: string[]): string {
  const options = objectOf(panel['options']);
  const calcs = arrayOf(objectOf(options['reduceOptions'])['calcs']);
  const older = arrayOf(objectOf(options['fieldOptions'])['calcs']);
  const name = textOf(calcs[0]) ?? textOf(older[0]) ?? textOf(panel['valueName']) ?? 'lastNotNull';
  const known = calculations[name];
  if (known === undefined) notes.push(`the calculation "${name}" is not known: the last value is shown`);
  return known ?? 'last-number';
}

/** Legends of today's form and of graph; null for none. */
export function importLegend(panel: JsonObject): JsonObject | undefined {
  const options = objectOf(objectOf(panel['options'])['legend']);
  if (Object.keys(options).length > 0) {
    if (options['showLegend'] === false || options['displayMode'] === 'hidden') return undefined;
    return legend(
      options['displayMode'] === 'table',
      options['placement'] === 'right',
      arrayOf(options['calcs']).map(textOf),
    );
  }
  const older = objectOf(panel['legend']);
  if (older['show'] === false) return undefined;
  const values = ['current', 'min', 'max', 'avg', 'total'].filter(
    (key) => older[key] === true && older['values'] !== false,
  );
  return legend(older['alignAsTable'] === true, older['rightSide'] === true, values);
}

function legend(table: boolean, right: boolean, calcs: readonly (string | undefined)[]): JsonObject {
  const values = calcs.flatMap((calc) => calculations[calc ?? ''] ?? []).map((name) => name.replace('-number', ''));
  return {
    mode: table || values.length > 0 ? 'table' : 'list',
    position: right ? 'right' : 'bottom',
    ...(values.length > 0 ? { values: [...new Set(values)] } : {}),
  };
}

/** Overrides for series by name, pattern or query; what has no counterpart is noted. */
export function importOverrides(panel: JsonObject, letters: readonly string[], notes: string[]): Overrides {
  const overrides: JsonObject[] = [];
  const querySettings: JsonObject[] = [];
  const columns: JsonObject[] = [];
  const unit = importFormat(panel)?.['unit'];
  for (const each of arrayOf(objectOf(panel['fieldConfig'])['overrides'])) {
    const override = objectOf(each);
    const matcher = objectOf(override['matcher']);
    const of = String(matcher['options'] ?? '');
    const { set, column, lost, placed } = propertiesOf(arrayOf(override['properties']).map(objectOf));
    // Grafana gives a unit of its own an axis of its own where nobody said which.
    if (set['unit'] !== undefined && set['unit'] !== unit && !placed && axisTypes.has(String(panel['type'])))
      set['axis'] = 'right';
    if (lost.length > 0) notes.push(`override of ${of || String(matcher['id'] ?? '?')}: ${lost.join(', ')} left out`);
    if (matcher['id'] === 'byName') {
      if (Object.keys(set).length > 0) overrides.push({ match: of, pattern: false, ...set });
      if (Object.keys(column).length > 0) columns.push({ name: of, ...column });
    } else if (matcher['id'] === 'byRegexp') {
      if (Object.keys(set).length > 0) overrides.push({ match: bare(of), pattern: true, ...set });
    } else if (matcher['id'] === 'byFrameRefID' && letters.includes(of)) {
      const setting: Draft = {
        ...(set['color'] === undefined ? {} : { colorMode: 'fixed', colorValue: set['color'] }),
        ...(set['unit'] === undefined ? {} : { format: { unit: set['unit'] } }),
        ...(set['axis'] === undefined ? {} : { axis: set['axis'] }),
        ...(set['negate'] === true ? { negate: true } : {}),
      };
      if (Object.keys(setting).length > 0) querySettings.push({ queryIndex: letters.indexOf(of), ...setting });
    } else if (Object.keys(set).length > 0) {
      notes.push(`an override by ${String(matcher['id'] ?? 'nothing')} is left out`);
    }
  }
  for (const each of arrayOf(panel['seriesOverrides'])) {
    const older = objectOf(each);
    const alias = textOf(older['alias']);
    if (!alias) continue;
    const color = cssColour(older['color']);
    const second = textOf(objectOf(arrayOf(panel['yaxes'])[1])['format']);
    const set: Draft = {
      ...(color ? { color } : {}),
      ...(older['yaxis'] === 2 ? { axis: 'right', ...(second ? { unit: persesUnit(second) } : {}) } : {}),
      ...(older['transform'] === 'negative-Y' ? { negate: true } : {}),
    };
    if (Object.keys(set).length > 0) overrides.push({ match: bare(alias), pattern: alias !== bare(alias), ...set });
  }
  for (const [label, colour] of Object.entries(objectOf(panel['aliasColors']))) {
    const color = cssColour(colour);
    if (color) overrides.push({ match: label, pattern: false, color });
  }
  return { overrides, querySettings, columns };
}

export interface Overrides {
  readonly overrides: readonly JsonObject[];
  readonly querySettings: readonly JsonObject[];
  readonly columns: readonly JsonObject[];
}

/** Panels that have axes. */
const axisTypes: ReadonlySet<string> = new Set(['timeseries', 'graph', 'trend']);

interface Properties {
  readonly set: Draft;
  readonly column: Draft;
  readonly lost: string[];
  /** The axis is said. */
  readonly placed: boolean;
}

function propertiesOf(properties: readonly JsonObject[]): Properties {
  let placed = false;
  const set: Draft = {};
  const column: Draft = {};
  const lost: string[] = [];
  for (const { id, value } of properties) {
    switch (id) {
      case 'color': {
        const color = cssColour(objectOf(value)['fixedColor']);
        if (color) set['color'] = color;
        break;
      }
      case 'unit':
        set['unit'] = persesUnit(String(value ?? ''));
        column['format'] = { ...objectOf(column['format']), unit: persesUnit(String(value ?? '')) };
        break;
      case 'decimals':
        column['format'] = { ...objectOf(column['format']), decimalPlaces: numberOf(value) };
        break;
      case 'displayName':
        set['label'] = String(value ?? '');
        column['header'] = String(value ?? '');
        break;
      case 'custom.transform':
        if (value === 'negative-Y') set['negate'] = true;
        break;
      case 'custom.axisPlacement':
        if (value === 'hidden') lost.push(`${id} hidden`);
        placed = value !== 'auto';
        if (value === 'right') set['axis'] = 'right';
        break;
      case 'custom.width':
        column['width'] = numberOf(value);
        break;
      case 'custom.hidden':
        if (value === true) column['hide'] = true;
        break;
      case 'custom.hideFrom':
        if (objectOf(value)['viz'] === true) set['hidden'] = true;
        break;
      case 'custom.align':
        if (value === 'left' || value === 'right' || value === 'center') column['align'] = value;
        break;
      default:
        lost.push(String(id ?? '?'));
    }
  }
  return { set, column, lost, placed };
}

/** `/eu/` without its slashes. */
function bare(pattern: string): string {
  return /^\/([\s\S]*)\/[a-z]*$/.exec(pattern)?.[1] ?? pattern;
}

import { allValue, type Variable } from '../model/dashboard';
import { arrayOf, type JsonObject, objectOf, textOf } from '../model/json';
import { parseVariableQuery } from '../variables/grafana-query';
import type { ImportNote } from './report';

const sorts = [
  'none',
  'alphabetical-asc',
  'alphabetical-desc',
  'numerical-asc',
  'numerical-desc',
  'alphabetical-ci-asc',
  'alphabetical-ci-desc',
  'alphabetical-asc',
  'alphabetical-desc',
];

/** The dashboard's variables. Those with nothing to choose here (data sources, ad-hoc filters) are told of instead. */
export function importVariables(list: readonly unknown[], notes: ImportNote[]): readonly Variable[] {
  const variables: Variable[] = [];
  for (const each of list) {
    const variable = objectOf(each);
    const name = textOf(variable['name']) ?? '';
    const note = (message: string) => void notes.push({ about: `variable ${name || '?'}`, message });
    if (!/^[a-zA-Z_]\w*$/.test(name)) {
      note('left out: its name is not made of letters, digits and _');
      continue;
    }
    if (variables.some((known) => known.spec.name === name)) {
      note('left out: another one has this name');
      continue;
    }
    const imported = importVariable(variable, name, note);
    if (imported) variables.push(imported);
  }
  return variables;
}

function importVariable(variable: JsonObject, name: string, note: (message: string) => void): Variable | null {
  const label = textOf(variable['label']);
  const description = textOf(variable['description']);
  // hide: 1 leaves the label out, 2 the whole control.
  const hidden = variable['hide'] === 2 || variable['hide'] === 'hideVariable';
  const display = {
    name: label || name,
    ...(description ? { description } : {}),
    ...(hidden ? { hidden: true } : {}),
  };
  const current = currentOf(variable);
  switch (variable['type']) {
    case 'query':
      return importQueryVariable(variable, name, display, note);
    case 'custom':
    case 'interval':
      return importListed(variable, name, display, note);
    case 'constant':
      return {
        kind: 'TextVariable',
        spec: {
          name,
          display: { ...display, hidden: true },
          value: textOf(variable['query']) ?? current[0] ?? '',
          constant: true,
        },
      };
    case 'textbox':
      return { kind: 'TextVariable', spec: { name, display, value: current[0] ?? textOf(variable['query']) ?? '' } };
    case 'datasource':
      note('left out: all queries ask this server');
      return null;
    case 'adhoc':
      note('left out: the filters above every page take its place');
      return null;
    default:
      note(`left out: variables of type "${String(variable['type'])}" are not known`);
      return null;
  }
}

/** The chosen values as the file has them. */
function currentOf(variable: JsonObject): readonly string[] {
  const value = objectOf(variable['current'])['value'];
  if (Array.isArray(value)) return value.map(String);
  return value === undefined || value === null ? [] : [String(value)];
}

function listSpec(variable: JsonObject, name: string, display: object) {
  const multi = variable['multi'] === true;
  const all = variable['includeAll'] === true;
  const custom = textOf(variable['allValue']);
  const current = currentOf(variable).filter((value) => value !== '');
  const chosen = current.includes(allValue) || (all && current.includes('All')) ? [allValue] : current;
  return {
    name,
    display,
    allowMultiple: multi,
    allowAllValue: all,
    ...(custom ? { customAllValue: custom } : {}),
    ...(chosen.length > 0 ? { defaultValue: multi ? chosen : (chosen[0] ?? '') } : {}),
  };
}

function importQueryVariable(
  variable: JsonObject,
  name: string,
  display: object,
  note: (message: string) => void,
): Variable | null {
  const written = variable['query'];
  const text = textOf(written) ?? textOf(objectOf(written)['query']) ?? textOf(variable['definition']) ?? '';
  const query = parseVariableQuery(text);
  if (!query) {
    note('left out: its query is empty or asks another system');
    return null;
  }
  const regex = textOf(variable['regex']);
  const spec = {
    ...listSpec(variable, name, display),
    ...(regex ? { capturingRegexp: regex } : {}),
    sort: sorts[Number(variable['sort'] ?? 0)] ?? 'none',
  };
  switch (query.kind) {
    case 'label-values': {
      const matchers = query.matcher === undefined ? [] : [query.matcher];
      return {
        kind: 'ListVariable',
        spec: {
          ...spec,
          plugin: { kind: 'PrometheusLabelValuesVariable', spec: { labelName: query.label, matchers } },
        },
      };
    }
    case 'label-names': {
      const matchers = query.matcher === undefined ? [] : [query.matcher];
      return {
        kind: 'ListVariable',
        spec: { ...spec, plugin: { kind: 'PrometheusLabelNamesVariable', spec: { matchers } } },
      };
    }
    case 'metrics': {
      const matchers = [`{__name__=~${JSON.stringify(`.*(${query.pattern}).*`)}}`];
      return {
        kind: 'ListVariable',
        spec: { ...spec, plugin: { kind: 'PrometheusLabelValuesVariable', spec: { labelName: '__name__', matchers } } },
      };
    }
    case 'promql':
      return {
        kind: 'ListVariable',
        spec: { ...spec, plugin: { kind: 'PrometheusPromQLVariable', spec: { expr: query.expr } } },
      };
  }
}

/** Custom lists and intervals: `1,2` or `one : 1, two : 2`; commas behind a backslash belong to a value. */
function importListed(variable: JsonObject, name: string, display: object, note: (message: string) => void): Variable {
  const text = textOf(variable['query']) ?? '';
  const interval = variable['type'] === 'interval';
  const written = text.split(/(?<!\\),/).map((each) => each.replaceAll('\\,', ',').trim());
  const fromQuery = written.filter((each) => each !== '' && each !== 'auto');
  const options =
    fromQuery.length > 0
      ? fromQuery
      : arrayOf(variable['options']).flatMap((each) => textOf(objectOf(each)['value']) ?? []);
  const values = options
    .filter((each) => each !== allValue)
    .map((each) => {
      const pair = interval ? null : /^(.+?)\s:\s(.+)$/.exec(each);
      return pair ? { label: pair[1] ?? '', value: pair[2] ?? '' } : each;
    });
  const auto = interval && (variable['auto'] === true || written.includes('auto'));
  if (auto) note('auto is the step of each panel');
  const list = auto ? [{ label: 'auto', value: '$__interval' }, ...values] : values;
  const spec = listSpec(variable, name, display);
  const autoChosen = auto && typeof spec.defaultValue === 'string' && /auto/.test(spec.defaultValue);
  return {
    kind: 'ListVariable',
    spec: {
      ...spec,
      ...(autoChosen ? { defaultValue: '$__interval' } : {}),
      plugin: { kind: 'StaticListVariable', spec: { values: list } },
    },
  };
}

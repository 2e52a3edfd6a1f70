import { allValue, type Variable } from '../model/dashboard';
import { arrayOf, isObject, objectOf, textOf } from '../model/json';
import { referencedNames } from './interpolate';

/** One value that can be chosen. */
export interface Option {
  readonly value: string;
  readonly label: string;
}

/** Where the values of a list variable come from. */
export type Source =
  | { readonly kind: 'label-values'; readonly label: string; readonly matchers: readonly string[] }
  | { readonly kind: 'label-names'; readonly matchers: readonly string[] }
  | { readonly kind: 'promql'; readonly expr: string; readonly label?: string }
  | { readonly kind: 'static'; readonly options: readonly Option[] }
  | { readonly kind: 'unknown'; readonly plugin: string };

export function sourceOf(variable: Variable): Source {
  if (variable.kind === 'TextVariable') {
    return { kind: 'static', options: [{ value: variable.spec.value, label: variable.spec.value }] };
  }
  const { kind, spec } = variable.spec.plugin;
  const matchers = arrayOf(spec['matchers']).flatMap((each) => textOf(each) ?? []);
  switch (kind) {
    case 'PrometheusLabelValuesVariable':
      return { kind: 'label-values', label: textOf(spec['labelName']) ?? '', matchers };
    case 'PrometheusLabelNamesVariable':
      return { kind: 'label-names', matchers };
    case 'PrometheusPromQLVariable': {
      const label = textOf(spec['labelName']);
      return { kind: 'promql', expr: textOf(spec['expr']) ?? '', ...(label ? { label } : {}) };
    }
    case 'StaticListVariable':
      return { kind: 'static', options: arrayOf(spec['values']).flatMap(optionOf) };
    default:
      return { kind: 'unknown', plugin: kind };
  }
}

function optionOf(value: unknown): Option[] {
  if (typeof value === 'string') return [{ value, label: value }];
  if (!isObject(value)) return [];
  const own = textOf(value['value']);
  return own === undefined ? [] : [{ value: own, label: textOf(value['label']) ?? own }];
}

/** Other variables that this one's values depend on. */
export function dependenciesOf(variable: Variable): readonly string[] {
  if (variable.kind === 'TextVariable') return [];
  return [...new Set(textsOf(objectOf(variable.spec.plugin.spec)).flatMap(referencedNames))];
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}

/** What is chosen before anyone chose: as the dashboard says; empty when it does not. */
export function defaultsOf(variable: Variable): readonly string[] {
  if (variable.kind === 'TextVariable') return [variable.spec.value];
  const { defaultValue } = variable.spec;
  if (defaultValue === undefined) return [];
  return typeof defaultValue === 'string' ? [defaultValue] : defaultValue;
}

export function isAll(chosen: readonly string[]): boolean {
  return chosen.includes(allValue);
}

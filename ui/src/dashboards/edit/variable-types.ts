import { parseDuration } from '../../core/durations';
import { type ListVariable, type Plugin, type TextVariable, type Variable } from '../model/dashboard';
import { type Json, type JsonObject, textOf } from '../model/json';
import { type Option, sourceOf } from '../variables/definition';

/** What a person chooses a variable to be. `other` is of a kind that only its JSON knows. */
export type VariableType =
  'label-values' | 'label-names' | 'promql' | 'list' | 'interval' | 'text' | 'constant' | 'other';

export const variableTypes: readonly { readonly value: VariableType; readonly label: string }[] = [
  { value: 'label-values', label: 'Values of a label' },
  { value: 'promql', label: 'A query' },
  { value: 'label-names', label: 'Names of labels' },
  { value: 'list', label: 'A list' },
  { value: 'interval', label: 'Intervals' },
  { value: 'text', label: 'A text' },
  { value: 'constant', label: 'A constant' },
];

/** The value of an interval variable that is each panel's step. */
export const autoInterval = '$__interval';

export function typeOf(variable: Variable): VariableType {
  if (variable.kind === 'TextVariable') return variable.spec.constant ? 'constant' : 'text';
  const source = sourceOf(variable);
  if (source.kind === 'unknown') return 'other';
  if (source.kind !== 'static') return source.kind;
  const values = source.options.map(({ value }) => value);
  return values.length > 0 && values.every(isInterval) ? 'interval' : 'list';
}

export function isInterval(value: string): boolean {
  return value === autoInterval || parseDuration(value) !== null;
}

/** A new variable with a name that none of `taken` has. */
export function newVariable(taken: readonly string[]): Variable {
  let name = 'variable';
  for (let i = 2; taken.includes(name); i += 1) name = `variable${i}`;
  return listOf({ name }, pluginFor('label-values'));
}

function listOf(spec: Omit<ListVariable['spec'], 'plugin'>, plugin: Plugin): ListVariable {
  return { kind: 'ListVariable', spec: { ...spec, plugin } };
}

function pluginFor(type: VariableType): Plugin {
  switch (type) {
    case 'label-names':
      return { kind: 'PrometheusLabelNamesVariable', spec: { matchers: [] } };
    case 'promql':
      return { kind: 'PrometheusPromQLVariable', spec: { expr: '' } };
    case 'list':
      return { kind: 'StaticListVariable', spec: { values: [] } };
    case 'interval':
      return { kind: 'StaticListVariable', spec: { values: [autoInterval, '1m', '5m', '1h'].map(optionWritten) } };
    default:
      return { kind: 'PrometheusLabelValuesVariable', spec: { labelName: '', matchers: [] } };
  }
}

function optionWritten(value: string): Json {
  return value === autoInterval ? { label: 'auto', value } : value;
}

/** The variable as another type: its name, what it is called and how it is chosen from stay; its source begins anew. */
export function withType(variable: Variable, type: VariableType): Variable {
  if (type === typeOf(variable) || type === 'other') return variable;
  const { name, display } = variable.spec;
  const shown = display === undefined ? {} : { display };
  if (type === 'text' || type === 'constant') {
    const value = variable.kind === 'TextVariable' ? variable.spec.value : '';
    const spec: TextVariable['spec'] = { name, ...shown, value };
    return { kind: 'TextVariable', spec: type === 'constant' ? { ...spec, constant: true } : spec };
  }
  if (variable.kind === 'TextVariable') return listOf({ name, ...shown }, pluginFor(type));
  const { defaultValue: _of, capturingRegexp: _for, plugin: _before, ...kept } = variable.spec;
  return listOf(kept, pluginFor(type));
}

/** The list variable with other members of its plugin; members nobody here knows stay. Undefined takes one out. */
export function withSource(variable: ListVariable, members: JsonObject): ListVariable {
  const { plugin } = variable.spec;
  const spec = Object.fromEntries(
    Object.entries({ ...plugin.spec, ...members }).filter(([, value]) => value !== undefined),
  );
  return { ...variable, spec: { ...variable.spec, plugin: { ...plugin, spec } } };
}

/** A list of values as text, a line each: `eu`, or `Europe : eu` where it is called otherwise. */
export function optionsText(options: readonly Option[]): string {
  return options.map(({ value, label }) => (label === value ? value : `${label} : ${value}`)).join('\n');
}

/** What `optionsText` wrote, as the document has it; empty lines are none. */
export function optionsWritten(text: string): readonly Json[] {
  return linesOf(text).map((line) => {
    const pair = /^(.+?)\s+:\s+(.+)$/.exec(line);
    return pair === null ? optionWritten(line) : { label: pair[1]!, value: pair[2]! };
  });
}

/** Lines that have something in them, without spaces around. */
export function linesOf(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** A default that a field shows as text, values apart by commas. */
export function defaultText(variable: ListVariable): string {
  const { defaultValue } = variable.spec;
  return typeof defaultValue === 'string' ? defaultValue : (defaultValue ?? []).join(', ');
}

/** The list variable with what is chosen at first; nothing for an empty text. */
export function withDefault(variable: ListVariable, text: string): ListVariable {
  const { defaultValue: _before, ...spec } = variable.spec;
  const values = text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  if (values.length === 0) return { ...variable, spec };
  return { ...variable, spec: { ...spec, defaultValue: spec.allowMultiple ? values : values[0]! } };
}

export function labelNameOf(variable: ListVariable): string {
  return textOf(variable.spec.plugin.spec['labelName']) ?? '';
}

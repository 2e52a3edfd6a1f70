import { allValue, type Dashboard, type Variable } from '../model/dashboard';
import { defaultsOf, dependenciesOf, isAll, type Option, type Source, sourceOf } from './definition';
import { interpolate, regexEscape, type VariableValue, type VariableValues } from './interpolate';
import { offered } from './options';

/** Asks a server for what variables list. */
export interface VariableServer {
  labelValues(label: string, matchers: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
  labelNames(matchers: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
  /** The series of an instant query, with the text of each value. */
  instant(
    expr: string,
    signal: AbortSignal,
  ): Promise<readonly { labels: Readonly<Record<string, string>>; value: string }[]>;
}

/** What a variable offers and what of it is chosen. */
export interface ResolvedVariable {
  readonly variable: Variable;
  readonly options: readonly Option[];
  /** `$__all` alone when all is chosen. */
  readonly chosen: readonly string[];
  readonly value: VariableValue;
  /** Why its values could not be had; what was chosen before is used then. */
  readonly problem?: string;
}

/** Chosen values by variable, as an address has them. */
export type Choices = Readonly<Record<string, readonly string[]>>;

/**
 * Resolves all variables, each after those that it depends on; independent ones are asked at the same time. Panels wait for
 * the promise, so that no query runs with half of the variables. `given` are values for built-in names (`__range`).
 * Variables in a circle get what was chosen, and say so.
 */
export async function resolveVariables(
  dashboard: Dashboard,
  choices: Choices,
  given: VariableValues,
  server: VariableServer,
  signal: AbortSignal,
): Promise<readonly ResolvedVariable[]> {
  const variables = dashboard.spec.variables ?? [];
  const done = new Map<string, ResolvedVariable>();
  let waiting = [...variables];
  while (waiting.length > 0) {
    const names = new Set(waiting.map((each) => each.spec.name));
    const ready = waiting.filter(
      (each) => !dependenciesOf(each).some((name) => name !== each.spec.name && names.has(name)),
    );
    const circle = ready.length === 0;
    const values = { ...given, ...valuesOf([...done.values()]) };
    // oxlint-disable-next-line no-await-in-loop -- the next round depends on this one.
    const round = await Promise.all(
      (circle ? waiting : ready).map((each) =>
        circle
          ? chosenOf(each, [], choices[each.spec.name], 'depends on itself through other variables')
          : resolveOne(each, choices[each.spec.name], values, server, signal),
      ),
    );
    for (const each of round) done.set(each.variable.spec.name, each);
    waiting = waiting.filter((each) => !done.has(each.spec.name));
  }
  return variables.flatMap((each) => done.get(each.spec.name) ?? []);
}

export function valuesOf(resolved: readonly ResolvedVariable[]): VariableValues {
  return Object.fromEntries(resolved.map((each) => [each.variable.spec.name, each.value]));
}

async function resolveOne(
  variable: Variable,
  choice: readonly string[] | undefined,
  values: VariableValues,
  server: VariableServer,
  signal: AbortSignal,
): Promise<ResolvedVariable> {
  if (variable.kind === 'TextVariable') {
    const text = variable.spec.constant ? variable.spec.value : (choice?.[0] ?? variable.spec.value);
    return { variable, options: [], chosen: [text], value: { values: [text], multi: false } };
  }
  try {
    const listed = await listedBy(sourceOf(variable), values, server, signal);
    return chosenOf(variable, offered(variable.spec, listed), choice);
  } catch (error) {
    if (signal.aborted) throw error;
    return chosenOf(variable, [], choice, error instanceof Error ? error.message : String(error));
  }
}

async function listedBy(
  source: Source,
  values: VariableValues,
  server: VariableServer,
  signal: AbortSignal,
): Promise<readonly Option[]> {
  const filled = (text: string) => interpolate(text, values, 'query');
  switch (source.kind) {
    case 'static':
      return source.options;
    case 'label-values':
      return asOptions(await server.labelValues(filled(source.label), source.matchers.map(filled), signal));
    case 'label-names':
      return asOptions(await server.labelNames(source.matchers.map(filled), signal));
    case 'promql': {
      const series = await server.instant(filled(source.expr), signal);
      const { label } = source;
      if (label === undefined) return asOptions(series.map(seriesText));
      return asOptions(series.flatMap((each) => each.labels[label] ?? []));
    }
    case 'unknown':
      throw new Error(`values of kind ${source.plugin} cannot be listed`);
  }
}

function asOptions(values: readonly string[]): readonly Option[] {
  return values.map((value) => ({ value, label: value }));
}

/** A series as Grafana's `query_result` lists it, for patterns that were written for that. */
function seriesText(series: { readonly labels: Readonly<Record<string, string>>; readonly value: string }): string {
  const { __name__: name = '', ...labels } = series.labels;
  const inside = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `${name}{${inside.join(',')}} ${series.value}`;
}

// All as an alternation of every value is exact. Past this length it would pass the server's bound of a query (16 KiB) with a few
// uses, and any value stands for all.
const alternationMax = 4_000;

/**
 * What is chosen of what is offered. Values that are no longer there are let go, unless nothing is offered at all: then the
 * server may be away, and the choice is kept.
 */
export function chosenOf(
  variable: Variable,
  options: readonly Option[],
  choice: readonly string[] | undefined,
  problem?: string,
): ResolvedVariable {
  if (variable.kind === 'TextVariable') throw new Error('a text variable has no options');
  const { spec } = variable;
  const known = new Set(options.map((option) => option.value));
  const allowed = (value: string) =>
    value === allValue ? spec.allowAllValue === true : known.size === 0 || known.has(value);
  const wanted = [choice ?? [], defaultsOf(variable)]
    .map((list) => list.filter(allowed))
    .find((list) => list.length > 0);
  const fallback = spec.allowAllValue ? [allValue] : options.slice(0, 1).map((option) => option.value);
  const some = wanted ?? fallback;
  const chosen = isAll(some) ? [allValue] : spec.allowMultiple ? some : some.slice(0, 1);
  const labels = Object.fromEntries(
    options.filter((each) => each.label !== each.value).map((each) => [each.value, each.label]),
  );
  const multi = spec.allowMultiple === true || spec.allowAllValue === true;
  const value: VariableValue = isAll(chosen)
    ? { values: options.map((option) => option.value), all: allText(variable, options), multi, labels }
    : { values: chosen, multi, labels };
  return { variable, options, chosen, value, ...(problem === undefined ? {} : { problem }) };
}

function allText(variable: Variable & { kind: 'ListVariable' }, options: readonly Option[]): string {
  const { customAllValue } = variable.spec;
  if (customAllValue) return customAllValue;
  const escaped = options.map((option) => regexEscape(option.value).replaceAll('\\', '\\\\').replaceAll('"', '\\"'));
  const length = escaped.reduce((sum, each) => sum + each.length + 1, 0);
  if (escaped.length === 0 || length > alternationMax) return '.+';
  return escaped.length === 1 ? (escaped[0] ?? '') : `(${escaped.join('|')})`;
}

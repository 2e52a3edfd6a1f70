import { type Variable } from '../model/dashboard';
import { textOf } from '../model/json';
import { builtins } from '../variables/builtins';
import { dependenciesOf, sourceOf } from '../variables/definition';
import { autoInterval, isInterval, labelNameOf } from './variable-types';

/** What is wrong with a variable, and the field it is said at. A warning does not keep it from being applied. */
export interface VariableProblem {
  readonly field: 'name' | 'label' | 'expr' | 'values' | 'regexp' | 'needs';
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

/** How a variable stands among the others. */
export interface VariablePlace {
  readonly name: string;
  /** Variables that must be known before it. */
  readonly needs: readonly string[];
  /** Names it uses that no variable has. */
  readonly missing: readonly string[];
  /** From 1: variables of one round are asked at the same time. Null for those in a circle. */
  readonly round: number | null;
}

const given = new Set(Object.keys(builtins({ from: 0, to: 1, step: 1, rateInterval: 1 })));

/** The order in which variables are resolved, by their places in the list. */
export function variablePlaces(variables: readonly Variable[]): readonly VariablePlace[] {
  const names = new Set(variables.map(({ spec }) => spec.name));
  const needs = variables.map((variable) => dependenciesOf(variable).filter((name) => name !== variable.spec.name));
  const rounds = new Map<string, number>();
  for (let round = 1; ; round += 1) {
    const ready = variables.filter(
      ({ spec }, i) =>
        !rounds.has(spec.name) && needs[i]!.every((name) => !names.has(name) || (rounds.get(name) ?? round) < round),
    );
    if (ready.length === 0) break;
    for (const { spec } of ready) rounds.set(spec.name, round);
  }
  return variables.map(({ spec }, i) => ({
    name: spec.name,
    needs: needs[i]!.filter((name) => names.has(name)),
    missing: needs[i]!.filter((name) => !names.has(name) && !given.has(name)),
    round: rounds.get(spec.name) ?? null,
  }));
}

/** A variable with all that it needs, and what those need, in the order of the list. */
export function withNeeded(variables: readonly Variable[], name: string): readonly Variable[] {
  const byName = new Map(variables.map((variable) => [variable.spec.name, variable]));
  const wanted = new Set<string>();
  const visit = (one: string): void => {
    const variable = byName.get(one);
    if (variable === undefined || wanted.has(one)) return;
    wanted.add(one);
    for (const needed of dependenciesOf(variable)) visit(needed);
  };
  visit(name);
  return variables.filter(({ spec }) => wanted.has(spec.name));
}

/** What is wrong with the variable at `index`. */
export function variableProblems(variables: readonly Variable[], index: number): readonly VariableProblem[] {
  const variable = variables[index]!;
  const place = variablePlaces(variables)[index]!;
  const error = (field: VariableProblem['field'], message: string): VariableProblem[] => [
    { field, severity: 'error', message },
  ];
  return [
    ...nameProblems(variables, index).flatMap((message) => error('name', message)),
    ...sourceProblems(variable),
    ...(place.round === null ? error('needs', 'It depends on itself through other variables.') : []),
    ...place.missing.map((name): VariableProblem => ({
      field: 'needs',
      severity: 'warning',
      message: `There is no variable ${name}: $${name} stays as it is written.`,
    })),
  ];
}

function nameProblems(variables: readonly Variable[], index: number): readonly string[] {
  const { name } = variables[index]!.spec;
  if (!/^[a-zA-Z_]\w*$/.test(name)) return ['Letters, digits and _; no digit first.'];
  if (name.startsWith('__')) return ['Names that begin with __ are built in.'];
  return variables.some(({ spec }, i) => i !== index && spec.name === name) ? ['Another variable has this name.'] : [];
}

function sourceProblems(variable: Variable): readonly VariableProblem[] {
  if (variable.kind === 'TextVariable') return [];
  const problems: VariableProblem[] = [];
  const add = (field: VariableProblem['field'], message: string) =>
    problems.push({ field, severity: 'error', message });
  const source = sourceOf(variable);
  const label = labelNameOf(variable);
  if (source.kind === 'label-values' && label === '') add('label', 'Which label?');
  if (source.kind === 'promql' && source.expr.trim() === '') add('expr', 'Which query?');
  if (source.kind === 'static') {
    const values = source.options.map(({ value }) => value);
    const odd = values.find((value) => !isInterval(value));
    if (values.length === 0) add('values', 'At least one value.');
    else if (odd !== undefined && values.includes(autoInterval)) add('values', `"${odd}" is no duration.`);
  }
  const regexp = textOf(variable.spec.capturingRegexp);
  if (regexp && !compiles(regexp)) add('regexp', 'Not a regular expression.');
  return problems;
}

function compiles(written: string): boolean {
  try {
    const slashed = /^\/(.*)\/[a-z]*$/s.exec(written);
    return Boolean(new RegExp(slashed?.[1] ?? written));
  } catch {
    return false;
  }
}

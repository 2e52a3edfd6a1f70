import type { ListVariable } from '../model/dashboard';
import type { Option } from './definition';

/** Past this many values a variable lists no more: nobody reads them, and the page would stall. */
export const optionsMax = 5_000;

/**
 * What can be chosen, from what the source gave: values that the pattern takes (its group `value`, `text`, or first group in
 * place of the whole), each once, sorted.
 */
export function offered(spec: ListVariable['spec'], from: readonly Option[]): readonly Option[] {
  const taken = spec.capturingRegexp ? capture(from, spec.capturingRegexp) : from;
  const once = new Map(taken.map((option) => [option.value, option]));
  return sorted([...once.values()], spec.sort ?? 'none').slice(0, optionsMax);
}

function capture(from: readonly Option[], written: string): readonly Option[] {
  const pattern = patternOf(written);
  return from.flatMap((option) => {
    const match = pattern.exec(option.value);
    pattern.lastIndex = 0;
    if (!match) return [];
    const value = match.groups?.['value'] ?? match[1] ?? match[0];
    const label = match.groups?.['text'] ?? match.groups?.['label'];
    return [{ value, label: label ?? (value === option.value ? option.label : value) }];
  });
}

/** A pattern as Grafana writes it, `/eu/i` or bare. Throws a SyntaxError when it is none. */
function patternOf(written: string): RegExp {
  const slashed = /^\/(.*)\/([a-z]*)$/s.exec(written);
  if (!slashed) return new RegExp(`^(?:${written})$`);
  return new RegExp(slashed[1] ?? '', (slashed[2] ?? '').replace(/[^ims]/g, ''));
}

function sorted(options: Option[], order: string): Option[] {
  const by = (compare: (a: string, b: string) => number) => options.toSorted((a, b) => compare(a.label, b.label));
  switch (order) {
    case 'alphabetical-asc':
      return by(codeOrder);
    case 'alphabetical-desc':
      return by((a, b) => codeOrder(b, a));
    case 'alphabetical-ci-asc':
      return by((a, b) => codeOrder(a.toLowerCase(), b.toLowerCase()));
    case 'alphabetical-ci-desc':
      return by((a, b) => codeOrder(b.toLowerCase(), a.toLowerCase()));
    case 'numerical-asc':
      return by((a, b) => numberIn(a) - numberIn(b));
    case 'numerical-desc':
      return by((a, b) => numberIn(b) - numberIn(a));
    default:
      return options;
  }
}

function codeOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The first number in a text; those without one come first. */
function numberIn(text: string): number {
  const digits = /-?\d+(\.\d+)?/.exec(text)?.[0];
  return digits === undefined ? -Infinity : Number(digits);
}

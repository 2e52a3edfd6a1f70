/** Values chosen of each label. A label without values is not there; several values of one label are alternatives. */
export type Filters = Readonly<Record<string, readonly string[]>>;

/** Labels the frame offers a choice of, from the widest to the narrowest: drilling down goes along them. */
export const FILTER_LABELS = ['region', 'mode', 'build', 'server'] as const;

/** The filters with the values of one label put in place of what was there; none takes the label out. */
export function withFilter(filters: Filters, label: string, values: readonly string[]): Filters {
  const { [label]: _, ...others } = filters;
  return values.length === 0 ? others : { ...others, [label]: [...values] };
}

/** A text as a PromQL string, quotes around it. */
export function promqlString(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

/** A text that as a regular expression matches just itself. */
export function regexQuoted(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** The filters as label matchers without braces: `mode=~"casual|ranked",region="eu"`; empty when nothing is chosen. */
export function matchers(filters: Filters): string {
  return Object.entries(filters)
    .filter(([, values]) => values.length > 0)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, values]) =>
      values.length === 1
        ? `${label}=${promqlString(values[0]!)}`
        : `${label}=~${promqlString(values.map(regexQuoted).join('|'))}`,
    )
    .join(',');
}

/** What fills the placeholders of an expression of `schema/slis`. */
export interface Placeholders {
  /** Becomes `$filter`. */
  readonly filters: Filters;
  /** Becomes `$window`: `1m`. */
  readonly window: string;
  /** Becomes `$by`: labels of an aggregation, `region, mode`; may be empty. */
  readonly by: readonly string[];
}

/** `list` in the place of `$name`; an empty one takes a comma beside it along, as PromQL allows none that separates nothing. */
function fillList(expression: string, name: string, list: string): string {
  if (list !== '') return expression.replaceAll(new RegExp(`\\$${name}\\b`, 'g'), () => list);
  return expression
    .replaceAll(new RegExp(`\\$${name}\\s*,\\s*`, 'g'), '')
    .replaceAll(new RegExp(`(\\s*,\\s*)?\\$${name}\\b`, 'g'), '');
}

/** The expression with its placeholders filled. */
export function fillExpression(expression: string, fill: Placeholders): string {
  const windowed = expression.replaceAll(/\$window\b/g, () => fill.window);
  // What was filled in is not looked through again: a value may look like a placeholder.
  return fillList(fillList(windowed, 'by', fill.by.join(', ')), 'filter', matchers(fill.filters));
}

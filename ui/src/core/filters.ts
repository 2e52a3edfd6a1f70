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

/**
 * The expression with its placeholders filled. A comma that nothing stands before is taken out with an empty `$filter`:
 * PromQL allows one at the end of matchers only.
 */
export function fillExpression(expression: string, fill: Placeholders): string {
  const filter = matchers(fill.filters);
  const filled =
    filter === ''
      ? expression.replaceAll(/\$filter\s*,\s*/g, '').replaceAll(/,?\s*\$filter\b/g, '')
      : expression.replaceAll(/\$filter\b/g, () => filter);
  return filled.replaceAll(/\$window\b/g, () => fill.window).replaceAll(/\$by\b/g, () => fill.by.join(', '));
}

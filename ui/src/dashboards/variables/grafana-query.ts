// The little language of Grafana's query variables: label_names(), label_values([metric,] label), metrics(pattern),
// query_result(expr), or an expression by itself.

export type VariableQuery =
  | { readonly kind: 'label-names'; readonly matcher?: string }
  | { readonly kind: 'label-values'; readonly label: string; readonly matcher?: string }
  | { readonly kind: 'metrics'; readonly pattern: string }
  | { readonly kind: 'promql'; readonly expr: string };

/** Reads one; null when it is empty. */
export function parseVariableQuery(text: string): VariableQuery | null {
  const query = text.trim();
  if (query === '') return null;
  const call = /^(label_names|label_values|metrics|query_result)\s*\(([\s\S]*)\)$/.exec(query);
  const inside = call?.[2]?.trim() ?? '';
  switch (call?.[1]) {
    case 'label_names':
      return inside === '' ? { kind: 'label-names' } : { kind: 'label-names', matcher: inside };
    case 'label_values': {
      // The label is behind the last comma; the selector before it may have commas of its own.
      const comma = inside.lastIndexOf(',');
      const label = inside.slice(comma + 1).trim();
      const matcher = comma < 0 ? '' : inside.slice(0, comma).trim();
      return matcher === '' ? { kind: 'label-values', label } : { kind: 'label-values', label, matcher };
    }
    case 'metrics':
      return { kind: 'metrics', pattern: inside };
    case 'query_result':
      return { kind: 'promql', expr: inside };
    default:
      return { kind: 'promql', expr: query };
  }
}

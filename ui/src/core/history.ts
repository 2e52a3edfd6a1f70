/** A query that was run. */
export interface PastQuery {
  readonly expr: string;
  /** When last, ms since the epoch. */
  readonly at: number;
  readonly times: number;
}

/** Queries that are remembered. */
export const HISTORY_MAX = 200;

/** `past` with `exprs` run at `at`: each once, the latest first. Empty texts are nothing. */
export function withRun(past: readonly PastQuery[], exprs: readonly string[], at: number): PastQuery[] {
  const run = [...new Set(exprs.map((expr) => expr.trim()))].filter((expr) => expr !== '');
  const before = new Map(past.map((one) => [one.expr, one]));
  const fresh = run.map((expr) => ({ expr, at, times: (before.get(expr)?.times ?? 0) + 1 }));
  return [...fresh, ...past.filter(({ expr }) => !run.includes(expr))].slice(0, HISTORY_MAX);
}

/** Those in which every word of `text` occurs, in their order. */
export function searchHistory(past: readonly PastQuery[], text: string): PastQuery[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return past.filter(({ expr }) => words.every((word) => expr.toLowerCase().includes(word)));
}

/** Reads what `JSON.stringify` wrote; anything else is an empty history. */
export function readHistory(text: string | null): PastQuery[] {
  try {
    const read: unknown = JSON.parse(text ?? '[]');
    if (!Array.isArray(read)) return [];
    return read
      .filter(
        (one): one is PastQuery =>
          typeof one === 'object' &&
          one !== null &&
          typeof one.expr === 'string' &&
          typeof one.at === 'number' &&
          typeof one.times === 'number',
      )
      .slice(0, HISTORY_MAX);
  } catch {
    return [];
  }
}

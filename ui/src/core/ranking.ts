/**
 * How well `text` answers `typed`: 0 not at all, more is better. All words must be in it, in any order; what begins with
 * them, or has them at the begin of a word, comes first, and of equals the shorter.
 */
export function rank(text: string, typed: string): number {
  const lower = text.toLowerCase();
  const words = typed
    .toLowerCase()
    .split(/[\s_]+/)
    .filter((word) => word !== '');
  let score = 1;
  for (const word of words) {
    const at = lower.indexOf(word);
    if (at < 0) return 0;
    const begins = at === 0 || /[^a-z0-9]/.test(lower[at - 1]!);
    score += at === 0 ? 3 : begins ? 2 : 1;
  }
  return score + 1 / (1 + text.length);
}

/** The best `limit` of `items` for what was typed, best first; in their own order when nothing is. */
export function best<T>(items: readonly T[], text: (item: T) => string, typed: string, limit: number): T[] {
  if (typed.trim() === '') return items.slice(0, limit);
  return items
    .map((item) => ({ item, score: rank(text(item), typed) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ item }) => item);
}

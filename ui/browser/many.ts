/** The API's answer of `count` series: walks over `points` steps from `start` (s), or their last values as a vector. */
export function seriesKeyed(
  count: number,
  start: number,
  step: number,
  points: number,
  resultType: 'matrix' | 'vector' = 'matrix',
): object {
  const value = (n: number, i: number): [number, string] => [start + i * step, String((n * 7919 + i * 13) % 1009)];
  const result = Array.from({ length: count }, (_, n) => {
    const metric = { __name__: 'game_players', server: `s-${n}` };
    if (resultType === 'vector') return { metric, value: value(n, points - 1) };
    return { metric, values: Array.from({ length: points }, (__, i) => value(n, i)) };
  });
  return { status: 'success', data: { resultType, result } };
}

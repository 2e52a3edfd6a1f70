/**
 * The path of a line through values in a box of `width` x `height`, thinned to `points` by their means; a gap where there
 * are no values. Null when there are fewer than two points.
 */
export function sparkPath(
  values: readonly (number | null)[],
  width: number,
  height: number,
  points = 60,
): string | null {
  const count = Math.min(points, values.length);
  const means: (number | null)[] = [];
  for (let i = 0; i < count; i++) {
    const [from, to] = [Math.floor((i * values.length) / count), Math.floor(((i + 1) * values.length) / count)];
    let [sum, held] = [0, 0];
    for (let j = from; j < to; j++) {
      const value = values[j];
      if (value === null || value === undefined || !Number.isFinite(value)) continue;
      sum += value;
      held++;
    }
    means.push(held === 0 ? null : sum / held);
  }
  const known = means.filter((value) => value !== null);
  if (known.length < 2) return null;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const span = high - low;
  let path = '';
  let down = false;
  means.forEach((value, i) => {
    if (value === null) {
      down = false;
      return;
    }
    // What does not change lies in the middle rather than at an end.
    const y = span === 0 ? height / 2 : height - 1 - ((value - low) / span) * (height - 2);
    path += `${down ? 'L' : 'M'}${((i / (count - 1)) * width).toFixed(1)},${y.toFixed(1)}`;
    down = true;
  });
  return path;
}

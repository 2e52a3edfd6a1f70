/**
 * Values added up from the first series to the last, for stacked charts. Where a series has none it adds nothing and has no point;
 * hidden series (`shown[i]` false) add nothing. The inputs stay as they are: tooltips tell the series' own values.
 */
export function stackValues(
  values: readonly (readonly (number | null)[])[],
  shown: readonly boolean[],
): (number | null)[][] {
  const sums = new Float64Array(values[0]?.length ?? 0);
  return values.map((series, i) =>
    series.map((value, column) => {
      if (value === null || Number.isNaN(value)) return null;
      if (shown[i] === false) return value;
      return (sums[column] = sums[column]! + value);
    }),
  );
}

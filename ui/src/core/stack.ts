/**
 * Values as shares of what all shown series are together at their time, 0 to 1, for stacks of percents; nothing has a share where that is
 * nothing. Hidden ones stay as they are.
 */
export function shareValues(
  values: readonly (readonly (number | null)[])[],
  shown: readonly boolean[],
): (number | null)[][] {
  const totals = new Float64Array(values[0]?.length ?? 0);
  values.forEach((series, i) => {
    if (shown[i] === false) return;
    series.forEach((value, column) => {
      if (value !== null && !Number.isNaN(value)) totals[column] = totals[column]! + Math.abs(value);
    });
  });
  return values.map((series, i) =>
    shown[i] === false
      ? [...series]
      : series.map((value, column) => {
          if (value === null || Number.isNaN(value)) return null;
          return totals[column] === 0 ? 0 : value / totals[column]!;
        }),
  );
}

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

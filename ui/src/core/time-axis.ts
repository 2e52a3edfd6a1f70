import { timeText, type Zone } from './zone';

/** Steps of a time axis in seconds, each one that a clock shows well. */
export const TIME_INCREMENTS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200, 86_400, 172_800,
  604_800, 1_209_600, 2_592_000, 7_776_000, 31_536_000,
];

/**
 * Labels of a time axis: the clock, and below it the day where it changes and at the first label when the axis is about another day
 * than its last label or longer than half a day. "12:00", "00:00\n11-26".
 */
export function timeAxisText(splits: readonly number[], increment: number, zone: Zone): string[] {
  if (splits.length === 0) return [];
  const days = splits.map((at) => timeText(at, zone, 'day'));
  const long = days[0] !== days[days.length - 1];
  return splits.map((at, i) => {
    const day = days[i]!.slice(5);
    if (increment >= 86_400) return increment >= 2_592_000 ? days[i]! : day;
    const clock = timeText(at, zone, increment < 60 ? 'clock-seconds' : 'clock');
    const turned = i > 0 ? days[i] !== days[i - 1] : long;
    return turned ? `${clock}\n${day}` : clock;
  });
}

import type { Frame, Labels } from './frame';
import { histogramValue, sampleValue, seriesKey, type WireHistogramSample, type WireSample } from './samples';

/** What an instant query answers. */
export type InstantAnswer =
  | {
      readonly resultType: 'vector';
      readonly result: readonly {
        readonly metric: Labels;
        readonly value?: WireSample;
        readonly histogram?: WireHistogramSample;
      }[];
    }
  | {
      readonly resultType: 'matrix';
      readonly result: readonly { readonly metric: Labels; readonly values?: readonly WireSample[] }[];
    }
  | { readonly resultType: 'scalar' | 'string'; readonly result: WireSample };

/** The answer as a frame of one time, `at`. Of a range vector the latest sample stands for each series. */
export function instantFrame(answer: InstantAnswer, at: number): Frame {
  const times = [at];
  switch (answer.resultType) {
    case 'vector':
      return {
        times,
        step: 1,
        series: answer.result.map(({ metric, value, histogram }) => ({
          key: seriesKey(metric),
          labels: metric,
          values: [value === undefined ? null : sampleValue(value[1])],
          ...(histogram === undefined ? {} : { histograms: [histogramValue(histogram[1])] }),
        })),
      };
    case 'matrix':
      return {
        times,
        step: 1,
        series: answer.result.map(({ metric, values }) => {
          const last = values?.[values.length - 1];
          return { key: seriesKey(metric), labels: metric, values: [last === undefined ? null : sampleValue(last[1])] };
        }),
      };
    case 'string':
      return { times, step: 1, series: [{ key: '', labels: { value: answer.result[1] }, values: [null] }] };
    default:
      return { times, step: 1, series: [{ key: '', labels: {}, values: [sampleValue(answer.result[1])] }] };
  }
}

// Unit names of Grafana and Perses. Those without a counterpart keep their name in both directions: the formatter knows both
// families, and what it does not know it writes after the number.

const pairs: readonly (readonly [grafana: string, perses: string])[] = [
  ['percent', 'percent'],
  ['percentunit', 'percent-decimal'],
  ['bytes', 'bytes'],
  ['decbytes', 'decbytes'],
  ['Bps', 'decbytes/sec'],
  ['binBps', 'bytes/sec'],
  ['bps', 'decbits/sec'],
  ['binbps', 'bits/sec'],
  ['s', 'seconds'],
  ['ms', 'milliseconds'],
  ['µs', 'microseconds'],
  ['ns', 'nanoseconds'],
  ['m', 'minutes'],
  ['h', 'hours'],
  ['d', 'days'],
  ['cps', 'counts/sec'],
  ['eps', 'events/sec'],
  ['ops', 'ops/sec'],
  ['reqps', 'requests/sec'],
  ['rps', 'reads/sec'],
  ['wps', 'writes/sec'],
  ['pps', 'packets/sec'],
  ['mps', 'messages/sec'],
  ['recps', 'records/sec'],
  ['rowsps', 'rows/sec'],
  ['short', 'decimal'],
  ['none', 'decimal'],
];

const toPerses = new Map(pairs);
// The first of several wins on the way back.
const toGrafana = new Map(pairs.toReversed().map(([grafana, perses]) => [perses, grafana]));

export function persesUnit(grafana: string): string {
  return toPerses.get(grafana) ?? grafana;
}

export function grafanaUnit(perses: string): string {
  return toGrafana.get(perses) ?? perses;
}

// Explore's state goes through its URL unchanged; what is typed by hand or by others is read with care.
import { describe, expect, it } from 'vitest';

import { readExplore, renumbered, writeExplore, type ExploreState } from './explore-state';
import { askedExpression, likelyUnit, observedUnit, takesFilters } from './expression';
import { HISTORY_MAX, readHistory, searchHistory, withRun } from './history';
import { instantFrame } from './instant';
import { parseErrorOf } from './parse-error';
import { planRows, planTotals, tierWords, type PlanNode } from './plan';
import { rateInterval, stepFor } from './steps';

const full: ExploreState = {
  queries: renumbered([
    { expr: 'sum by (a) (x{b="&="})', shown: true },
    { expr: 'y', shown: false },
  ]),
  view: 'heatmap',
  step: 90,
  scale: 'log10',
  stacked: true,
  exemplars: true,
  unit: 's',
};

describe('the URL', () => {
  it('holds all of it, and leaves the frame its own', () => {
    const params = writeExplore(new URLSearchParams('from=now-6h&f-region=eu&expr=old'), full);
    expect(readExplore(new URLSearchParams(params.toString()))).toEqual(full);
    expect(params.get('from')).toBe('now-6h');
    expect(params.getAll('expr')).toHaveLength(2);
  });

  it.each(['', 'view=nonsense&step=-1&scale=cubic', 'step=0s'])('reads "%s" as empty', (text) => {
    expect(readExplore(new URLSearchParams(text))).toMatchObject({
      queries: [{ id: 'A', expr: '', shown: true }],
      view: 'graph',
      step: null,
    });
  });

  it('bounds what it takes in', () => {
    const params = new URLSearchParams(
      Array.from({ length: 50 }, (): [string, string] => ['expr', 'x'.repeat(20_000)]),
    );
    const { queries } = readExplore(params);
    expect(queries).toHaveLength(12);
    expect(queries[0]!.expr).toHaveLength(16_384);
  });
});

describe('expressions', () => {
  const setting = { filters: { region: ['eu'] }, step: 30, range: 3600, scrape: 10 };
  it.each([
    ['rate(x{$filter}[$__rate_interval])', 'rate(x{region="eu"}[40s])'],
    ['x[$__interval] or y[${__range}]', 'x[30s] or y[1h]'],
    ['sum(x)', 'sum(x)'],
  ])('%s is asked as %s', (expr, asked) => {
    expect(askedExpression(expr, setting)).toBe(asked);
  });

  it('know whether filters have a place', () => {
    expect([takesFilters('x{$filter}'), takesFilters('x')]).toEqual([true, false]);
  });

  it.each([
    ['process_resident_memory_bytes', 'bytes'],
    ['sum(rate(game_sent_bytes_total[1m]))', 'binBps'],
    ['histogram_quantile(0.9, sum by (le) (rate(x_seconds_bucket[5m])))', 's'],
    ['rate(x_seconds_bucket[5m])', undefined],
    ['rate(process_cpu_seconds_total[1m])', undefined],
    ['a_bytes / b_bytes', undefined],
    ['count(a_bytes)', undefined],
    ['game_packet_loss_ratio', 'percentunit'],
    ['x{a="b_bytes"}', undefined],
    ['game_players', undefined],
  ])('%s is likely in %s', (expr, unit) => {
    expect(likelyUnit(expr)).toBe(unit);
  });

  it('know what their buckets observed', () => {
    expect(observedUnit('sum by (le) (rate(game_tick_duration_seconds_bucket[1m]))')).toBe('s');
    expect(observedUnit('rate(x_bucket[1m])')).toBeUndefined();
  });
});

describe('history', () => {
  it('has each query once, the latest first, and no more than fit', () => {
    let past = withRun([], ['a', 'b'], 1);
    past = withRun(past, [' a ', ''], 2);
    expect(past).toEqual([
      { expr: 'a', at: 2, times: 2 },
      { expr: 'b', at: 1, times: 1 },
    ]);
    const many = Array.from({ length: 300 }, (_, i) => `q${i}`);
    expect(withRun(past, many, 3)).toHaveLength(HISTORY_MAX);
  });

  it('finds by words in any order', () => {
    const past = withRun([], ['sum(rate(x))', 'rate(y)'], 1);
    expect(searchHistory(past, 'RATE x').map(({ expr }) => expr)).toEqual(['sum(rate(x))']);
  });

  it.each([null, '', '{', '{"a":1}', '[1,null,{"expr":1}]'])('reads %s as nothing', (text) => {
    expect(readHistory(text)).toEqual([]);
  });
});

describe('places of errors', () => {
  it.each([
    [
      'invalid parameter "query": 1:10: parse error: unclosed left parenthesis',
      'sum(rate(',
      8,
      9,
      'unclosed left parenthesis',
    ],
    ['invalid parameter "query": 2:3: parse error: unexpected x', 'a\n+ bad', 4, 7, 'unexpected x'],
    ['something else', 'abc', 0, 3, 'something else'],
    ['invalid parameter "query": 9:9: parse error: far', 'ab', 1, 2, 'far'],
  ])('%s', (error, query, from, to, message) => {
    expect(parseErrorOf(query, error)).toEqual({ from, to, message });
  });
});

describe('plans', () => {
  const leaf = {
    operation: 'selector',
    expression: 'x',
    once: false,
    start: 0,
    step: 10,
    steps: 7,
    method: 'series by series',
  };
  const root: PlanNode = {
    ...leaf,
    id: 1,
    operation: 'binary',
    actual: { method: 'series by series', seconds: 1, series: 3 },
    children: [
      {
        ...leaf,
        id: 2,
        actual: {
          method: 'columns',
          seconds: 0.75,
          series: 3,
          seriesRead: 40,
          samplesRead: 400,
          unpackedBytes: 6400,
          storedBytesAbout: 80,
        },
      },
      {
        ...leaf,
        id: 3,
        method: 'shared',
        sharedWith: 2,
        actual: { method: 'shared', seconds: 0, series: 3, seriesRead: 40, samplesRead: 400 },
      },
    ],
  };
  it('tell of each part what it took by itself', () => {
    expect(planRows(root).map(({ node, depth, ownSeconds }) => [node.id, depth, ownSeconds])).toEqual([
      [1, 0, 0.25],
      [2, 1, 0.75],
      [3, 1, 0],
    ]);
  });
  it('count what is shared once', () => {
    expect(planTotals(root)).toEqual({
      seconds: 1,
      series: 3,
      seriesRead: 40,
      samplesRead: 400,
      unpackedBytes: 6400,
      storedBytes: 80,
    });
    expect(planTotals({ ...leaf, id: 1 })).toBeNull();
  });
  it('say in a few words where samples come from', () => {
    const stretch = { start: 0, end: 1, resolution: 0 };
    expect(
      tierWords([
        { ...stretch, tier: 'memory', files: 0 },
        { ...stretch, tier: '5m', files: 2 },
        { ...stretch, tier: 'memory', files: 0 },
      ]),
    ).toBe('memory, 5m 2 files');
  });
});

it.each([
  ['vector', { resultType: 'vector', result: [{ metric: { a: '1' }, value: [5, 'NaN'] }] }, [[{ a: '1' }, NaN]]],
  ['scalar', { resultType: 'scalar', result: [5, '2'] }, [[{}, 2]]],
  ['string', { resultType: 'string', result: [5, 'hello'] }, [[{ value: 'hello' }, null]]],
  [
    'matrix',
    {
      resultType: 'matrix',
      result: [
        {
          metric: {},
          values: [
            [1, '1'],
            [2, '7'],
          ],
        },
      ],
    },
    [[{}, 7]],
  ],
] as const)('an instant %s is a frame of one time', (_, answer, expected) => {
  const { times, series } = instantFrame(answer as Parameters<typeof instantFrame>[0], 5);
  expect(times).toEqual([5]);
  expect(series.map(({ labels, values }) => [labels, values[0]])).toEqual(expected);
});

it.each([
  [3600, 1200, 5, 10],
  [300, 1200, 1, 1],
  [86_400, 1200, 10, 300],
  [30 * 86_400, 1200, 10, 7200],
  [3650 * 86_400, 1200, 10, 604_800],
])('%s s over %s px, data every %s s: a step of %s s', (range, width, least, step) => {
  expect(stepFor(range, width, least)).toBe(step);
});

it('windows of rates hold four scrapes', () => {
  expect([rateInterval(10, 15), rateInterval(60, 15)]).toEqual([60, 75]);
});

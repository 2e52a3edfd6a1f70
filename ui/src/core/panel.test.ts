// What panels make of their queries: common times, one state, tables, CSV, stacks, and the series near a cursor.
import { describe, expect, it } from 'vitest';

import { panelCsv, tableCsv } from './csv';
import type { Frame, QueryState } from './frame';
import { thinExemplars, type Exemplar } from './marks';
import { nearby } from './nearest';
import { largestSeries, panelData } from './panel-data';
import { nextStep, panelState } from './panel-state';
import { lonePlaces, plotable } from './plotable';
import { axesOf } from './series-look';
import { shareValues, stackValues } from './stack';
import { latestTable, sortRows, type TableData } from './table';
import { levelAt } from './thresholds';

const frame = (times: number[], ...series: [Record<string, string>, (number | null)[]][]): Frame => ({
  times,
  step: 10,
  series: series.map(([labels, values]) => ({ key: JSON.stringify(labels), labels, values })),
});

describe('panelData', () => {
  it('lists queries of equal times, and lays others on the times of all', () => {
    const one = frame([0, 10], [{ a: '1' }, [1, 2]]);
    const two = frame([10, 20], [{ a: '2' }, [3, 4]]);
    const data = panelData([
      { id: 'A', frame: one },
      { id: 'B', frame: two },
      { id: 'C', frame: null },
    ]);
    expect(data.times).toEqual([0, 10, 20]);
    expect(data.series.map(({ values }) => values)).toEqual([
      [1, 2, null],
      [null, 3, 4],
    ]);
  });

  it('keeps values as they are where nothing has to move', () => {
    const one = frame([0, 10], [{ a: '1' }, [1, 2]]);
    expect(panelData([{ id: 'A', frame: one }]).series[0]!.values).toBe(one.series[0]!.values);
  });

  it('tells equal series of two queries apart, by key and by name', () => {
    const one = frame([0], [{ r: 'eu' }, [1]], [{ r: 'us' }, [2]]);
    const { series } = panelData([
      { id: 'A', frame: one },
      { id: 'B', frame: one },
    ]);
    expect(new Set(series.map(({ key }) => key)).size).toBe(4);
    expect(series.map(({ name }) => name)).toEqual(['A eu', 'A us', 'B eu', 'B us']);
  });

  it('draws the largest of too many', () => {
    const data = panelData([{ id: 'A', frame: frame([0], [{ n: '1' }, [5]], [{ n: '2' }, [1]], [{ n: '3' }, [9]]) }]);
    expect(largestSeries(data, 2).series.map(({ name }) => name)).toEqual(['1', '3']);
    expect(largestSeries(data, 3)).toBe(data);
  });
});

const state = (more: Partial<QueryState>): QueryState => ({
  frame: null,
  phase: 'ready',
  stale: false,
  warnings: [],
  error: null,
  ...more,
});

describe('panelState', () => {
  const some = frame([0], [{}, [1]]);
  const none = frame([0]);
  const error = { type: 'timeout', message: 'too long' };
  it.each([
    ['nothing asked', [], 'empty', false, false],
    ['waiting', [state({ phase: 'loading' })], 'loading', false, false],
    ['answered without series', [state({ frame: none })], 'empty', false, false],
    [
      'one has something, one is on its way',
      [state({ frame: some }), state({ phase: 'loading' })],
      'ready',
      false,
      false,
    ],
    ['all failed', [state({ phase: 'failed', error })], 'failed', false, false],
    ['one failed', [state({ frame: some }), state({ phase: 'failed', error })], 'ready', false, true],
    ['old', [state({ frame: some, stale: true })], 'ready', true, false],
    ['doubtful', [state({ frame: some, warnings: ['w'] })], 'ready', false, true],
    [
      'failed with nothing, another is empty',
      [state({ frame: none }), state({ phase: 'failed', error })],
      'failed',
      false,
      false,
    ],
  ] as const)('%s', (_, states, phase, stale, partial) => {
    expect(panelState(states)).toMatchObject({ phase, stale, partial });
  });

  it('says that it is polled, and why', () => {
    expect(panelState([state({ frame: some }), state({ frame: some, polled: 'it moves' })]).polled).toBe('it moves');
    expect(panelState([state({ frame: some })]).polled).toBeUndefined();
  });

  it('knows what to do next about costly queries', () => {
    expect(nextStep('too_many_requests', '')).toContain('fewer series');
    expect(nextStep('bad_data', 'who knows')).toBeNull();
  });
});

const first = (rows: TableData['rows']) => rows.map((row) => row[0]);

describe('tables', () => {
  const data = panelData([
    {
      id: 'A',
      frame: frame([0, 10], [{ __name__: 'x', s: 'eu-10' }, [1, 2]], [{ __name__: 'x', s: 'eu-2' }, [3, null]]),
    },
    { id: 'B', frame: frame([0, 10], [{ __name__: 'y', s: 'eu-2' }, [5, 6]]) },
  ]);
  const table = latestTable(data, 's');
  it('put queries beside each other', () => {
    expect(table.columns.map(({ title }) => title)).toEqual(['s', 'A', 'B']);
    expect(table.rows).toEqual([
      ['eu-10', 2, null],
      ['eu-2', 3, 6],
    ]);
  });
  it('sort as people count, what is missing last', () => {
    expect(first(sortRows(table, { key: 's', descending: false }))).toEqual(['eu-2', 'eu-10']);
    expect(first(sortRows(table, { key: '#B', descending: false }))).toEqual(['eu-2', 'eu-10']);
    expect(first(sortRows(table, { key: '#B', descending: true }))).toEqual(['eu-2', 'eu-10']);
    expect(sortRows(table, null)).toBe(table.rows);
  });
  it('become CSV that no spreadsheet runs', () => {
    const odd: TableData = {
      columns: table.columns,
      rows: [
        ['=1+1', 0.1, null],
        ['a,"b"', -2, 3],
      ],
    };
    expect(tableCsv(odd)).toBe('s,A,B\r\n\'=1+1,0.1,\r\n"a,""b""",-2,3\r\n');
  });
  it('series become CSV with times', () => {
    expect(panelCsv(data).split('\r\n').slice(0, 2)).toEqual([
      'time,"x{s=""eu-10""}","x{s=""eu-2""}","y{s=""eu-2""}"',
      '1970-01-01T00:00:00.000Z,1,3,5',
    ]);
  });
});

it('stacks what is shown, gaps adding nothing', () => {
  expect(
    stackValues(
      [
        [1, 2],
        [null, 3],
        [10, NaN],
      ],
      [true, true, true],
    ),
  ).toEqual([
    [1, 2],
    [null, 5],
    [11, null],
  ]);
  expect(stackValues([[1], [2], [4]], [true, false, true])).toEqual([[1], [2], [5]]);
});

it('gives shares of what is shown, nothing of nothing', () => {
  const values = [
    [1, null, 0, -1],
    [3, 5, 0, 1],
    [9, 9, 9, 9],
  ];
  expect(shareValues(values, [true, true, false])).toEqual([
    [0.25, null, 0, -0.5],
    [0.75, 1, 0, 0.5],
    [9, 9, 9, 9],
  ]);
  expect(shareValues([], [])).toEqual([]);
});

describe('axes', () => {
  const right = { right: true, unit: 's' };
  it.each([
    ['none of their own', [{}, {}], [false, false], 'bytes', 'bytes'],
    ['one at the right', [{}, { look: right }], [false, true], 'bytes', 's'],
    ['all at the right are at the left', [{ look: right }, { look: right }], [false, false], 's', 's'],
    ['one unit of all at the left is its axis', [{ look: { unit: 's' } }], [false], 's', 's'],
    ['several units at the left: the panel says', [{ look: { unit: 's' } }, {}], [false, false], 'bytes', 'bytes'],
    ['no series', [], [], 'bytes', 'bytes'],
  ])('%s', (name, series, places, left, second) => {
    const axes = axesOf(series, 'bytes');
    expect(axes.right).toEqual(places);
    expect(axes.leftUnit).toBe(left);
    if (axes.two) expect(axes.rightUnit).toBe(second);
    expect(axes.two).toBe(name === 'one at the right');
  });
});

it('draws only numbers, and copies nothing where all are', () => {
  const clean = [1, null, 2];
  expect(plotable(clean)).toBe(clean);
  const odd = [1, NaN, Infinity];
  expect(plotable(odd)).toEqual([1, null, null]);
  expect(plotable(odd)).toBe(plotable(odd));
  expect(plotable([1, 0, -1], true)).toEqual([1, null, null]);
});

it('finds values that stand alone', () => {
  expect(lonePlaces([1, null, 2, null, 3, 4], 0, 5)).toEqual([0, 2]);
  expect(lonePlaces([1, 2], 0, 1)).toBeNull();
});

it('lists the series around the cursor from the top', () => {
  const values = [1, 50, null, 52, 48, 90];
  const near = nearby(values, (value) => Math.abs(value - 49), 3);
  expect(near.listed.map(({ index }) => index)).toEqual([3, 1, 4]);
  expect(near.nearest?.index).toBe(1);
  expect(near.others).toBe(2);
});

it('levels go by the last threshold at or below', () => {
  const thresholds = [
    { value: 10, level: 'warn' },
    { value: 20, level: 'bad' },
  ] as const;
  expect([null, NaN, 5, 10, 25].map((value) => levelAt(value, thresholds))).toEqual([
    'none',
    'none',
    'ok',
    'warn',
    'bad',
  ]);
});

it('keeps few exemplars, the largest of each place', () => {
  const many = Array.from({ length: 5000 }, (_, i): Exemplar => ({ time: i, value: i % 100, labels: {}, series: {} }));
  const thin = thinExemplars(many, 0, 4999);
  expect(thin.length).toBeLessThanOrEqual(120);
  expect(Math.max(...thin.map(({ value }) => value))).toBe(99);
  expect(thinExemplars(many, 6000, 7000)).toEqual([]);
});

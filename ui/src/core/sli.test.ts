// What SLIs mean, and what the grid shows of them.
import { describe, expect, it } from 'vitest';

import { type Frame } from './frame';
import { nextDrill, sliLevel, sliQuery, sliRows, type SliRule, sliThresholds, worstQuery, worstSli } from './sli';

const JOINS: SliRule = {
  name: 'joins',
  expr: 'sum by ($by) (rate(a{$filter}[$window]))',
  good: 'high',
  warn: 0.995,
  bad: 0.98,
};
const TICKS: SliRule = { name: 'ticks', expr: 'b{le="1",$filter}', good: 'low', warn: 0.01, bad: 0.05 };
const PLAYERS: SliRule = { name: 'players', expr: 'c', good: 'high', warn: null, bad: null };

it.each<[SliRule, number | null, string]>([
  [JOINS, 1, 'ok'],
  [JOINS, 0.995, 'ok'],
  [JOINS, 0.99, 'warn'],
  [JOINS, 0.98, 'warn'],
  [JOINS, 0.5, 'bad'],
  [TICKS, 0, 'ok'],
  [TICKS, 0.05, 'warn'],
  [TICKS, 0.06, 'bad'],
  [TICKS, Infinity, 'bad'],
  [TICKS, null, 'none'],
  [TICKS, NaN, 'none'],
  [PLAYERS, 5, 'none'],
  [{ ...TICKS, warn: null }, 0.02, 'ok'],
])('%j at %s', (sli, value, level) => {
  expect(sliLevel(sli, value)).toBe(level);
});

it('limits are lines', () => {
  expect(sliThresholds(TICKS)).toEqual([
    { value: 0.01, level: 'warn' },
    { value: 0.05, level: 'bad' },
  ]);
  expect(sliThresholds(JOINS)).toEqual([
    { value: 0.98, level: 'warn' },
    { value: 0.995, level: 'ok' },
  ]);
  expect(sliThresholds(PLAYERS)).toEqual([]);
});

describe('a click leads', () => {
  it('to the next label that is not narrowed to one value', () => {
    expect(nextDrill('region', {})).toBe('mode');
    expect(nextDrill('region', { mode: ['ranked'] })).toBe('build');
    expect(nextDrill('region', { mode: ['ranked', 'casual'] })).toBe('mode');
    expect(nextDrill('server', {})).toBeNull();
  });
});

it('asks by labels, and for the worst of many', () => {
  expect(sliQuery(JOINS, ['region'], { mode: ['ranked'] }, 10)).toBe('sum by (region) (rate(a{mode="ranked"}[60s]))');
  expect(sliQuery(JOINS, [], {}, 300)).toBe('sum by () (rate(a{}[600s]))');
  expect(worstQuery(JOINS, 'server', {}, 10, 20)).toBe('bottomk(20, sum by (server) (rate(a{}[60s])))');
  expect(worstQuery(TICKS, 'server', {}, 10, 5)).toBe('topk(5, b{le="1"})');
});

const frame = (series: Record<string, (number | null)[]>): Frame => ({
  times: [10, 20, 30, 40],
  step: 10,
  series: Object.entries(series).map(([region, values]) => ({ key: region, labels: { region }, values })),
});

it('rows have the cells of all SLIs, in the order of their names', () => {
  const frames = new Map([
    ['joins', frame({ na: [1, 1, 1, 1], eu: [1, 1, 1, 0.5] })],
    ['ticks', frame({ eu: [0, 0, 0, 0], r10: [0, 0, 0, 0.02], r9: [null, null, null, null] })],
    ['players', null],
  ]);
  const rows = sliRows([JOINS, TICKS, PLAYERS], 'region', frames);
  expect(rows.map(({ name, level }) => [name, level])).toEqual([
    ['eu', 'bad'],
    ['na', 'ok'],
    ['r9', 'none'],
    ['r10', 'warn'],
  ]);
  expect(rows[0]!.cells.get('joins')).toMatchObject({
    reading: { state: 'fresh', value: 0.5 },
    level: 'bad',
    course: [1, 1, 1, 0.5],
  });
  expect(rows[1]!.cells.get('ticks')).toBeUndefined();
  expect(rows.map((row) => worstSli([JOINS, TICKS, PLAYERS], row)?.name)).toEqual([
    'joins',
    'joins',
    undefined,
    'ticks',
  ]);
});

it('a row whose senders all stopped keeps its level, and says since when', () => {
  const frames = new Map([
    ['joins', frame({ eu: [0.5, null, null, null], na: [1, null, null, null] })],
    ['ticks', frame({ eu: [null, null, null, null], na: [0, 0, 0, 0] })],
  ]);
  const [eu, na] = sliRows([JOINS, TICKS], 'region', frames);
  expect(eu).toMatchObject({ level: 'bad', silent: { state: 'late', at: 10, age: 30 } });
  expect(na).toMatchObject({ level: 'ok', silent: null });
});

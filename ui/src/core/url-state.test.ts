// A link shows what its sender saw, and a link that makes no sense shows the defaults.
import { describe, expect, it } from 'vitest';

import { fixedWindow, lastSeconds } from './time-range';
import { DEFAULT_STATE, readUrlState, sharedSearch, type UrlState, writeUrlState } from './url-state';

const states: readonly [string, UrlState][] = [
  ['', DEFAULT_STATE],
  ['from=now-6h&to=now', { ...DEFAULT_STATE, range: lastSeconds(21600) }],
  ['from=1700000000000&to=1700003600000', { ...DEFAULT_STATE, range: fixedWindow(1700000000, 1700003600) }],
  ['refresh=off', { ...DEFAULT_STATE, refresh: null }],
  ['refresh=5s&tz=UTC', { ...DEFAULT_STATE, refresh: '5s', zone: 'UTC' }],
  ['f-mode=ranked&f-region=eu&f-region=na', { ...DEFAULT_STATE, filters: { mode: ['ranked'], region: ['eu', 'na'] } }],
];

it.each(states)('"%s" is read and written', (text, state) => {
  expect(readUrlState(new URLSearchParams(text))).toEqual(state);
  expect(writeUrlState(new URLSearchParams(), state).toString()).toBe(text);
});

describe('what makes no sense is as if it were not there', () => {
  it.each(['from=now&to=now-1h', 'from=soon', 'refresh=often', 'tz=Mars', 'f-<b>=1', 'f-=1'])('%s', (text) => {
    expect(readUrlState(new URLSearchParams(text))).toEqual(DEFAULT_STATE);
  });
});

it('has a bound on filters', () => {
  const many = Array.from({ length: 5000 }, (_, i) => `f-server=s${i}`).join('&');
  expect(readUrlState(new URLSearchParams(many)).filters.server).toHaveLength(200);
});

it('leaves what belongs to a page where it is, and takes only the shared along', () => {
  const params = new URLSearchParams('expr=up&f-region=eu&from=now-5m&to=now');
  expect(writeUrlState(params, DEFAULT_STATE).toString()).toBe('expr=up');
  expect(sharedSearch(params)).toBe('?from=now-5m&to=now&f-region=eu');
});

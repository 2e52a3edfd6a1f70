// What the badge says when.
import { expect, it } from 'vitest';

import { freshness, type FreshnessInput } from './freshness';

const FINE: FreshnessInput = { now: 1000, newest: 996, lag: 0.2, skew: 0.3, stream: 'open', reachable: true };

it.each<[string, Partial<FreshnessInput>, string, string]>([
  ['as it should be', {}, 'ok', '4 s old'],
  ['of this moment', { newest: 1000 }, 'ok', 'Live'],
  ['late', { newest: 955 }, 'warn', 'Late: 45 s'],
  ['too late', { newest: 800 }, 'bad', 'Late: 3 min 20 s'],
  ['not heard of yet', { newest: undefined }, 'none', 'Connecting'],
  ['without samples', { newest: null }, 'none', 'No samples yet'],
  ['unreachable', { reachable: false }, 'bad', 'Reconnecting'],
  ['without a stream', { stream: 'waiting' }, 'bad', 'Reconnecting'],
  ['of a hidden tab', { stream: 'paused' }, 'none', 'Paused'],
  ['from the future', { newest: 1060 }, 'warn', 'Ahead of time'],
])('%s', (_, change, level, text) => {
  expect(freshness({ ...FINE, ...change })).toMatchObject({ level, text });
});

it.each([
  [180, "This computer's clock is 3 min behind the server's. Times on this page are the server's."],
  [-3600, "This computer's clock is 1 h ahead of the server's. Times on this page are the server's."],
])('says a skew of %d s', (skew, line) => {
  expect(freshness({ ...FINE, skew }).details).toContain(line);
});

it('says nothing of a skew that does not matter', () => {
  expect(freshness(FINE).details).toEqual(['The newest sample is 4 s old.', 'What is written is seen after 200 ms.']);
});

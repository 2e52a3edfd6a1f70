// What is found first.
import { expect, it } from 'vitest';

import { best } from './ranking';

const METRICS = ['game_tick_duration_seconds', 'game_ticks_total', 'sticky_total', 'game_players', 'node_load1'];

it.each([
  ['tick', ['game_ticks_total', 'game_tick_duration_seconds', 'sticky_total']],
  ['total tick', ['game_ticks_total', 'sticky_total']],
  ['GAME_PL', ['game_players']],
  ['nothing', []],
  ['', METRICS.slice(0, 3)],
])('%s', (typed, found) => {
  expect(best(METRICS, (text) => text, typed, 3)).toEqual(found);
});

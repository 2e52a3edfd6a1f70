// What a page costs while nothing happens: nothing moves on it, and what a page asks first is asked while its code is on its way.
import { expect, it } from 'vitest';

import { until, useConsole } from './harness';

const console = useConsole();

it('nothing moves in panels that nobody has seen', async () => {
  const page = await console.open('/d/fleet');
  await page.locator('section[aria-label="Join success"][data-phase="ready"]').first().waitFor();
  // There are panels further down that were not asked for.
  expect(await page.locator('[data-phase="loading"]').count()).toBeGreaterThan(0);
  const moving = (): Promise<number> =>
    page.evaluate(() => document.getAnimations().filter((one) => one.playState === 'running').length);
  await until(moving, (count) => count === 0, 'a page without motion');
});

it.each([
  ['/d/fleet', 'GET dashboards/fleet'],
  ['/', 'GET schema/slis'],
  ['/war-room', 'GET schema/slis'],
])('%s asks %s once, before anything else', async (path, first) => {
  const calls: string[] = [];
  const page = await console.open(path, { calls });
  await page.locator('[data-phase="ready"]').first().waitFor();
  expect(calls[0]).toBe(first);
  expect(calls.filter((call) => call === first)).toHaveLength(1);
});

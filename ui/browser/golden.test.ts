// The look of the console: pages of a fleet that is the same each time, at one moment, as they were when somebody looked at them.
// A picture that differs is a question; UPDATE_GOLDEN=1 is the answer that it was meant.
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { join } from 'node:path';

import { ARGS, CHROMIUM } from './chromium';
import { type Front, startFront } from './front';
import { difference, DIFFERENT_MAX, looksAsKept } from './golden';
import { dashboardOf, NOON, type Placed, serveMadeFleet } from './made-fleet';

const PLAYERS = 'sum by (region) (game_players)';
const LAUNCH: readonly Placed[] = [
  ['StatChart', 'Players', 'sum(game_players)', [0, 0, 6, 5], { calculation: 'last', sparkline: {} }],
  [
    'GaugeChart',
    'Join success',
    'sum(game_join_failures_total)',
    [6, 0, 6, 5],
    { format: { unit: 'percent-decimal' } },
  ],
  ['BarChart', 'Players by region', PLAYERS, [12, 0, 12, 5]],
  ['TimeSeriesChart', 'Players over time', PLAYERS, [0, 5, 12, 8]],
  ['HeatMapChart', 'Tick duration', 'sum by (le) (x)', [12, 5, 12, 8], { format: { unit: 'seconds' } }],
  ['TimeSeriesChart', 'Stacked', PLAYERS, [0, 13, 12, 7], { visual: { areaOpacity: 0.4, stack: 'all' } }],
  ['Table', 'As a table', PLAYERS, [12, 13, 12, 7]],
];

let browser: Browser;
let front: Front;

beforeAll(async () => {
  // Nothing is behind it: all that the pages ask is made.
  front = await startFront(join(import.meta.dirname, '../dist'), 'http://127.0.0.1:9');
  serveMadeFleet(front, { launch: dashboardOf('launch', LAUNCH) });
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});
afterAll(async () => {
  await browser?.close();
  await front?.close();
});

async function open(path: string, colorScheme: 'light' | 'dark', width: number, height: number): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  await page.clock.setFixedTime(NOON * 1000);
  await page.goto(front.url + path);
  return page;
}

async function blank(): Promise<Page> {
  const page = await browser.newPage();
  // A page of its own address, which may read pictures.
  await page.goto('about:blank');
  return page;
}

/** Charts draw after their data came and their place was measured. */
async function settled(page: Page, panels: number): Promise<void> {
  await page
    .locator('[data-phase="ready"]')
    .nth(panels - 1)
    .waitFor();
  await page.evaluate(() => document.fonts.ready);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

const overviewDrawn = async (page: Page): Promise<void> => {
  await page.locator('tr[data-row="na"]').waitFor();
  await settled(page, 1);
};

it.each([
  ['overview-light', '/', 'light', 1366, 768],
  ['overview-dark', '/', 'dark', 1366, 768],
  ['overview-phone', '/', 'light', 390, 844],
  ['war-room', '/war-room', 'dark', 1920, 1080],
] as const)('%s', async (name, path, scheme, width, height) => {
  const page = await open(path, scheme, width, height);
  await overviewDrawn(page);
  await looksAsKept(await blank(), page, name);
});

it.each([
  ['dashboard-light', 'light'],
  ['dashboard-dark', 'dark'],
] as const)('%s', async (name, scheme) => {
  const page = await open('/d/launch', scheme, 1366, 900);
  await settled(page, LAUNCH.length);
  await looksAsKept(await blank(), page, name);
});

it('a dashboard on paper', async () => {
  const page = await open('/d/launch', 'dark', 1000, 900);
  await settled(page, LAUNCH.length);
  await page.emulateMedia({ media: 'print' });
  await settled(page, LAUNCH.length);
  await looksAsKept(await blank(), page, 'dashboard-print');
});

it('explore', async () => {
  const page = await open(`/explore?${new URLSearchParams({ expr: PLAYERS })}`, 'light', 1366, 768);
  await settled(page, 1);
  await looksAsKept(await blank(), page, 'explore');
});

it('a picture that lacks a panel is another picture', async () => {
  const page = await open('/d/launch', 'light', 1366, 900);
  await settled(page, LAUNCH.length);
  const whole = await page.screenshot();
  await page.locator('section[aria-label="Players by region"]').evaluate((panel) => panel.remove());
  const without = await page.screenshot();
  const other = await blank();
  expect((await difference(other, whole, whole)).share).toBe(0);
  expect((await difference(other, whole, without)).share).toBeGreaterThan(DIFFERENT_MAX);
});

// The charts with made data in a real browser: what the pointer and the keyboard show, and what is in the page.
import { join } from 'node:path';

import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { build } from 'vite';

import { startFront, type Front } from './front';
import { ARGS, CHROMIUM } from './chromium';
import { seriousFaults } from './harness';

let front: Front;
let browser: Browser;

beforeAll(async () => {
  await build({ configFile: join(import.meta.dirname, '../bench/vite.config.ts'), logLevel: 'warn' });
  // These pages ask nothing of a server.
  front = await startFront(join(import.meta.dirname, '../dist-bench'), 'http://127.0.0.1:9');
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await front?.close();
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});

async function gallery(colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1600, height: 2100 }, colorScheme });
  await page.goto(`${front.url}/gallery.html`);
  await page.locator('.uplot').first().waitFor();
  return page;
}

const panel = (page: Page, title: string): Locator => page.locator(`section[aria-label="${title}"]`);

/** Puts the pointer at a share of a chart's plotting area. */
async function point(page: Page, title: string, x: number, y: number): Promise<void> {
  const box = (await panel(page, title).locator('.u-over').boundingBox())!;
  await page.mouse.move(box.x + box.width * x - 3, box.y + box.height * y);
  await page.mouse.move(box.x + box.width * x, box.y + box.height * y);
}

it('lists the series around the pointer, not all 200', async () => {
  const page = await gallery();
  await point(page, '200 series', 0.5, 0.5);
  const said = await panel(page, '200 series').getByTestId('tooltip').innerText();
  expect(said).toContain('and 190 more');
  expect(said.split('\n')[0]).toMatch(/^2026-11-26 11:\d\d:\d\d$/);
});

it('moves the cursor of all charts of a page, and shows one tooltip', async () => {
  const page = await gallery();
  await point(page, 'Lines, thresholds, marks, exemplars', 0.25, 0.9);
  const lines = page.locator('.u-cursor-x:not(.u-off)');
  await page.waitForTimeout(100);
  expect(await lines.count()).toBeGreaterThanOrEqual(8);
  expect(await page.getByTestId('tooltip').count()).toBe(1);
});

it('tells of the marks at the pointer', async () => {
  const page = await gallery();
  // The deploy was 2,000 s before the end of an hour.
  await point(page, 'Lines, thresholds, marks, exemplars', 1 - 2000 / 3600, 0.95);
  expect(await page.getByTestId('tooltip').innerText()).toContain('deploy: 4.17.3 to eu');
});

it('walks through time by keyboard, in words for those who do not see it', async () => {
  const page = await gallery();
  const chart = panel(page, 'Gaps and lone points').locator('[aria-roledescription="chart"]');
  await chart.focus();
  await page.keyboard.press('End');
  const live = panel(page, 'Gaps and lone points').locator('[aria-live="polite"]');
  expect(await live.innerText()).toMatch(/^2026-11-26 12:00:00: eu-0 .*, eu-1 /);
  await page.keyboard.press('Shift+ArrowLeft');
  expect(await live.innerText()).toContain('11:57:30');
  await page.keyboard.press('Escape');
  expect(await page.getByTestId('tooltip').count()).toBe(0);
});

it('tells the bounds, count and quantiles of a cell', async () => {
  const page = await gallery();
  await point(page, 'Native histogram', 0.5, 0.5);
  const said = await panel(page, 'Native histogram').getByTestId('tooltip').innerText();
  expect(said).toMatch(/ms to .*ms/);
  expect(said).toMatch(/p50 [\d.]+ ms/);
  expect(said).toMatch(/p95 [\d.]+ ms/);
});

it('keeps only the rows in sight of a table of 10,000 in the page', async () => {
  const page = await gallery();
  const table = panel(page, 'Table');
  expect(await table.locator('table').getAttribute('aria-rowcount')).toBe('10001');
  expect(await table.locator('tbody tr').count()).toBeLessThan(100);
  await table.getByRole('region').evaluate((box) => (box.scrollTop = box.scrollHeight));
  await table.getByText('eu-9999', { exact: true }).waitFor();
  expect(await table.locator('tbody tr').count()).toBeLessThan(100);
  await table.getByRole('button', { name: 'server' }).click();
  await table.getByRole('region').evaluate((box) => (box.scrollTop = 0));
  await table.getByText('eu-0', { exact: true }).waitFor();
});

it('says states in words as well', async () => {
  const page = await gallery();
  await panel(page, 'Status history').locator('rect').nth(2).hover();
  expect(await page.getByTestId('tooltip').innerText()).toMatch(/(up \(ok\)|slow \(warn\)|down \(bad\))/);
  expect(await panel(page, 'Stats').getByText('(warn)').count()).toBeGreaterThan(0);
});

it('shows notes without running what is in them', async () => {
  const page = await gallery();
  const text = panel(page, 'Text');
  expect(await text.locator('strong').innerText()).toBe('join');
  expect(await text.locator('b, script, [href^="javascript"]').count()).toBe(0);
  expect(await text.getByText('<b>not bold</b>').count()).toBe(1);
});

it('has a word for each state of a panel', async () => {
  const page = await gallery();
  await panel(page, 'Loading').getByRole('status').waitFor();
  expect(await panel(page, 'Empty').innerText()).toContain('No data');
  expect(await panel(page, 'Failed').getByRole('alert').innerText()).toContain('fewer series');
  await panel(page, 'Stale and partial')
    .getByRole('button', { name: /^stale/ })
    .waitFor();
  await panel(page, 'Stale and partial')
    .getByRole('button', { name: /^partial: block/ })
    .waitFor();
});

it('leaves menus out on paper', async () => {
  const page = await gallery();
  const menu = panel(page, 'Stacked').getByRole('button', { name: 'Menu of Stacked' });
  expect(await menu.isVisible()).toBe(true);
  await page.emulateMedia({ media: 'print' });
  expect(await menu.isVisible()).toBe(false);
});

it.each(['light', 'dark'] as const)('has no serious fault for those who use it otherwise (%s)', async (scheme) => {
  expect(await seriousFaults(await gallery(scheme))).toEqual([]);
});

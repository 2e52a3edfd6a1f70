// Pages on a wall: large, with nothing to press, never looked after; and links that show one page to those who are not logged in.
import { expect, describe, it } from 'vitest';

import { seriousFaults, useConsole } from './harness';

const console = useConsole();

describe('a dashboard on a wall', () => {
  it('has nothing to press but its panels, moves on, and survives a server that goes and comes back', async () => {
    const page = await console.open('/d/region/wall?refresh=5s', { width: 1920, height: 1080, scheme: 'dark' });
    const players = page.locator('section[aria-label="Players by mode"][data-phase="ready"]');
    await players.waitFor();
    expect(await page.getByRole('navigation').count()).toBe(0);
    expect(await page.locator('header input, header select').count()).toBe(0);
    expect(await seriousFaults(page)).toEqual([]);
    console.front.down = true;
    await players.getByRole('button', { name: /^stale/ }).waitFor();
    console.front.down = false;
    await players.getByRole('button', { name: /^stale/ }).waitFor({ state: 'detached', timeout: 30_000 });
  });

  it('is led to from the dashboard, with its choices', async () => {
    const page = await console.open('/d/region?var-region=eu&f-mode=ranked');
    await page.getByRole('link', { name: 'On a wall' }).click();
    await page.waitForURL('**/d/region/wall?**');
    expect(new URL(page.url()).searchParams.getAll('f-mode')).toEqual(['ranked']);
    await page.locator('section[aria-label="Players by mode"]').waitFor();
  });
});

describe('the war room', () => {
  it.each([
    [1920, 1080],
    [1366, 768],
    [390, 844],
  ])('shows its numbers, rows and chart at %i x %i without one over the other', async (width, height) => {
    const page = await console.open('/war-room', { width, height });
    await page.locator('tr[data-row="eu"]').waitFor();
    const chart = page.locator('main section[data-phase="ready"] .uplot').first();
    await chart.waitFor();
    const box = (await chart.boundingBox())!;
    expect(box.height).toBeGreaterThan(110);
    // Nothing is wider than the wall.
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
    const over = await page.evaluate(() =>
      [...document.querySelectorAll('[data-sli]')]
        .filter((tile) => [...tile.children].some((child) => child.scrollWidth > child.clientWidth + 1))
        .map((tile) => tile.getAttribute('data-sli')),
    );
    expect(over).toEqual([]);
  });
});

describe('a link of the server itself', () => {
  it('opens its page without a login, and nothing once it was taken back', async () => {
    const made = await fetch(`${console.server}/api/v1/view_links`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ page: 'dashboard', dashboard: 'region', variables: { region: 'eu' }, ttl: '1h' }),
    });
    const { data } = (await made.json()) as { data: { id: string; url: string } };
    const page = await console.open(data.url);
    await page.locator('section[aria-label="Players by mode"][data-phase="ready"]').waitFor();
    await fetch(`${console.server}/api/v1/view_links/${data.id}`, { method: 'DELETE' });
    await page.reload();
    await page.getByRole('heading', { name: 'This link does not hold' }).waitFor();
  });
});

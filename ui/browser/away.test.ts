// A dashboard whose server goes away and comes back, whose computer's clock is wrong, and whose queries fail beside others.
import { expect, describe, it } from 'vitest';

import { until, useConsole } from './harness';
import { dashboardOf, type Placed } from './made-fleet';

const console = useConsole();

const ROOM: readonly Placed[] = [
  ['TimeSeriesChart', 'Players', 'sum by (region) (game_players)', [0, 0, 12, 8]],
  ['StatChart', 'All of them', 'sum(game_players)', [12, 0, 12, 8], { calculation: 'last' }],
];
const ready = (title: string): string => `section[aria-label="${title}"][data-phase="ready"]`;

/** Stores a dashboard; one of an earlier test is in its place already. */
async function store(name: string, panels: readonly Placed[]): Promise<void> {
  const answer = await fetch(`${console.server}/api/v1/dashboards`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(dashboardOf(name, panels)),
  });
  expect([201, 200, 409, 412]).toContain(answer.status);
}

describe('the server of a dashboard', () => {
  it('goes away: panels keep what they have and say that it is old; it comes back: they go on', async () => {
    await store('away', ROOM);
    const page = await console.open('/d/away?refresh=5s');
    await page.locator(ready('Players')).waitFor();
    const number = page.locator(`${ready('All of them')} [role="listitem"]`);
    await number.waitFor();
    console.front.down = true;
    for (const title of ['Players', 'All of them']) {
      const stale = page.locator(ready(title)).getByRole('button', { name: /^stale/ });
      await stale.waitFor();
    }
    expect(await number.innerText()).toMatch(/\d/);
    expect(
      await page
        .locator(`${ready('Players')} canvas`)
        .first()
        .isVisible(),
    ).toBe(true);
    await page.getByText('The server does not answer.').first().waitFor();
    console.front.down = false;
    for (const title of ['Players', 'All of them']) {
      const stale = page.locator(ready(title)).getByRole('button', { name: /^stale/ });
      await stale.waitFor({ state: 'detached', timeout: 30_000 });
    }
  });

  it('is away when another dashboard is opened: said, and a try again leads on', async () => {
    await store('late', ROOM);
    const page = await console.open('/d/away');
    await page.locator(ready('Players')).waitFor();
    await page.getByRole('link', { name: 'Dashboards' }).click();
    const late = page.locator('a[href^="/d/late"]').first();
    await late.waitFor();
    console.front.down = true;
    await late.click();
    await page.getByText('The dashboard could not be read').waitFor();
    console.front.down = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator(ready('Players')).waitFor({ timeout: 30_000 });
  });

  it('is away when a page is wanted whose code was never loaded: said, and loaded anew', async () => {
    const page = await console.open('/status');
    await page.getByRole('heading', { name: 'Status', level: 1 }).waitFor();
    console.front.down = true;
    await page.getByRole('link', { name: 'Explore' }).click();
    await page.getByText('This page could not be loaded').waitFor();
    console.front.down = false;
    await page.getByRole('button', { name: 'Load anew' }).click();
    await page.locator('.cm-editor').waitFor();
  });
});

describe('a query that fails while it runs', () => {
  it('says so on its panel; those beside it, and the other query of the same panel, go on', async () => {
    // Two series of each region on either side: what to match cannot be told.
    const ambiguous = 'game_players * on (region) game_players';
    await store('ambiguous', [
      ...ROOM,
      ['TimeSeriesChart', 'Ambiguous', ambiguous, [0, 8, 12, 8]],
      ['TimeSeriesChart', 'Below', 'sum(game_players) / 2', [12, 8, 12, 8]],
    ]);
    const page = await console.open('/d/ambiguous');
    await page.locator('section[aria-label="Ambiguous"][data-phase="failed"]').waitFor();
    expect(await page.getByRole('region', { name: 'Ambiguous' }).getByRole('alert').innerText()).toMatch(/match/);
    for (const title of ['Players', 'All of them', 'Below']) await page.locator(ready(title)).waitFor();
  });
});

describe('a computer whose clock is an hour ahead', () => {
  it.each([
    ['live', '10s'],
    ['asked once', 'off'],
  ])('shows the hour that the server means (%s), and says so', async (_, refresh) => {
    await store('clock', ROOM);
    const page = await console.open('/status');
    await page.addInitScript(() => {
      const ahead = 3_600_000;
      const real = Date.now.bind(Date);
      Date.now = () => real() + ahead;
    });
    const expr = 'sum(game_players)';
    await page.goto(`${console.front.url}/explore?${new URLSearchParams({ expr, refresh, tz: 'UTC' })}`);
    await page.locator(ready('Graph')).waitFor();
    await page.getByText("This computer's clock is 1 h ahead of the server's.").first().waitFor();
    const chart = page.locator('[aria-roledescription="chart"]');
    const at = async (key: string): Promise<number> => {
      await chart.focus();
      await page.keyboard.press(key);
      const text = await page.getByTestId('tooltip').locator('div').first().innerText();
      return Date.parse(`${text.trim().replace(' ', 'T')}Z`);
    };
    const about = (ago: number) => (time: number) => Math.abs(time - (Date.now() - ago * 1000)) < 300_000;
    await until(() => at('End'), about(0), 'a last point of about now');
    await until(() => at('Home'), about(3600), 'a first step of an hour ago');
  });
});

// The frame in a browser: by mouse, by keyboard, in the URL, and when the server is away.
import { describe, expect, it } from 'vitest';

import { refuse } from './fake';
import { seriousFaults, until, useConsole } from './harness';

const console = useConsole();

const badge = 'header button[data-freshness]';

describe('navigation', () => {
  it('goes to every page and keeps range and filters', async () => {
    const page = await console.open('/?from=now-15m&to=now&f-region=eu');
    const links = page.locator('nav[aria-label="Pages"] a[aria-current], nav[aria-label="Pages"] a[title^="Status"]');
    await page.getByRole('link', { name: 'Status' }).click();
    await page.getByRole('heading', { name: 'Status', level: 1 }).waitFor();
    expect(new URL(page.url()).search).toBe('?from=now-15m&to=now&f-region=eu');
    expect(await links.first().getAttribute('aria-current')).toBe('page');
    await page.getByRole('link', { name: 'Cardinality' }).click();
    await page.getByRole('heading', { name: 'Cardinality and guard' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Status', level: 1 }).waitFor();
  });

  it('goes by keys', async () => {
    const page = await console.open('/status');
    await page.getByRole('heading', { name: 'Status', level: 1 }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('o');
    await page.getByRole('region', { name: 'What players feel now' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
  });

  it('says when an address leads nowhere', async () => {
    const page = await console.open('/no/such/page');
    await page.getByRole('heading', { name: 'No such page' }).waitFor();
  });
});

describe('keys', () => {
  it('? lists them, Escape closes and gives the focus back', async () => {
    const page = await console.open('/status');
    await page.getByRole('heading', { name: 'Status', level: 1 }).waitFor();
    await page.keyboard.press('?');
    const dialog = page.getByRole('dialog', { name: 'Keyboard' });
    await dialog.waitFor();
    expect(await dialog.textContent()).toContain('Find a page, a dashboard or a metric');
    expect(await seriousFaults(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  it('/ finds a metric and goes to Explore with it', async () => {
    const page = await console.open('/status?f-region=eu');
    await page.getByRole('heading', { name: 'Status', level: 1 }).waitFor();
    await page.keyboard.press('/');
    const field = page.getByRole('combobox', { name: 'Find a page, a dashboard or a metric' });
    await field.fill('tick over total');
    await page.getByRole('option', { name: 'game_ticks_over_budget_total' }).waitFor();
    expect(await seriousFaults(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/explore?**');
    const url = new URL(page.url());
    expect(url.searchParams.get('expr')).toBe('game_ticks_over_budget_total');
    expect(url.searchParams.get('f-region')).toBe('eu');
  });

  it('zoom, shift and come back to live; the history undoes them', async () => {
    const page = await console.open('/status');
    await page.getByRole('heading', { name: 'Status', level: 1 }).waitFor();
    const from = (): string | null => new URL(page.url()).searchParams.get('from');
    await page.keyboard.press('-');
    await page.waitForURL('**from=now-2h**');
    await page.keyboard.press('+');
    await page.keyboard.press('+');
    await page.waitForURL('**from=now-30m**');
    await page.keyboard.press('[');
    await page.waitForURL(/from=\d+/);
    await page.keyboard.press('l');
    await page.waitForURL('**from=now-30m**');
    await page.goBack();
    expect(from()).toMatch(/^\d+$/);
  });

  it('do nothing while one types', async () => {
    const page = await console.open('/status');
    await page.getByRole('button', { name: /^Region/ }).click();
    await page.getByRole('textbox', { name: 'Find a region' }).fill('g');
    await page.keyboard.press('o');
    expect(new URL(page.url()).pathname).toBe('/status');
  });
});

describe('time', () => {
  it('takes both ends as text, in a zone that is shown', async () => {
    const page = await console.open('/status', { zone: 'Europe/Berlin' });
    await page.keyboard.press('t');
    const dialog = page.getByRole('dialog', { name: 'Time range' });
    await dialog.getByLabel('From').fill('2026-11-26 19:00');
    await dialog.getByLabel('To', { exact: true }).fill('2026-11-26 18:00');
    await page.keyboard.press('Enter');
    await dialog.getByText('The range ends before it begins.').waitFor();
    await dialog.getByLabel('To', { exact: true }).fill('yesterday');
    await page.keyboard.press('Enter');
    await dialog.getByText(/Not a time/).waitFor();
    await dialog.getByLabel('To', { exact: true }).fill('2026-11-26 20:00');
    expect(await seriousFaults(page)).toEqual([]);
    await page.keyboard.press('Enter');
    // 19:00 in Berlin in November is 18:00 UTC.
    await page.waitForURL(`**from=${Date.parse('2026-11-26T18:00:00Z')}**`);
    const button = page.getByRole('button', { name: /: time range$/ });
    expect(await button.textContent()).toContain('2026-11-26 19:00 to 2026-11-26 20:00');
    expect(await button.textContent()).toContain('Europe/Berlin (UTC+1)');
  });

  it('changes the zone everywhere and keeps it', async () => {
    const page = await console.open('/status?from=1795716000000&to=1795719600000');
    await page.keyboard.press('t');
    await page.getByLabel('Time zone').selectOption('Asia/Tokyo');
    const button = page.getByRole('button', { name: /: time range$/ });
    await until(
      () => button.textContent(),
      (text) => text?.includes('Asia/Tokyo (UTC+9)') === true,
      'the zone',
    );
    await page.goto(`${console.front.url}/status`);
    await until(
      () => button.textContent(),
      (text) => text?.includes('Asia/Tokyo') === true,
      'the zone, kept',
    );
  });
});

it('filters are chosen by mouse, and narrow one another', async () => {
  const page = await console.open('/status');
  await page.getByRole('button', { name: /^Region/ }).click();
  await page.getByRole('checkbox', { name: 'eu' }).check();
  await page.waitForURL('**f-region=eu**');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /^Server/ }).click();
  await page.getByRole('checkbox', { name: /^eu-/ }).first().waitFor();
  expect(await page.getByRole('checkbox', { name: /^na-/ }).count()).toBe(0);
  expect(await seriousFaults(page)).toEqual([]);
});

it('dark and light are chosen, and kept', async () => {
  const page = await console.open('/status');
  await page.getByRole('heading', { name: 'Status', level: 1 }).waitFor();
  await page.keyboard.press('Shift+T');
  await until(
    () => page.evaluate(() => document.documentElement.dataset.mantineColorScheme),
    (scheme) => scheme === 'dark',
    'the dark theme',
  );
  await page.reload();
  await page.getByRole('button', { name: 'Light theme' }).waitFor();
});

describe('the server', () => {
  it('goes away and comes back: said, and gone on from', async () => {
    const page = await console.open('/');
    const tile = page.locator('[data-sli="players"]');
    await until(
      () => tile.getAttribute('data-value'),
      (value) => /\d/.test(value ?? ''),
      'players',
    );
    await page.locator(`${badge}[data-freshness="ok"]`).waitFor();
    console.front.down = true;
    await page.locator(`${badge}[data-freshness="bad"]`).waitFor();
    await page.getByText('The server does not answer.').first().waitFor();
    // What was there is still seen, and said to be old.
    expect(await tile.getAttribute('data-value')).toMatch(/\d/);
    expect(await tile.textContent()).toContain('Not up to date');
    console.front.down = false;
    await page.locator(`${badge}[data-freshness="ok"]`).waitFor({ timeout: 25_000 });
    await until(
      () => tile.textContent(),
      (text) => !/Not up to date/.test(text ?? ''),
      'a fresh tile',
    );
  });

  it('has another clock: said, and times are its own', async () => {
    console.front.consoleConfig ??= {};
    console.front.skewMs = 600_000;
    const page = await console.open('/status');
    await page.getByText("This computer's clock is 10 min behind the server's.").waitFor();
    console.front.skewMs = 0;
  });

  it('asks for a token, and goes on with it', async () => {
    refuse(console.front, 'status/platform', 401, 'unauthorized', 'no token');
    const page = await console.open('/status');
    const dialog = page.getByRole('dialog', { name: 'Log in' });
    await dialog.waitFor();
    expect(await seriousFaults(page)).toEqual([]);
    console.front.answers.delete('status/platform');
    const sent = page.waitForRequest((request) => request.headers().authorization === 'Bearer secret');
    await dialog.getByLabel('Token').fill('secret');
    await page.keyboard.press('Enter');
    await sent;
    await dialog.waitFor({ state: 'detached' });
    expect(await page.evaluate(() => Object.values(localStorage).join())).not.toContain('secret');
  });
});

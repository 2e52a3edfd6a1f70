// The map of regions on the overview, by mouse and by keyboard; and what numbers say when their senders stopped.
import { afterEach, describe, expect, it } from 'vitest';

import { say, SLIS } from './fake';
import { seriousFaults, useConsole } from './harness';

const console = useConsole();

afterEach(() => console.front.answers.clear());

const region = (name: string): string => `button[data-region="${name}"]`;

/** Samples of one value, `from` to `to` seconds before now, on steps of ten seconds as the page asks for. */
function samples(value: string, from: number, to: number): [number, string][] {
  const now = Math.floor(Date.now() / 10_000) * 10;
  return Array.from({ length: (from - to) / 10 + 1 }, (_, i): [number, string] => [now - from + i * 10, value]);
}

describe('the map of regions', () => {
  it('shows regions where they lie, and leads to one, by arrows and Enter', async () => {
    const page = await console.open('/');
    await page.getByRole('group', { name: 'Regions as' }).getByRole('button', { name: 'map' }).click();
    await page.waitForURL('**show=map**');
    for (const name of ['apac', 'eu', 'na']) await page.locator(region(name)).waitFor();
    const left = async (name: string): Promise<number> => (await page.locator(region(name)).boundingBox())!.x;
    expect(await left('na')).toBeLessThan(await left('eu'));
    expect(await left('eu')).toBeLessThan(await left('apac'));
    await page.locator(region('eu')).focus();
    await page.keyboard.press('ArrowLeft');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-region'))).toBe('na');
    await page.keyboard.press('Enter');
    await page.waitForURL('**f-region=na**');
    expect(new URL(page.url()).searchParams.get('by')).toBe('mode');
    await page.goBack();
    await page.locator(region('eu')).waitFor();
  });

  it('is kept in the tab for addresses that do not say', async () => {
    const page = await console.open('/?show=grid');
    await page.getByRole('button', { name: 'map' }).click();
    await page.locator(region('eu')).waitFor();
    await page.goto(`${console.front.url}/status`);
    await page.goto(`${console.front.url}/`);
    await page.locator(region('eu')).waitFor();
    await page.goto(`${console.front.url}/?show=grid`);
    await page.locator('tr[data-row="eu"]').waitFor();
  });

  it('says levels in words, and has a place for regions that lie nowhere', async () => {
    say(console.front, 'schema/slis', SLIS);
    say(console.front, 'query_range', {
      resultType: 'matrix',
      result: [
        { metric: { region: 'eu-west-1' }, values: samples('0.5', 600, -30) },
        { metric: { region: 'us-east-1' }, values: samples('1', 600, -30) },
        { metric: { region: 'moonbase' }, values: samples('0.95', 600, -30) },
      ],
    });
    const page = await console.open('/?show=map&refresh=off');
    await page.getByRole('button', { name: /^Bad: ?eu-west-1 ?Join success 50/ }).waitFor();
    await page.getByRole('button', { name: /^Good: ?us-east-1$/ }).waitFor();
    await page
      .getByRole('group', { name: 'Not on the map' })
      .getByRole('button', { name: /^Warning: ?moonbase ?Join success 95/ })
      .waitFor();
  });

  it.each(['light', 'dark'] as const)('has no serious fault of accessibility (%s)', async (scheme) => {
    const page = await console.open('/?show=map', { scheme });
    await page.locator(region('eu')).waitFor();
    expect(await seriousFaults(page)).toEqual([]);
  });
});

describe('when senders stop', () => {
  it('the last value stays for a while, and says how old it is; then since when there is none', async () => {
    say(console.front, 'schema/slis', SLIS);
    say(console.front, 'query_range', {
      resultType: 'matrix',
      result: [
        { metric: { region: 'eu' }, values: samples('0.93', 1800, 300) },
        { metric: { region: 'na' }, values: samples('1', 3000, 2400) },
        { metric: { region: 'apac' }, values: samples('1', 1800, -30) },
      ],
    });
    const page = await console.open('/?refresh=off');
    const cell = (row: string) => page.locator(`tr[data-row="${row}"] td`).nth(1);
    await cell('eu')
      .getByText(/^93 ?%/)
      .waitFor();
    expect(await cell('eu').innerText()).toMatch(/late (4|5) min/);
    expect(await cell('eu').locator('[data-level="warn"]').count()).toBeGreaterThan(0);
    expect(await cell('na').innerText()).toMatch(/^no data since \d\d:\d\d$/);
    expect(await cell('apac').innerText()).toMatch(/^100 ?%$/);
    await page.goto(`${console.front.url}/?refresh=off&show=map`);
    await page.getByRole('button', { name: /^Warning: ?eu ?late (4|5) min.*Join success 93/ }).waitFor();
    await page.getByRole('button', { name: /^No data: ?na ?no data since/ }).waitFor();
    expect(await seriousFaults(page)).toEqual([]);
  });
});

// How panels draw what is different for some series, and what the live tail does not follow.
import { expect, test } from 'vitest';

import { dashboard, panel, putDashboard, storedDashboard } from './documents';
import { seriousFaults, until, useConsole } from './harness';

const console = useConsole();

const timeSeries = (spec: object): object => ({ kind: 'TimeSeriesChart', spec });

test('a series has a colour, a unit and an axis of its own, set in the editor', async () => {
  const spec = {
    legend: { mode: 'table', position: 'bottom', values: ['last'] },
    yAxis: { format: { unit: 'decimal' } },
  };
  await putDashboard(
    console.server,
    dashboard('looks', [panel('Players', 'sum by (region) (game_players)', timeSeries(spec))]),
  );
  const page = await console.open('/d/looks?edit=');
  await page.getByRole('region', { name: 'Players' }).and(page.locator('[data-phase="ready"]')).waitFor();
  await page.getByRole('button', { name: 'Menu of Players' }).click();
  await page.getByRole('menuitem', { name: /^Edit/ }).click();
  const editor = page.getByRole('dialog');
  await editor.getByRole('button', { name: 'Set series apart' }).click();
  await editor.getByLabel('Name of series 1').fill('[');
  await editor.getByRole('group', { name: 'Series 1' }).getByLabel('pattern').check();
  await editor.getByText('Not a regular expression').waitFor();
  await editor.getByLabel('Name of series 1').fill('^eu$');
  await editor.getByLabel('Colour of series 1').fill('#ff00ff');
  await editor.getByLabel('Colour of series 1').press('Tab');
  await editor.getByRole('combobox', { name: 'Unit of series 1' }).click();
  await page.getByRole('option', { name: 'bytes', exact: true }).click();
  await editor.getByRole('combobox', { name: 'Axis of series 1' }).click();
  await page.getByRole('option', { name: 'right axis' }).click();
  const row = editor.getByRole('table', { name: 'Legend' }).getByRole('row', { name: /eu/ });
  await row.getByText('on the right axis').waitFor({ state: 'attached' });
  expect(await row.locator('line').getAttribute('stroke')).toBe('#ff00ff');
  expect(await row.innerText()).toMatch(/ B$|KiB|bytes/);
  expect(await seriousFaults(page)).toEqual([]);
  await editor.getByRole('button', { name: 'Apply' }).click();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('button', { name: 'Edit', exact: true }).waitFor();
  expect(JSON.stringify(await storedDashboard(console.server, 'looks'))).toContain('"axis":"right"');
});

test('a stack of percents reaches to the whole, and tells both value and share', async () => {
  const spec = { visual: { stack: 'percent', areaOpacity: 0.3 } };
  await putDashboard(
    console.server,
    dashboard('shares', [panel('Shares', 'sum by (region) (game_players)', timeSeries(spec))]),
  );
  const page = await console.open('/d/shares');
  const chart = page.getByRole('application', { name: /^Shares/ });
  await chart.focus();
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowLeft');
  const tooltip = page.getByTestId('tooltip');
  const text = await until(
    () => tooltip.innerText(),
    (said) => (said.match(/%\)/g) ?? []).length === 3,
    'three shares',
  );
  const shares = [...text.matchAll(/\((\d+(?:\.\d+)?) ?%\)/g)].map((match) => Number(match[1]));
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(100, 0);
});

test('a query that the live tail refuses is polled, and says so', async () => {
  await putDashboard(
    console.server,
    dashboard('polled', [
      panel('Whole', 'sum(game_players @ end())'),
      panel('Live', 'sum(game_players)'),
      panel('Wrong', 'sum(game_players'),
    ]),
  );
  const asked: string[] = [];
  const page = await console.open('/d/polled?refresh=5s', { calls: asked });
  const whole = page.getByRole('region', { name: 'Whole' });
  await whole.and(page.locator('[data-phase="ready"]')).waitFor();
  await whole.getByRole('button', { name: /^polled:.*whole range/ }).waitFor();
  await page.getByRole('region', { name: 'Live' }).and(page.locator('[data-phase="ready"]')).waitFor();
  expect(await page.getByRole('region', { name: 'Live' }).getByText('polled').count()).toBe(0);
  await page.getByRole('region', { name: 'Wrong' }).getByText('parse error').waitFor();
  const polls = () => Promise.resolve(asked.filter((call) => call === 'POST query_range').length);
  const before = await polls();
  await until(polls, (count) => count >= before + 2, 'two more polls');
  expect(await seriousFaults(page)).toEqual([]);
});

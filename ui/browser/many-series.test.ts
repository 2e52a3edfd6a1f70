// Answers of ten thousand series: the page stays alive, draws what can be told apart, and says how many it left out.
import { expect, it } from 'vitest';

import { seriesKeyed } from './many';
import { useConsole } from './harness';
import { dashboardOf } from './made-fleet';

const console = useConsole();

const SERIES = 10_000;
const WINDOW = 'from=1795690800000&to=1795694400000';

/** How long the page takes to do nothing, in ms: what a reader waits for anything at all. */
async function answers(page: import('playwright-core').Page): Promise<number> {
  const begun = Date.now();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
  return Date.now() - begun;
}

it('Explore draws the largest of 10,000 series and says so; the table has all of them', async () => {
  console.front.answers.set('query_range', { status: 200, body: seriesKeyed(SERIES, 1795690800, 60, 61) });
  console.front.answers.set('query', { status: 200, body: seriesKeyed(SERIES, 1795690800, 60, 61, 'vector') });
  const page = await console.open(`/explore?expr=game_players&${WINDOW}`);
  await page.locator('section[aria-label="Graph"][data-phase="ready"]').waitFor();
  await page.getByText('400 of 10,000 series drawn').waitFor();
  expect(await answers(page)).toBeLessThan(5_000);
  expect(await page.getByRole('table', { name: 'Legend' }).locator('tbody tr').count()).toBeLessThan(100);
  await page.getByRole('radiogroup', { name: 'View' }).getByText('Table').click();
  const table = page.locator('table[aria-rowcount]');
  await table.waitFor();
  expect(await table.getAttribute('aria-rowcount')).toBe(String(SERIES + 1));
  expect(await table.locator('tbody tr').count()).toBeLessThan(100);
  console.front.answers.delete('query_range');
  console.front.answers.delete('query');
});

it('a panel of a dashboard draws the largest, says how many there are, and its neighbour is as it was', async () => {
  const many = dashboardOf('many', [
    ['TimeSeriesChart', 'Many', 'game_players', [0, 0, 12, 8]],
    ['Table', 'Listed', 'game_players', [12, 0, 12, 8]],
  ]);
  console.front.answers.set('dashboards/many', {
    status: 200,
    body: { status: 'success', data: { dashboard: many, revision: '1', source: 'store', readOnly: false } },
  });
  console.front.answers.set('query_range', { status: 200, body: seriesKeyed(SERIES, 1795690800, 60, 61) });
  const page = await console.open(`/d/many?${WINDOW}`);
  await page.getByRole('region', { name: 'Many' }).getByText('500 largest of 10,000 series.').waitFor();
  await page.locator('section[aria-label="Listed"][data-phase="ready"]').waitFor();
  expect(await page.locator('section[aria-label="Listed"] table').getAttribute('aria-rowcount')).toBe('10001');
  expect(await answers(page)).toBeLessThan(5_000);
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
  console.front.answers.delete('query_range');
  console.front.answers.delete('dashboards/many');
});

it('a live query with 10,000 series is drawn as well', async () => {
  console.front.answers.set('stream', ({ body }) => {
    const { queries } = JSON.parse(body) as { queries: { id: string; step: number; range: number }[] };
    const { id, step, range } = queries[0]!;
    const to = Math.floor(Date.now() / 1000 / step) * step;
    const times = [to - 2 * step, to - step, to];
    const series = Array.from({ length: SERIES }, (_, n) => ({
      n,
      metric: { server: `s-${n}` },
      values: times.map((time) => [time, String(n % 977)]),
    }));
    const data = JSON.stringify({ query: id, from: to - range, to, step, series });
    return { status: 200, type: 'text/event-stream', body: `id: m-1\nevent: snapshot\ndata: ${data}\n\n`, held: true };
  });
  const page = await console.open('/explore?expr=game_players');
  await page.getByText('400 of 10,000 series drawn').waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
  console.front.answers.delete('stream');
});

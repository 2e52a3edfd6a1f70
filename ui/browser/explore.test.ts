// Explore in a real browser against a real server: used by mouse and by keyboard, and when things go wrong.
import { readFileSync } from 'node:fs';

import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';

import { seriousFaults, until, useConsole } from './harness';

const console = useConsole();

/** Answers in the place of the server's, for one test. */
const faked: string[] = [];

function fake(path: string, status: number, body: unknown): void {
  console.front.answers.set(path, { status, body });
  faked.push(path);
}

afterEach(() => {
  for (const path of faked.splice(0)) console.front.answers.delete(path);
});

function explore(exprs: readonly string[], more: Readonly<Record<string, string>> = {}): string {
  const params = new URLSearchParams(exprs.map((expr): [string, string] => ['expr', expr]));
  for (const [name, value] of Object.entries(more)) params.set(name, value);
  return `/explore?${params}`;
}

const BY_REGION = 'sum by (region) (game_players)';
const BUCKETS = 'sum by (le) (rate(game_tick_duration_seconds_bucket[1m]))';

const phase = (page: Page, title: string, is: string) =>
  page.locator(`section[aria-label="${title}"][data-phase="${is}"]`).waitFor();
const editor = (page: Page, id = 'A') => page.getByRole('textbox', { name: `Query ${id}` });
const legendRows = (page: Page) => page.getByRole('table', { name: 'Legend' }).locator('tbody tr button');
const plot = (page: Page) => page.locator('[aria-roledescription="chart"]');

/** What the live stream is asked now. */
function streams(calls: readonly string[]): number {
  return calls.filter((call) => call === 'POST stream').length;
}

describe('a query', () => {
  it('is typed with completion, run by Enter, drawn live by one stream, and in the URL', async () => {
    const calls: string[] = [];
    const page = await console.open('/explore', { calls });
    await page.locator('.cm-editor').waitFor();
    await editor(page).click();
    await page.keyboard.type('sum by (region) (game_players');
    await page.getByRole('option', { name: 'game_players' }).first().waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await phase(page, 'Graph', 'ready');
    expect(await legendRows(page).allInnerTexts()).toEqual(['apac', 'eu', 'na']);
    expect(new URL(page.url()).searchParams.getAll('expr')).toEqual(['sum by (region) (game_players)']);
    expect(await page.getByText(/reads about .* series/).innerText()).toMatch(/samples/);
    expect(streams(calls)).toBe(1);
    expect(calls.filter((call) => /series|query_range/.test(call))).toEqual([]);
  });

  it('moves on by what the stream sends', async () => {
    const page = await console.open(explore([BY_REGION], { refresh: '5s' }));
    await phase(page, 'Graph', 'ready');
    await plot(page).focus();
    const last = async () => {
      await page.keyboard.press('End');
      return (await page.getByTestId('tooltip').locator('div').first().innerText()).trim();
    };
    const first = await last();
    await until(last, (text) => text > first, 'a later point');
  });

  it('that is wrong is marked while it is typed, and said when it is run', async () => {
    const page = await console.open(explore(['sum(rate(game_ticks_total))']));
    await page.locator('.cm-lintRange-error').first().waitFor();
    await phase(page, 'Graph', 'failed');
    expect(await page.getByRole('alert').innerText()).toContain('expected type range vector');
  });

  it('that was left while completions were asked for gets no list of them', async () => {
    const page = await console.open('/explore');
    await page.locator('.cm-editor').waitFor();
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    let held = 0;
    await page.route(/\/api\/v1\/(label|labels|metadata|series)\b/, async (route) => {
      ++held;
      await gate;
      await route.continue();
    });
    await editor(page).click();
    await page.keyboard.type('game_pl');
    await until(
      () => Promise.resolve(held),
      (count) => count > 0,
      'a question for completions',
    );
    await page.getByRole('button', { name: 'Run' }).focus();
    const answered = page.waitForResponse(/\/api\/v1\/label/);
    release();
    await (await answered).finished();
    // Long enough for a list to open, were one to.
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)));
    expect(await page.getByRole('listbox', { name: 'Completions' }).count()).toBe(0);
    expect(await editor(page).innerText()).toBe('game_pl');
  });

  it('that matches nothing says so', async () => {
    const page = await console.open(explore(['nothing_at_all']));
    await phase(page, 'Graph', 'empty');
    expect(await page.getByText('No series match in this range.').isVisible()).toBe(true);
  });

  it('that is too costly says what to do', async () => {
    const message = 'the query would read about 44 GiB unpacked, more than 40 GiB';
    fake('query_range', 429, { status: 'error', errorType: 'too_many_requests', error: message });
    const page = await console.open(explore([BY_REGION], { refresh: 'off' }));
    await phase(page, 'Graph', 'failed');
    const said = await page.getByRole('alert').innerText();
    expect(said).toContain(message);
    expect(said).toContain('fewer series');
  });

  it('beside one that fails is drawn, marked as partial', async () => {
    const page = await console.open(explore([BY_REGION, 'sum(rate(game_players))']));
    await phase(page, 'Graph', 'ready');
    await page.getByRole('button', { name: /^partial:.*range vector/ }).waitFor();
    expect(await legendRows(page).count()).toBe(3);
  });

  it('takes the filters of the frame where it says so', async () => {
    const page = await console.open(explore(['sum by (region) (game_players{$filter})'], { 'f-region': 'eu' }));
    await phase(page, 'Graph', 'ready');
    expect(await legendRows(page).allInnerTexts()).toEqual(['{region="eu"}']);
  });
});

describe('views', () => {
  it('all say what came and what it took; a live graph when it is asked', async () => {
    const calls: string[] = [];
    const page = await console.open(explore([BY_REGION]), { calls });
    await phase(page, 'Graph', 'ready');
    const statistics = page.getByRole('region', { name: 'Statistics' });
    expect(await statistics.innerText()).toMatch(/^A 3 series, [\d,]+ points/);
    expect(calls).not.toContain('POST query_range');
    await statistics.getByRole('button', { name: 'What it takes' }).click();
    await statistics.getByText(/; read \d.* series, .* samples in .*cache/).waitFor();
    await page.goto(console.front.url + explore([BY_REGION], { refresh: 'off' }));
    await statistics.getByText(/points; read .* samples in .*cache/).waitFor();
    await page.goto(console.front.url + explore([BY_REGION, 'up'], { view: 'table' }));
    await statistics.getByText(/^A 3 series, 3 points; read .* samples in/).waitFor();
  });

  it('a table of the latest values, sorted by a head, saved as CSV', async () => {
    const page = await console.open(explore(['game_players'], { view: 'table' }));
    await page.locator('section[aria-label^="Table"][data-phase="ready"]').waitFor();
    const values = () => page.locator('section[aria-label^="Table"] tbody td:last-child').allInnerTexts();
    await page.getByRole('button', { name: 'value' }).click();
    const sorted = (await values()).filter((text) => /^\d+$/.test(text)).map(Number);
    expect(sorted.length).toBeGreaterThan(10);
    expect(sorted).toEqual(sorted.toSorted((a, b) => b - a));
    await page.getByRole('button', { name: /^Menu of Table/ }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'Save as CSV' }).click(),
    ]);
    const csv = readFileSync(await download.path(), 'utf8').split('\r\n');
    expect(csv[0]).toContain('region');
    expect(csv.length).toBeGreaterThan(10);
  });

  it('a heatmap of classic buckets, told cell by cell by keyboard', async () => {
    const page = await console.open(explore([BUCKETS], { view: 'heatmap' }));
    await phase(page, 'Heatmap', 'ready');
    await page.locator('[aria-roledescription="heatmap"]').focus();
    await page.keyboard.press('ArrowLeft');
    const said = await page.getByTestId('tooltip').innerText();
    expect(said).toMatch(/ms to/);
    expect(said).toMatch(/p50 .*ms/);
  });

  it('a heatmap of native histograms', async () => {
    const end = Math.floor(Date.now() / 10_000) * 10;
    const histogram = {
      count: '30',
      sum: '1',
      buckets: [
        [0, '0.001', '0.002', '10'],
        [0, '0.002', '0.004', '20'],
      ],
    };
    const histograms = [
      [end - 20, histogram],
      [end - 10, histogram],
    ];
    fake('query_range', 200, {
      status: 'success',
      data: { resultType: 'matrix', result: [{ metric: { __name__: 'tick_seconds' }, histograms }] },
    });
    const page = await console.open(explore(['tick_seconds'], { view: 'heatmap', refresh: 'off', from: 'now-2m' }));
    await phase(page, 'Heatmap', 'ready');
    expect(await page.locator('[aria-roledescription="heatmap"]').getAttribute('aria-label')).toContain('2 buckets');
  });

  it('a heatmap of what is none says what it needs', async () => {
    const page = await console.open(explore([BY_REGION], { view: 'heatmap' }));
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').innerText()).toContain('needs native histograms, or buckets');
  });

  it('a plan, with what each part did once it is analysed', async () => {
    const page = await console.open(explore(['sum by (region) (rate(game_ticks_total[1m]))'], { view: 'explain' }));
    const plan = page.getByRole('region', { name: 'Plan of query A' });
    await plan.getByRole('cell', { name: 'aggregate sum by (region)' }).waitFor();
    expect(await plan.getByText('samples read').count()).toBe(0);
    await plan.getByRole('button', { name: 'Analyze' }).click();
    await plan.getByText('samples read').waitFor();
    expect(await plan.locator('dl').innerText()).toMatch(/result\s*3 series/);
  });

  it('exemplars as dots, told when pointed at', async () => {
    const at = Math.floor(Date.now() / 1000) - 600;
    const exemplars = [{ labels: { trace_id: '4bf92f3577b34da6' }, value: '5', timestamp: at }];
    fake('query_exemplars', 200, { status: 'success', data: [{ seriesLabels: { region: 'eu' }, exemplars }] });
    const calls: string[] = [];
    const page = await console.open(explore([BY_REGION], { from: 'now-20m', refresh: 'off' }), { calls });
    await phase(page, 'Graph', 'ready');
    expect(calls.filter((call) => call.includes('query_exemplars'))).toEqual([]);
    await page.getByRole('switch', { name: 'Exemplars' }).click();
    await until(
      async () => calls.some((call) => call.includes('query_exemplars')),
      Boolean,
      'exemplars to be asked for',
    );
    const over = page.locator('.u-over');
    const box = (await over.boundingBox())!;
    const now = Date.now() / 1000;
    // Its value lies below all lines, so near the bottom; its time is half of the window.
    const x = box.x + box.width * (1 - (now - at) / 1200);
    const said = await until(
      async () => {
        for (let y = box.y + box.height - 1; y > box.y; y -= 6) {
          for (const side of [-8, -4, 0, 4, 8]) {
            await page.mouse.move(x + side, y);
            const text = await page
              .getByTestId('tooltip')
              .innerText()
              .catch(() => '');
            if (text.includes('trace_id')) return text;
          }
          if (y < box.y + box.height - 40) break;
        }
        return '';
      },
      (text) => text !== '',
      'the exemplar to be told of',
    );
    expect(said).toContain('trace_id = 4bf92f3577b34da6');
  });
});

describe('the chart', () => {
  it('zooms by a drag, and the browser goes back', async () => {
    const page = await console.open(explore([BY_REGION]));
    await phase(page, 'Graph', 'ready');
    const box = (await page.locator('.u-over').boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.6, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.8, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/from=\d{13}&to=\d{13}/);
    await phase(page, 'Graph', 'ready');
    await page.goBack();
    await page.waitForURL((url) => !url.searchParams.has('to'));
  });

  it('shows one series by a click, and on or off with Ctrl', async () => {
    const page = await console.open(explore([BY_REGION]));
    await phase(page, 'Graph', 'ready');
    const pressed = () => legendRows(page).evaluateAll((rows) => rows.map((row) => row.getAttribute('aria-pressed')));
    await legendRows(page).nth(1).click();
    expect(await pressed()).toEqual(['false', 'true', 'false']);
    await legendRows(page).nth(1).click();
    expect(await pressed()).toEqual(['true', 'true', 'true']);
    await legendRows(page)
      .nth(0)
      .click({ modifiers: ['Control'] });
    expect(await pressed()).toEqual(['false', 'true', 'true']);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await pressed()).toEqual(['false', 'true', 'false']);
  });

  it('is saved as a picture', async () => {
    const page = await console.open(explore([BY_REGION]));
    await phase(page, 'Graph', 'ready');
    await page.getByRole('button', { name: 'Menu of Graph' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'Save as PNG' }).click(),
    ]);
    const png = readFileSync(await download.path());
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(png.length).toBeGreaterThan(10_000);
  });

  it('draws 400 of 10,000 series and stays alive', async () => {
    const end = Math.floor(Date.now() / 10_000) * 10;
    const result = Array.from({ length: 10_000 }, (_, n) => ({
      metric: { server: `s-${n}` },
      values: Array.from({ length: 10 }, (__, i) => [end - 10 * i, String(n + i)]).toReversed(),
    }));
    fake('query_range', 200, { status: 'success', data: { resultType: 'matrix', result } });
    const page = await console.open(explore(['many'], { from: 'now-5m', refresh: 'off' }));
    await page.getByText('400 of 10,000 series drawn').waitFor();
    // Of 400 rows of the legend only those in sight are in the page.
    expect(await legendRows(page).count()).toBeLessThan(100);
    await page.getByText('Explain', { exact: true }).click();
    await page.getByRole('region', { name: 'Plan of query A' }).waitFor();
  });
});

describe('the page', () => {
  it('remembers what was run and takes it back by keyboard', async () => {
    const page = await console.open(explore([BY_REGION]));
    await page.locator('.cm-editor').waitFor();
    await editor(page).click();
    await page.keyboard.press('Control+Enter');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('game_cpu_percent');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+Enter');
    await page.waitForURL(/game_cpu_percent/);
    await page.getByRole('button', { name: 'History' }).press('Enter');
    await page.getByRole('textbox', { name: 'Search the history' }).fill('region players');
    await page.keyboard.press('Enter');
    await page.waitForURL(/game_players/);
    await phase(page, 'Graph', 'ready');
  });

  it('gives a link that shows just this, its window fixed', async () => {
    const page = await console.open(explore([BY_REGION, 'game_cpu_percent'], { scale: 'log10', from: 'now-20m' }), {
      clipboard: true,
    });
    await phase(page, 'Graph', 'ready');
    await page.getByRole('button', { name: 'Copy a link to just this' }).click();
    await page.getByText('The link is in the clipboard.').waitFor();
    const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
    expect(link.searchParams.getAll('expr')).toEqual([BY_REGION, 'game_cpu_percent']);
    expect(link.searchParams.get('scale')).toBe('log10');
    expect(Number(link.searchParams.get('to')) - Number(link.searchParams.get('from'))).toBe(1_200_000);
    const other = await console.open(link.pathname + link.search);
    await phase(other, 'Graph', 'ready');
    await until(
      () => legendRows(other).count(),
      (count) => count === 15,
      'the series of both queries',
    );
  });

  it('adds, hides, duplicates and removes queries', async () => {
    const page = await console.open(explore([BY_REGION]));
    await phase(page, 'Graph', 'ready');
    await page.getByRole('button', { name: 'More on query A' }).click();
    await page.getByRole('menuitem', { name: 'Duplicate' }).click();
    await until(
      () => legendRows(page).count(),
      (count) => count === 6,
      '6 series',
    );
    expect((await legendRows(page).allInnerTexts())[0]).toBe('A apac');
    await page.getByRole('button', { name: 'B', exact: true }).click();
    await page.waitForURL(/off=B/);
    await until(
      () => legendRows(page).count(),
      (count) => count === 3,
      '3 series',
    );
    await page.getByRole('button', { name: 'More on query B' }).click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    await page.waitForURL((url) => url.searchParams.getAll('expr').length === 1);
  });

  it('goes on by itself when the server was away', async () => {
    const page = await console.open(explore([BY_REGION], { refresh: '5s' }));
    await phase(page, 'Graph', 'ready');
    console.front.down = true;
    await page.getByRole('button', { name: /^stale/ }).waitFor();
    expect(await legendRows(page).count()).toBe(3);
    console.front.down = false;
    await page.getByRole('button', { name: /^stale/ }).waitFor({ state: 'detached', timeout: 40_000 });
  }, 90_000);

  it.each(['light', 'dark'] as const)(
    'has no serious fault for those who use it otherwise (%s)',
    async (scheme) => {
      const paths = [
        '/explore',
        explore([BY_REGION]),
        explore([BY_REGION], { view: 'table' }),
        explore([BUCKETS], { view: 'heatmap' }),
        explore([BY_REGION], { view: 'explain' }),
        explore(['sum(rate(game_players))']),
      ];
      for (const path of paths) {
        const page = await console.open(path, { scheme });
        await page.locator('.cm-editor').first().waitFor();
        await page
          .locator('section[data-phase]:not([data-phase="loading"]), section[aria-label^="Plan"] table, main ul')
          .first()
          .waitFor();
        expect(await seriousFaults(page), path).toEqual([]);
        await page.context().close();
      }
    },
    120_000,
  );
});

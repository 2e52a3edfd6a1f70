// Pictures of every page, to be looked at: `node bench/pictures.ts SERVER DIRECTORY [PART OF A NAME]` (SERVER has a fleet, see
// browser/server.ts) takes each page of ui/dist in light and dark at three sizes. CHROMIUM_BIN names the browser.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { chromium, type Page } from 'playwright-core';

import { ARGS, CHROMIUM } from '../browser/chromium.ts';
import { startFront } from '../browser/front.ts';
import { sleep } from './main-thread.ts';

interface Shot {
  readonly name: string;
  readonly path: string;
  /** What is done before the picture is taken. */
  readonly act?: (page: Page) => Promise<void>;
  /** As on paper. */
  readonly print?: true;
  /** All of the page rather than what a window shows. */
  readonly whole?: true;
}

const BUCKETS = 'sum by (le) (rate(game_tick_duration_seconds_bucket[1m]))';
const RATIO = 'sum by (region) (rate(game_ticks_over_budget_total[1m])) / sum by (region) (rate(game_ticks_total[1m]))';
const GRAFANA = {
  title: 'From Grafana',
  schemaVersion: 39,
  panels: [
    { id: 1, type: 'timeseries', title: 'Players', gridPos: { x: 0, y: 0, w: 12, h: 8 }, targets: [{ expr: 'up' }] },
    { id: 2, type: 'geomap', title: 'Map', gridPos: { x: 12, y: 0, w: 12, h: 8 } },
    { id: 3, type: 'logs', title: 'Logs', gridPos: { x: 0, y: 8, w: 12, h: 8 } },
  ],
};

const explore = (expr: string, more = ''): string => `/explore?${new URLSearchParams({ expr })}${more}`;
const pressed =
  (name: string | RegExp) =>
  async (page: Page): Promise<void> => {
    await page.getByRole('button', { name }).first().click();
  };

const SHOTS: readonly Shot[] = [
  { name: 'overview', path: '/' },
  { name: 'overview-servers', path: '/?by=server&sli=tick_over_budget' },
  { name: 'overview-print', path: '/', print: true, whole: true },
  { name: 'war-room', path: '/war-room' },
  { name: 'explore-empty', path: '/explore' },
  { name: 'explore-graph', path: explore('sum by (region, mode) (game_players)') },
  { name: 'explore-two', path: `${explore('sum by (region) (game_players)')}&${new URLSearchParams({ expr: RATIO })}` },
  { name: 'explore-table', path: explore('game_players', '&view=table') },
  { name: 'explore-heatmap', path: explore(BUCKETS, '&view=heatmap') },
  { name: 'explore-explain', path: explore(RATIO, '&view=explain') },
  { name: 'explore-failed', path: explore('sum(rate(game_ticks_total))') },
  { name: 'dashboards', path: '/dashboards' },
  ...['fleet', 'region', 'server', 'builds', 'host', 'platform', 'cost'].map((name): Shot => ({
    name: `d-${name}`,
    path: `/d/${name}`,
    whole: true,
  })),
  { name: 'd-fleet-wall', path: '/d/fleet/wall' },
  { name: 'd-fleet-print', path: '/d/fleet', print: true, whole: true },
  { name: 'd-edit', path: '/d/fleet?edit=' },
  {
    name: 'd-editor',
    path: '/d/fleet?edit=',
    act: async (page) => {
      await page.getByRole('button', { name: 'Menu of Join success' }).last().click();
      await page.getByRole('menuitem', { name: 'Edit' }).click();
    },
  },
  {
    name: 'import',
    path: '/dashboards',
    act: async (page) => {
      await page.getByRole('button', { name: 'Import' }).click();
      await page.getByRole('textbox', { name: "The dashboard's JSON" }).fill(JSON.stringify(GRAFANA));
      await page.getByRole('region', { name: 'Import report' }).waitFor();
    },
  },
  { name: 'cardinality', path: '/cardinality' },
  { name: 'cardinality-labels', path: '/cardinality?tab=labels' },
  { name: 'cardinality-owners', path: '/cardinality?tab=owners' },
  { name: 'cardinality-unused', path: '/cardinality?tab=unused' },
  { name: 'cardinality-guard', path: '/cardinality?tab=guard' },
  { name: 'status', path: '/status', whole: true },
  { name: 'nowhere', path: '/no/such/page' },
  { name: 'keys', path: '/status', act: (page) => page.keyboard.press('?') },
  { name: 'find', path: '/status', act: (page) => page.keyboard.press('/') },
  { name: 'time', path: '/', act: pressed(/: time range$/) },
  { name: 'filter', path: '/', act: pressed(/^Region/) },
];

const SIZES = [
  [1920, 1080],
  [1366, 768],
  [390, 844],
] as const;
const SCHEMES = ['light', 'dark'] as const;

const [server, directory, part = ''] = process.argv.slice(2);
mkdirSync(directory!, { recursive: true });
const front = await startFront(join(import.meta.dirname, '../dist'), server!);
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
try {
  for (const shot of SHOTS) {
    for (const [width, height] of SIZES) {
      for (const colorScheme of SCHEMES) {
        const name = `${shot.name}-${width}-${colorScheme}`;
        if (!name.includes(part)) continue;
        const page = await browser.newPage({ viewport: { width, height }, colorScheme, timezoneId: 'UTC' });
        try {
          await page.goto(front.url + shot.path);
          await page.locator('main').waitFor();
          // What a page shows below its window is not asked before it is seen: a window as high as all of it.
          if (shot.whole) await page.setViewportSize({ width, height: 2600 });
          await sleep(2500);
          await shot.act?.(page);
          if (shot.act) await sleep(800);
          if (shot.print) await page.emulateMedia({ media: 'print', colorScheme });
          await page.screenshot({ path: join(directory!, `${name}.png`) });
        } catch (error) {
          process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
        } finally {
          await page.close();
        }
      }
    }
  }
} finally {
  await browser.close();
  await front.close();
}

// The browser's part of bench/console_charts.py: `node measure.ts SERVER CHROMIUM SECONDS MINUTES` prints one line of JSON.
import { join } from 'node:path';

import { chromium, type Browser } from 'playwright-core';

import { ARGS } from '../browser/chromium.ts';
import { startFront } from '../browser/front.ts';
import { DRAWN, firstPicture, heap, isThere, longestTask, metrics, sleep, watchTasks } from './main-thread.ts';

const [server, executablePath, seconds, minutes] = process.argv.slice(2);
const SIZE = { width: 1400, height: 860 };
const EXPLORE = `/explore?${new URLSearchParams({ expr: 'game_cpu_percent', refresh: '5s' })}`;

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

async function redraw(browser: Browser, url: string) {
  const page = await browser.newPage({ viewport: SIZE });
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable');
  await page.goto(`${url}/redraw.html`);
  await isThere(page, 'window.redraws');
  await page.evaluate('prepare(200, 721, 70)');
  // The first ones warm up the code; then as pages draw, then with a pixel read back.
  await page.evaluate('redraws(0, 10, false)');
  await cdp.send('HeapProfiler.collectGarbage');
  const before = await metrics(cdp);
  const found = (await page.evaluate('redraws(10, 40, false)')) as number[];
  const after = await metrics(cdp);
  const read = (await page.evaluate('redraws(40, 70, true)')) as number[];
  await page.close();
  return {
    median_ms: quantile(found, 0.5),
    p95_ms: quantile(found, 0.95),
    read_back_median_ms: quantile(read, 0.5),
    // What the thread had of the processor, painting included, whoever else wanted it.
    cpu_ms: ((after.ThreadTime! - before.ThreadTime!) * 1000) / found.length,
    task_ms: ((after.TaskDuration! - before.TaskDuration!) * 1000) / found.length,
  };
}

async function live(browser: Browser, url: string) {
  const page = await browser.newPage({ viewport: SIZE });
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable');
  await page.goto(url + EXPLORE);
  await page.locator(DRAWN).waitFor();
  const legend = await page.getByRole('table', { name: 'Legend' }).locator('th').first().innerText();
  await sleep(10_000);
  await watchTasks(page);
  const heapBegin = await heap(cdp);
  const before = await metrics(cdp);
  await sleep(Number(seconds) * 1000);
  const after = await metrics(cdp);
  const longest = await longestTask(page);
  const heapEnd = await heap(cdp);
  const byMinute: number[] = [];
  for (let minute = 0; minute < Number(minutes); ++minute) {
    await sleep(60_000);
    byMinute.push(await heap(cdp));
  }
  await page.close();
  return {
    series: Number.parseInt(legend, 10),
    seconds: Number(seconds),
    // By the clock, which goes on while others have the processor; and what the thread had of it.
    main_thread_cpu_share: (after.ThreadTime! - before.ThreadTime!) / (after.Timestamp! - before.Timestamp!),
    main_thread_share: (after.TaskDuration! - before.TaskDuration!) / (after.Timestamp! - before.Timestamp!),
    script_share: (after.ScriptDuration! - before.ScriptDuration!) / (after.Timestamp! - before.Timestamp!),
    // Tasks under 50 ms are not told of.
    longest_task_ms: longest,
    heap_begin: heapBegin,
    heap_end: heapEnd,
    heap_by_minute: byMinute,
  };
}

const browser = await chromium.launch({ executablePath: executablePath!, args: ARGS });
const bench = await startFront(join(import.meta.dirname, '../dist-bench'), server!);
const pages = await startFront(join(import.meta.dirname, '../dist'), server!);
try {
  const firsts: number[] = [];
  for (let i = 0; i < 5; ++i) firsts.push(await firstPicture(browser, pages.url + EXPLORE, SIZE));
  const found = {
    first_picture_ms: { median: quantile(firsts, 0.5), max: Math.max(...firsts) },
    redraw: await redraw(browser, bench.url),
    live: await live(browser, pages.url),
  };
  process.stdout.write(`${JSON.stringify(found)}\n`);
} finally {
  await browser.close();
  await Promise.all([bench.close(), pages.close()]);
}

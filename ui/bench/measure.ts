// The browser's part of bench/pagescharts.py: `node measure.ts SERVER CHROMIUM SECONDS MINUTES` prints one line of JSON.
import { join } from 'node:path';

import { chromium, type Browser, type CDPSession, type Page } from 'playwright-core';

import { startFront } from '../browser/front.ts';

const [server, executablePath, seconds, minutes] = process.argv.slice(2);
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const SIZE = { width: 1400, height: 860 };
const EXPLORE = `/explore?${new URLSearchParams({ expr: 'game_cpu_percent', refresh: '5s' })}`;
const DRAWN = '[data-phase="ready"] .uplot canvas';

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

async function metrics(cdp: CDPSession): Promise<Record<string, number>> {
  const { metrics: all } = await cdp.send('Performance.getMetrics');
  return Object.fromEntries(all.map(({ name, value }) => [name, value]));
}

async function heap(cdp: CDPSession): Promise<number> {
  await cdp.send('HeapProfiler.collectGarbage');
  return (await metrics(cdp)).JSHeapUsedSize!;
}

/** Waits until an expression has a value; asked through the debugger, as pages forbid to evaluate texts. */
async function isThere(page: Page, expression: string): Promise<void> {
  for (let tried = 0; tried < 600; ++tried) {
    if (await page.evaluate(`${expression} !== undefined`)) return;
    await sleep(50);
  }
  throw new Error(`${expression} did not appear`);
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

/** Milliseconds from the begin of the navigation to a chart with lines, in a browser that has nothing kept. */
async function firstPicture(browser: Browser, url: string): Promise<number> {
  const context = await browser.newContext({ viewport: SIZE });
  const page = await context.newPage();
  await page.addInitScript(`{
    const look = () => {
      if (document.querySelector('${DRAWN}') !== null) window.firstPicture = performance.now();
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }`);
  await page.goto(url + EXPLORE);
  await isThere(page, 'window.firstPicture');
  const found = (await page.evaluate('window.firstPicture')) as number;
  await context.close();
  return found;
}

async function longest(page: Page): Promise<number> {
  return (await page.evaluate('Math.max(0, ...window.longTasks)')) as number;
}

async function live(browser: Browser, url: string) {
  const page = await browser.newPage({ viewport: SIZE });
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable');
  await page.goto(url + EXPLORE);
  await page.locator(DRAWN).waitFor();
  const legend = await page.getByRole('table', { name: 'Legend' }).locator('th').first().innerText();
  await sleep(10_000);
  await page.evaluate(`{
    window.longTasks = [];
    new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((one) => one.duration))).observe({ type: 'longtask' });
  }`);
  const heapBegin = await heap(cdp);
  const before = await metrics(cdp);
  await sleep(Number(seconds) * 1000);
  const after = await metrics(cdp);
  const longestTask = await longest(page);
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
    longest_task_ms: longestTask,
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
  for (let i = 0; i < 5; ++i) firsts.push(await firstPicture(browser, pages.url));
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

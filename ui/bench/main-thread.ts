// What the main thread of a page does, by the browser's own account.
import type { Browser, CDPSession, Page } from 'playwright-core';

/** A chart with lines. */
export const DRAWN = '[data-phase="ready"] .uplot canvas';

export const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));

export async function metrics(cdp: CDPSession): Promise<Record<string, number>> {
  const { metrics: all } = await cdp.send('Performance.getMetrics');
  return Object.fromEntries(all.map(({ name, value }) => [name, value]));
}

export async function heap(cdp: CDPSession): Promise<number> {
  await cdp.send('HeapProfiler.collectGarbage');
  return (await metrics(cdp)).JSHeapUsedSize!;
}

/** Waits until an expression has a value; asked through the debugger, as pages forbid to evaluate texts. */
export async function isThere(page: Page, expression: string): Promise<void> {
  for (let tried = 0; tried < 600; ++tried) {
    if (await page.evaluate(`${expression} !== undefined`)) return;
    await sleep(50);
  }
  throw new Error(`${expression} did not appear`);
}

/** Milliseconds from the begin of the navigation to a chart with lines, in a browser that has nothing kept. */
export async function firstPicture(
  browser: Browser,
  url: string,
  viewport: { width: number; height: number },
): Promise<number> {
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  await page.addInitScript(`{
    const look = () => {
      if (document.querySelector('${DRAWN}') !== null) window.firstPicture = performance.now();
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }`);
  await page.goto(url);
  await isThere(page, 'window.firstPicture');
  const found = (await page.evaluate('window.firstPicture')) as number;
  await context.close();
  return found;
}

/** Begins to gather tasks of 50 ms and more; shorter ones are not told of. */
export async function watchTasks(page: Page): Promise<void> {
  await page.evaluate(`{
    window.longTasks = [];
    new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((one) => one.duration))).observe({ type: 'longtask' });
  }`);
}

/** The longest of them, ms; 0 when there was none. */
export async function longestTask(page: Page): Promise<number> {
  return (await page.evaluate('Math.max(0, ...window.longTasks)')) as number;
}

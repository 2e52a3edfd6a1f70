// The browsers of bench/console.py: `node watch.ts SERVER CHROMIUM SECONDS PATH...` opens each path in a Chromium of its own, watches
// it so long, and prints one line of JSON.
import { chromium } from 'playwright-core';

import { ARGS } from '../browser/chromium.ts';
import { firstPicture, heap, longestTask, metrics, sleep, watchTasks } from './main-thread.ts';

const [server, executablePath, seconds, ...paths] = process.argv.slice(2);
const SIZE = { width: 1400, height: 860 };

async function watch(path: string): Promise<object> {
  const browser = await chromium.launch({ executablePath: executablePath!, args: ARGS });
  try {
    const first = await firstPicture(browser, server! + path, SIZE);
    const page = await browser.newPage({ viewport: SIZE });
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('Performance.enable');
    await page.goto(server! + path);
    await sleep(10_000);
    await watchTasks(page);
    const begin = await heap(cdp);
    const before = await metrics(cdp);
    await sleep(Number(seconds) * 1000);
    const after = await metrics(cdp);
    const longest = await longestTask(page);
    return {
      page: path,
      first_picture_ms: first,
      main_thread_percent:
        (100 * (after.TaskDuration! - before.TaskDuration!)) / (after.Timestamp! - before.Timestamp!),
      longest_task_ms: longest,
      heap_mb_first: begin / 1e6,
      heap_mb_last: (await heap(cdp)) / 1e6,
      failed_panels: await page.locator('[data-phase="failed"]').count(),
    };
  } finally {
    await browser.close();
  }
}

process.stdout.write(`${JSON.stringify(await Promise.all(paths.map(watch)))}\n`);

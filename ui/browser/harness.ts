// What a browser test needs: a page of the console in Chromium, and words for what is looked for on it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';

import { ARGS, CHROMIUM } from './chromium';
import { type Front, startFront } from './front';

const DIST = join(import.meta.dirname, '../dist');
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** How a page is opened. */
export interface Opening {
  readonly scheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
  readonly zone?: string;
  /** Lets the page use the clipboard. */
  readonly clipboard?: true;
  /** Gathers what the page asks of the API from its first moment: `POST stream`. */
  readonly calls?: string[];
}

/** The console in a browser, for one test file. */
export interface Console {
  readonly front: Front;
  readonly server: string;
  /** Opens a path; the page is closed after the test, which fails if it threw or asked another host. */
  open(path: string, opening?: Opening): Promise<Page>;
}

/** Starts a browser and what stands before the server, for all tests of a file. */
export function useConsole(): Console {
  let browser: Browser;
  let front: Front;
  let contexts: BrowserContext[] = [];
  let faults: string[] = [];
  const server = inject('server');
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  });
  beforeAll(async () => {
    front = await startFront(DIST, server);
  });
  afterEach(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    contexts = [];
    front.down = false;
    const found = faults;
    faults = [];
    expect(found).toEqual([]);
  });
  afterAll(async () => {
    await browser.close();
    await front.close();
  });
  return {
    get front() {
      return front;
    },
    server,
    open: async (path, { scheme = 'light', width = 1440, height = 900, zone = 'UTC', clipboard, calls } = {}) => {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: scheme,
        timezoneId: zone,
        reducedMotion: 'reduce',
      });
      contexts.push(context);
      if (clipboard) await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: front.url });
      const page = await context.newPage();
      page.setDefaultTimeout(15_000);
      page.on('pageerror', (error) => faults.push(`the page threw: ${error.message}`));
      page.on('request', (request) => {
        const url = request.url();
        const asked = /\/api\/v1\/([^?]*)/.exec(url)?.[1];
        if (asked !== undefined) calls?.push(`${request.method()} ${asked}`);
        if (!url.startsWith(front.url) && !/^(data|blob|about):/.test(url)) faults.push(`asked another host: ${url}`);
      });
      page.on('console', (message) => {
        if (/Content Security Policy/.test(message.text())) faults.push(message.text());
      });
      await page.goto(front.url + path);
      await page.locator('main').waitFor();
      return page;
    },
  };
}

/** Faults of accessibility that are serious or worse, as `rule: element`. */
export async function seriousFaults(page: Page): Promise<string[]> {
  // Evaluated by the test's own channel, which no policy of the page is about.
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: {
        run(options: object): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>;
      };
    };
    return (await axe.run({ resultTypes: ['violations'] })).violations;
  });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.slice(0, 5).map(({ html }) => `${id}: ${html.slice(0, 160)}`));
}

/** Waits until `look` gives what is wanted, and says what it gave last when it does not. */
export async function until<T>(look: () => Promise<T>, wanted: (value: T) => boolean, what: string): Promise<T> {
  const end = Date.now() + 25_000;
  for (;;) {
    const value = await look();
    if (wanted(value)) return value;
    if (Date.now() > end) throw new Error(`waited for ${what}; last: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

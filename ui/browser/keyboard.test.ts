// Every page by keyboard alone: the keys of the frame, and a way through it by Tab that ends, shows where one is, and has names.
import { type Page } from 'playwright-core';
import { expect, describe, it } from 'vitest';

import { fillPages } from './fake';
import { useConsole } from './harness';

const console = useConsole();

/** Each page, and what is there once it is. */
const PAGES: readonly (readonly [path: string, there: string])[] = [
  ['/', 'tr[data-row="eu"]'],
  ['/explore?expr=sum(game_players)', 'section[data-phase="ready"]'],
  ['/dashboards', 'a[href^="/d/fleet"]'],
  ['/d/region', 'section[data-phase="ready"]'],
  ['/d/fleet?edit=', 'section[data-phase="ready"]'],
  ['/cardinality', 'table'],
  ['/status', 'table'],
];

interface Stop {
  /** What it is, for a message. */
  readonly what: string;
  readonly name: boolean;
  /** An outline, a shadow, or a field's border tell where one is. */
  readonly seen: boolean;
  readonly inSight: boolean;
}

/** Where the focus is now; null when it is on the page as a whole. */
async function stop(page: Page): Promise<Stop | null> {
  return page.evaluate(() => {
    const at = document.activeElement;
    if (!(at instanceof HTMLElement) && !(at instanceof SVGElement)) return null;
    if (at === document.body) return null;
    const style = getComputedStyle(at);
    const box = at.getBoundingClientRect();
    const labelled = (at.getAttribute('aria-labelledby') ?? '')
      .split(' ')
      .map((id) => document.getElementById(id)?.textContent ?? '')
      .join('');
    const label = at.id === '' ? '' : (document.querySelector(`label[for="${CSS.escape(at.id)}"]`)?.textContent ?? '');
    const words = [at.getAttribute('aria-label'), labelled, label, at.textContent, at.getAttribute('title')];
    const outlined = style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) > 0;
    const field = at.matches('input, textarea, select, .cm-content');
    return {
      what: at.outerHTML.slice(0, 120),
      name: words.some((text) => (text ?? '').trim() !== ''),
      seen: outlined || style.boxShadow !== 'none' || field,
      inSight: box.bottom > 0 && box.top < window.innerHeight && box.right > 0 && box.left < window.innerWidth,
    };
  });
}

describe.each(PAGES)('%s', (path, there) => {
  it('answers to ?, / and the keys of time', async () => {
    fillPages(console.front);
    const page = await console.open(path);
    await page.locator(there).first().waitFor();
    // A page that takes the focus for typing gives it up by Escape.
    await page.locator('main').focus();
    await page.keyboard.press('?');
    const help = page.getByRole('dialog', { name: 'Keyboard' });
    await help.waitFor();
    await page.keyboard.press('Escape');
    await help.waitFor({ state: 'detached' });
    await page.keyboard.press('/');
    const find = page.getByRole('combobox', { name: 'Find a page, a dashboard or a metric' });
    await find.waitFor();
    await page.keyboard.press('Escape');
    await find.waitFor({ state: 'detached' });
    const before = new URL(page.url()).searchParams.get('from') ?? 'now-1h';
    await page.keyboard.press('-');
    await page.waitForURL((url) => (url.searchParams.get('from') ?? 'now-1h') !== before);
    await page.keyboard.press('+');
    await page.waitForURL((url) => (url.searchParams.get('from') ?? 'now-1h') === before);
    await page.keyboard.press('[');
    await page.waitForURL(/from=\d+/);
    await page.keyboard.press('l');
    await page.waitForURL((url) => !/from=\d{6,}/.test(url.search));
  });

  it('is gone through by Tab: each stop is seen, has a name, and none is a trap', async () => {
    fillPages(console.front);
    const page = await console.open(path);
    await page.locator(there).first().waitFor();
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur?.());
    const faults: string[] = [];
    const met = new Set<string>();
    let stops = 0;
    for (; stops < 400; ++stops) {
      await page.keyboard.press('Tab');
      const at = await stop(page);
      if (at === null) break;
      met.add(at.what);
      if (!at.name) faults.push(`no name: ${at.what}`);
      if (!at.seen) faults.push(`not seen: ${at.what}`);
      if (!at.inSight) faults.push(`out of sight: ${at.what}`);
    }
    expect(faults).toEqual([]);
    // Past the navigation and the controls of the head; and out again at the end of the page.
    expect(met.size).toBeGreaterThan(15);
    expect(stops).toBeLessThan(400);
  });
});

// What pictures showed to be wrong once: panels without a height on a phone, dark charts and rows over rows on paper.
import { type Page } from 'playwright-core';
import { expect, it } from 'vitest';

import { useConsole } from './harness';

const console = useConsole();

const ready = (title: string): string => `section[aria-label="${title}"][data-phase="ready"]`;

it('a dashboard on a phone has its panels below each other, each with room to draw', async () => {
  const page = await console.open('/d/region', { width: 390, height: 844 });
  await page.locator(ready('Players')).first().waitFor();
  const chart = page.locator(`${ready('Players by mode')} .uplot`);
  // It is asked for when it is seen.
  await page.locator('section[aria-label="Players by mode"]').scrollIntoViewIfNeeded();
  await chart.waitFor();
  const box = (await chart.boundingBox())!;
  expect(box.height).toBeGreaterThan(120);
  expect(box.width).toBeGreaterThan(300);
  const value = (await page.locator(`${ready('Players')} [role="listitem"]`).boundingBox())!;
  expect(value.height).toBeGreaterThan(60);
});

/** Whether the plot of a panel is drawn in the dark scheme: its canvas is left as it is, so its axes' letters tell. */
async function letters(page: Page, title: string): Promise<number> {
  return page.locator(`${ready(title)} .uplot canvas`).evaluate((canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, height - 40, width, 40);
    let darkest = 255;
    for (let i = 0; i < data.length; i += 4) if (data[i + 3]! > 200) darkest = Math.min(darkest, data[i]!);
    return darkest;
  });
}

it('paper is white: charts are drawn for it, buttons are left out, no row lies over another panel', async () => {
  const page = await console.open('/d/region', { scheme: 'dark', height: 2400 });
  await page.locator(`${ready('Players by mode')} .uplot`).waitFor();
  await page
    .locator(`${ready('Servers')} tbody tr`)
    .first()
    .waitFor();
  expect(await letters(page, 'Players by mode')).toBeGreaterThan(120);
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  await page.locator(`${ready('Players by mode')} .uplot`).waitFor();
  expect(await letters(page, 'Players by mode')).toBeLessThan(110);
  expect(await page.getByRole('button', { name: 'Edit', exact: true }).isVisible()).toBe(false);
  const over = await page.locator(`${ready('Servers')} table`).evaluate((table) => {
    const box = table.parentElement!;
    return getComputedStyle(box).overflow;
  });
  expect(over).toBe('hidden');
});

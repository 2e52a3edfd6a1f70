// What happened, on the charts: annotations made by the API are marks on every page with charts, and said to those who do not see them.
import { type Locator, type Page } from 'playwright-core';
import { expect, describe, it } from 'vitest';

import { until, useConsole } from './harness';

const console = useConsole();

/** Says to the server that something happened `ago` seconds ago. */
async function happened(kind: string, title: string, ago: number, labels: Record<string, string> = {}): Promise<void> {
  const answer = await fetch(`${console.server}/api/v1/annotations`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ kind, title, time: Date.now() - ago * 1000, labels }),
  });
  expect(answer.status).toBe(201);
}

/** The menu of the chart's last point: what happened around it. Empty where the chart was drawn anew meanwhile. */
async function around(page: Page, chart: Locator): Promise<string> {
  await chart.focus();
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  const menu = page.getByRole('menu');
  const opened = await menu.waitFor({ timeout: 3_000 }).then(
    () => true,
    () => false,
  );
  if (!opened) return '';
  const text = await menu.innerText();
  await page.keyboard.press('Escape');
  await menu.waitFor({ state: 'detached' });
  return text;
}

describe('a deploy', () => {
  it('can be asked for again and again by keyboard', async () => {
    const page = await console.open('/?sli=players');
    const chart = page.getByRole('application', { name: /^Players/ });
    await chart.waitFor();
    for (let times = 0; times < 3; ++times) {
      await until(
        () => around(page, chart),
        (text) => text.includes('What happened around then'),
        `the menu, ${times} times before`,
      );
    }
  });

  it('is a mark on the overview and in Explore, and a point near it leads to it', async () => {
    await happened('deploy', 'build 4.17.3', 60);
    const page = await console.open('/?sli=players');
    const chart = page.getByRole('application', { name: /^Players/ });
    await chart.waitFor();
    await until(
      () => around(page, chart),
      (text) => text.includes('deploy: build 4.17.3'),
      'the deploy on the overview',
    );
    await page.goto(`${console.front.url}/explore?expr=sum(game_players)`);
    const graph = page.getByRole('application', { name: /^Graph/ });
    await graph.waitFor();
    await until(
      () => around(page, graph),
      (text) => text.includes('deploy: build 4.17.3'),
      'the deploy in Explore',
    );
  });

  it('of one region is no mark while another one is looked at', async () => {
    await happened('deploy', 'only eu', 90, { region: 'eu' });
    const page = await console.open('/?sli=players&f-region=na');
    const chart = page.getByRole('application', { name: /^Players/ });
    await chart.waitFor();
    await happened('note', 'about all', 80);
    // Asked again every half a minute, or now.
    await page.keyboard.press('r');
    const text = await until(
      () => around(page, chart),
      (said) => said.includes('about all'),
      'the note',
    );
    expect(text).not.toContain('only eu');
  });

  it('is told of at the pointer on a dashboard, and can be hidden', async () => {
    await happened('incident', 'matchmaking slow', 1200);
    const page = await console.open('/d/region');
    const plot = page.locator('section[aria-label="Players by mode"][data-phase="ready"] .u-over');
    await plot.waitFor();
    const tooltip = page.getByTestId('tooltip');
    // The hour shown ends at about now: the incident is at two thirds of it. The page moves, so the pointer looks around there.
    const found = async (): Promise<string> => {
      const box = (await plot.boundingBox())!;
      let said = '';
      for (let at = 0.6; at < 0.73; at += 0.006) {
        await page.mouse.move(box.x + box.width * at, box.y + box.height / 2);
        const text = (await tooltip.count()) > 0 ? await tooltip.first().innerText() : '';
        if (text.includes('incident')) said = text;
      }
      return said;
    };
    await until(found, (text) => text.includes('incident: matchmaking slow'), 'the incident at the pointer');
    await page.getByRole('button', { name: 'Hide annotations' }).click();
    await page.getByRole('button', { name: 'Show annotations' }).waitFor();
    expect(await found()).toBe('');
  });
});

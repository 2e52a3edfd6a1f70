import { type Page } from 'playwright-core';
import { expect, test } from 'vitest';

import { dashboard, panel, putDashboard, storedDashboard } from './documents';
import { say } from './fake';
import { seriousFaults, useConsole } from './harness';

// Protects: dashboards as people use them, by mouse and by keyboard, and what goes wrong with them: on the panel, page alive.

const console = useConsole();

const open = (path: string): Promise<Page> => console.open(path);

const put = (document: object): Promise<void> => putDashboard(console.server, document);
const stored = (name: string): Promise<unknown> => storedDashboard(console.server, name);

async function place(name: string, index: number): Promise<unknown> {
  const document = (await stored(name)) as { spec: { layouts: { spec: { items: Record<string, number>[] } }[] } };
  const { x, y, width, height } = document.spec.layouts[0]!.spec.items[index]!;
  return { x, y, width, height };
}

test('the list is searched, and a shipped dashboard shows its panels, accessibly', async () => {
  const page = await open('/dashboards');
  await page.getByRole('textbox', { name: 'Search dashboards' }).fill('regions');
  await page.getByRole('link', { name: 'Fleet' }).click();
  await page.getByRole('heading', { level: 1, name: 'Fleet' }).waitFor();
  const players = page.getByRole('region', { name: 'Players', exact: true }).first();
  await players.and(page.locator('[data-phase="ready"]')).waitFor();
  expect(await seriousFaults(page)).toEqual([]);
});

test('what is below the window is not asked before it is seen', async () => {
  const panels = Array.from({ length: 12 }, (_, index) => panel(`Panel ${index}`, `sum(game_players) + ${index}`));
  await put(dashboard('long', panels));
  const page = await open('/d/long');
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.postData() ?? ''));
  await page.reload();
  await page.locator('[data-panel="p0"] [data-phase="ready"]').waitFor();
  expect(asked.join(' ')).not.toContain('+ 11');
  await page.locator('[data-panel="p11"]').scrollIntoViewIfNeeded();
  await page.locator('[data-panel="p11"] [data-phase="ready"]').waitFor();
  expect(asked.join(' ')).toContain('+ 11');
});

test('a query that fails, a panel of an unknown kind and one without a query say so; others go on', async () => {
  const odd = { kind: 'Panel', spec: { display: { name: 'Odd' }, plugin: { kind: 'SomethingNew', spec: { a: 1 } } } };
  const without = {
    kind: 'Panel',
    spec: { display: { name: 'Without' }, plugin: { kind: 'StatChart', spec: {} }, queries: [] },
  };
  await put(dashboard('failing', [panel('Good', 'sum(game_players)'), panel('Bad', 'sum(game_players'), odd, without]));
  const page = await open('/d/failing');
  await page.getByRole('region', { name: 'Good' }).and(page.locator('[data-phase="ready"]')).waitFor();
  await page.getByRole('region', { name: 'Bad' }).getByText('parse error').waitFor();
  await page.getByRole('region', { name: 'Odd' }).getByText('panels of kind "SomethingNew" are not known').waitFor();
  await page.getByRole('region', { name: 'Without' }).getByText('the panel has no query').waitFor();
});

test('a panel is moved and resized by keys, undone, dragged by the mouse, and saved', async () => {
  await put(dashboard('edited', [panel('One', 'sum(game_players)'), panel('Two', 'game_players')]));
  const page = await open('/d/edited?edit=');
  const grip = page.getByRole('button', { name: /^Move One/ });
  await grip.focus();
  await page.keyboard.press('Shift+ArrowLeft');
  await page.keyboard.press('ArrowRight');
  await page.getByText('Column 2, row 1, 11 wide, 8 high').waitFor({ state: 'attached' });
  await page.keyboard.press('Control+z');
  expect(await seriousFaults(page)).toEqual([]);
  const corner = await page.getByRole('button', { name: 'Resize Two' }).boundingBox();
  await page.mouse.move(corner!.x + 8, corner!.y + 8);
  await page.mouse.down();
  await page.mouse.move(corner!.x + 8, corner!.y + 8 + 38 * 2, { steps: 4 });
  await page.mouse.up();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('button', { name: 'Edit', exact: true }).waitFor();
  expect(await place('edited', 0)).toEqual({ x: 0, y: 0, width: 11, height: 8 });
  expect(await place('edited', 1)).toEqual({ x: 12, y: 0, width: 12, height: 10 });
});

test('a panel is added in its editor, where its title, unit and JSON are changed', async () => {
  await put(dashboard('added', []));
  const page = await open('/d/added?edit=');
  await page.getByRole('button', { name: 'Add a panel' }).click();
  const editor = page.getByRole('dialog');
  await editor.getByLabel('Title', { exact: true }).fill('Players');
  await editor.getByRole('textbox', { name: 'Legend of A' }).fill('{{region}}');
  await editor.getByRole('tab', { name: 'JSON' }).click();
  const json = editor.getByRole('textbox', { name: 'The panel as JSON' });
  const text = await json.inputValue();
  await json.fill(text.replace('"plugin"', '"plugins"'));
  await editor.getByText('expected an object, got nothing').first().waitFor();
  await json.fill(text.replace('"up"', '"game_players"'));
  expect(await seriousFaults(page)).toEqual([]);
  await editor.getByRole('button', { name: 'Apply' }).click();
  await page.getByRole('region', { name: 'Players' }).and(page.locator('[data-phase="ready"]')).waitFor();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('button', { name: 'Edit', exact: true }).waitFor();
  expect(JSON.stringify(await stored('added'))).toContain('"query":"game_players","seriesNameFormat":"{{region}}"');
});

test('when somebody else saved first, both sides are shown and nothing is lost', async () => {
  const one = panel('One', 'sum(game_players)');
  await put(dashboard('contested', [one]));
  const page = await open('/d/contested?edit=');
  await page.getByRole('button', { name: /^Move One/ }).focus();
  await page.keyboard.press('Shift+ArrowLeft');
  await put(dashboard('contested', [one, panel('Theirs', 'up')]));
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('panel "Theirs" added').waitFor();
  await dialog.getByRole('button', { name: 'Save mine as a copy' }).click();
  await page.getByLabel('Title').fill('Mine');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { level: 1, name: 'Mine' }).waitFor();
  expect(await place('mine', 0)).toMatchObject({ width: 11 });
  expect(JSON.stringify(await stored('contested'))).toContain('Theirs');
});

test('Grafana JSON is imported with a report; broken JSON is refused with its place', async () => {
  const page = await open('/dashboards');
  await page.getByRole('button', { name: 'Import' }).click();
  const field = page.getByRole('textbox', { name: "The dashboard's JSON" });
  await field.fill('{"panels": [}');
  await page.getByText('line 1, column 13: expected a value').waitFor();
  const panels = [
    {
      id: 1,
      type: 'timeseries',
      title: 'Players',
      gridPos: { x: 0, y: 0, w: 12, h: 8 },
      targets: [{ expr: 'sum(game_players)', refId: 'A' }],
    },
    { id: 2, type: 'geomap', title: 'Map', gridPos: { x: 12, y: 0, w: 12, h: 8 } },
  ];
  await field.fill(JSON.stringify({ title: 'From Grafana', schemaVersion: 39, panels }));
  const report = page.getByRole('region', { name: 'Import report' });
  await report.getByText('2 panels: 1 shown, 1 placeholder').waitFor();
  await report.getByText('maps are not drawn').waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  await page.getByRole('dialog').getByRole('button', { name: 'Import' }).click();
  await page.getByRole('region', { name: 'Players' }).and(page.locator('[data-phase="ready"]')).waitFor();
  await page.getByRole('region', { name: 'Map' }).getByText('Not shown').waitFor();
});

test('a stored document that is no dashboard is told of, with its places', async () => {
  const broken = dashboard('broken', [panel('One', 'up')]) as { spec: { layouts: unknown } };
  broken.spec.layouts = 5;
  say(console.front, 'dashboards/broken', { dashboard: broken, revision: '1', source: 'store', readOnly: false });
  const page = await open('/d/broken');
  await page.getByText('spec.layouts: expected a list, got 5').waitFor();
});

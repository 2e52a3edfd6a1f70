// Forms of variables and annotations in a dashboard's editor, against what the server really has.
import { type Page } from 'playwright-core';
import { expect, test } from 'vitest';

import { dashboard, panel, putDashboard, storedDashboard } from './documents';
import { seriousFaults, useConsole } from './harness';

const console = useConsole();

interface Stored {
  readonly spec: { readonly variables?: readonly object[]; readonly annotations?: readonly object[] };
}

async function edit(name: string, expr: string): Promise<Page> {
  await putDashboard(console.server, dashboard(name, [panel('Players', expr)]));
  return console.open(`/d/${name}?edit=`);
}

async function save(page: Page, name: string): Promise<Stored> {
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('button', { name: 'Edit', exact: true }).waitFor();
  return (await storedDashboard(console.server, name)) as Stored;
}

test('two variables, one of which needs the other, are made in forms, previewed, used and saved', async () => {
  const page = await edit('vars', 'sum by (server) (game_players{region=~"$where",server=~"$which"})');
  await page.getByRole('button', { name: 'Variables', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Variables' });
  const preview = dialog.getByRole('region', { name: 'Preview' });
  await dialog.getByRole('button', { name: 'Add a variable' }).click();
  // Without a label it cannot stay, and says so at its field.
  await dialog.getByText('Which label?').first().waitFor();
  expect(await dialog.getByRole('button', { name: 'Apply' }).isDisabled()).toBe(true);
  await dialog.getByLabel('Name', { exact: true }).fill('where');
  await dialog.getByRole('textbox', { name: 'Label', exact: true }).last().fill('region');
  await dialog.getByLabel('Several can be chosen').check();
  await dialog.getByLabel('All can be chosen').check();
  await preview.getByText('3 values').waitFor();
  await preview.getByText('apac', { exact: true }).waitFor();
  await dialog.getByLabel('Chosen at first').fill('eu');

  await dialog.getByRole('button', { name: 'Add a variable' }).click();
  await dialog.getByLabel('Name', { exact: true }).fill('which');
  await dialog.getByRole('textbox', { name: 'Label', exact: true }).last().fill('server');
  await dialog.getByLabel('Of series').fill('game_players{region=~"$where"');
  await preview.getByRole('alert').waitFor();
  await dialog.getByLabel('Of series').fill('game_players{region=~"$where"}');
  await preview.getByText('Asked after: where').waitFor();
  await preview.getByText(/^eu-/).first().waitFor();
  expect(await preview.getByText(/^na-/).count()).toBe(0);
  await dialog.getByText('Values of a label, after where').waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  // First in the list is first on the page; it is asked second all the same.
  await dialog.getByRole('button', { name: 'Move which up' }).click();
  await dialog.getByRole('button', { name: 'Apply' }).click();
  // They count before they are saved.
  await page.getByRole('group', { name: 'Variables' }).getByRole('combobox', { name: 'which' }).waitFor();
  await page.getByRole('region', { name: 'Players' }).and(page.locator('[data-phase="ready"]')).waitFor();
  const { variables } = (await save(page, 'vars')).spec;
  expect(variables).toMatchObject([
    { kind: 'ListVariable', spec: { name: 'which', plugin: { kind: 'PrometheusLabelValuesVariable' } } },
    { kind: 'ListVariable', spec: { name: 'where', allowMultiple: true, allowAllValue: true, defaultValue: ['eu'] } },
  ]);
});

test('a circle is told of; lists, intervals and texts are made by typing', async () => {
  const page = await edit('kinds', 'sum(rate(game_ticks_total[$every]))');
  await page.getByRole('button', { name: 'Variables', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Variables' });
  const typed = async (type: string): Promise<void> => {
    await dialog.getByRole('combobox', { name: 'Its values are' }).click();
    await page.getByRole('option', { name: type, exact: true }).click();
  };
  await dialog.getByRole('button', { name: 'Add a variable' }).click();
  await dialog.getByLabel('Name', { exact: true }).fill('every');
  await typed('Intervals');
  await dialog.getByLabel('Intervals', { exact: true }).fill('1m\n5m\n');
  await dialog.getByRole('region', { name: 'Preview' }).getByText('2 values').waitFor();
  await dialog.getByRole('button', { name: 'Add a variable' }).click();
  await dialog.getByLabel('Name', { exact: true }).fill('note');
  await typed('A text');
  await dialog.getByLabel('Text at first').fill('hello');
  await dialog.getByRole('button', { name: 'Add a variable' }).click();
  await dialog.getByLabel('Name', { exact: true }).fill('loop');
  await typed('A query');
  await dialog.getByRole('textbox', { name: 'Query of the variable' }).click();
  await page.keyboard.type('up{x="$other"}');
  await dialog.getByText('There is no variable other').waitFor();
  await dialog.getByRole('button', { name: 'Remove loop' }).click();
  await dialog.getByRole('button', { name: 'Apply' }).click();
  const { variables } = (await save(page, 'kinds')).spec;
  expect(variables).toMatchObject([
    { spec: { name: 'every', plugin: { kind: 'StaticListVariable', spec: { values: ['1m', '5m'] } } } },
    { kind: 'TextVariable', spec: { name: 'note', value: 'hello' } },
  ]);
});

test('an annotation is a query whose marks are seen before it is saved', async () => {
  const page = await edit('marked', 'sum(game_players)');
  await page.getByRole('button', { name: 'Annotations', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Annotations' });
  const preview = dialog.getByRole('region', { name: 'Preview' });
  await dialog.getByRole('button', { name: 'Add an annotation' }).click();
  await dialog.getByLabel('Name', { exact: true }).fill('Seen');
  await dialog.getByRole('textbox', { name: 'Query of the annotation' }).click();
  await page.keyboard.type('sum(game_players[5m])');
  await preview.getByRole('alert').waitFor();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('sum by (region) (game_players)');
  await dialog.getByLabel('Title', { exact: true }).fill('players in {{region}}');
  await preview.getByText('players in eu').waitFor();
  await dialog.getByLabel('Deploys, incidents and notes are marked').uncheck();
  expect(await seriousFaults(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Apply' }).click();
  const { annotations } = (await save(page, 'marked')).spec;
  expect(annotations).toMatchObject([
    { display: { hidden: true }, plugin: { kind: 'TickscopeAnnotations' } },
    {
      display: { name: 'Seen' },
      plugin: { kind: 'PrometheusPromQLAnnotation', spec: { title: 'players in {{region}}' } },
    },
  ]);
});

// The pages of the frame in a browser: what they show of a real fleet, by mouse and by keyboard, in both themes.
import { expect, describe, it } from 'vitest';

import { fillPages, refuse, say, SLIS } from './fake';
import { seriousFaults, until, useConsole } from './harness';

const console = useConsole();

const tile = (name: string): string => `[data-sli="${name}"]`;
const hasNumber = (value: string | null): boolean => /\d/.test(value ?? '');

describe('the overview', () => {
  it('shows each SLI with its value, and rows that lead to the server, filters kept', async () => {
    const page = await console.open('/');
    for (const name of ['players', 'tick_over_budget', 'action_ack_p95']) {
      await until(() => page.locator(tile(name)).getAttribute('data-value'), hasNumber, `a value of ${name}`);
    }
    await page.locator('tr[data-row="eu"]').waitFor();
    await page.locator('tr[data-row="eu"] button').click();
    await page.waitForURL('**f-region=eu**');
    expect(new URL(page.url()).searchParams.get('by')).toBe('mode');
    await page.locator('tbody tr[data-row] button').first().click();
    await page.waitForURL('**by=build**');
    await page.locator('tbody tr[data-row] button').first().click();
    await page.waitForURL('**by=server**');
    const row = page.locator('tbody tr[data-row^="eu-"]').first();
    await row.waitFor();
    expect(await page.locator('tbody tr[data-row^="na-"]').count()).toBe(0);
    await row.getByRole('button').click();
    await page.waitForURL('**/d/server?**');
    const last = new URL(page.url()).searchParams;
    expect(last.get('var-server')).toMatch(/^eu-/);
    expect(last.getAll('f-region')).toEqual(['eu']);
    await page.goBack();
    await page.waitForURL('**by=server**');
  });

  it.each(['light', 'dark'] as const)('has no serious fault of accessibility (%s)', async (scheme) => {
    const page = await console.open('/?sli=tick_over_budget', { scheme });
    await page.locator('tr[data-row="eu"]').waitFor();
    await page.getByRole('application', { name: /^Ticks over budget/ }).waitFor();
    expect(await seriousFaults(page)).toEqual([]);
  });

  it('a point leads to what explains it', async () => {
    const page = await console.open('/?sli=action_ack_p95');
    const chart = page.getByRole('application', { name: /^Action to ack/ });
    await chart.waitFor();
    await chart.focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    const menu = page.getByRole('menu');
    await menu.getByRole('menuitem', { name: 'Ten minutes around it' }).waitFor();
    expect(await seriousFaults(page)).toEqual([]);
    await menu.getByRole('menuitem', { name: 'Ten minutes around it' }).click();
    await page.waitForURL(/from=\d+&to=\d+/);
  });

  it('one failing SLI fails alone', async () => {
    const before = console.front.answers.get('schema/slis');
    say(console.front, 'schema/slis', [SLIS[0], { ...SLIS[1], expr: 'sum by ($by) (nonsense{$filter}[5m' }]);
    const page = await console.open('/');
    await page
      .getByText(/parse error|unclosed/)
      .first()
      .waitFor();
    await until(() => page.locator(tile('players')).getAttribute('data-value'), hasNumber, 'players');
    if (before === undefined) console.front.answers.delete('schema/slis');
    else console.front.answers.set('schema/slis', before);
  });
});

describe('the war room', () => {
  it('has no controls, and survives a server that goes away and comes back', async () => {
    const page = await console.open('/war-room', { width: 1920, height: 1080 });
    await page.locator('tr[data-row="eu"]').waitFor();
    await page.locator('main[data-freshness="ok"]').waitFor();
    expect(await page.locator('main :is(button, select, input):visible:not([inert] *)').count()).toBe(0);
    expect(await seriousFaults(page)).toEqual([]);
    console.front.down = true;
    await page.getByText('The server does not answer.').waitFor();
    expect(await page.locator('tr[data-row="eu"]').count()).toBe(1);
    console.front.down = false;
    await page.locator('main[data-freshness="ok"]').waitFor({ timeout: 25_000 });
    await page.keyboard.press('Escape');
    await page.getByRole('navigation', { name: 'Pages' }).waitFor();
  });

  it('begins by itself when its server is not there yet', async () => {
    const page = await console.open('/status');
    console.front.down = true;
    await page.keyboard.press('w');
    await page
      .getByText(/does not answer/)
      .first()
      .waitFor();
    console.front.down = false;
    await page.locator('tr[data-row="eu"]').waitFor({ timeout: 25_000 });
  });
});

describe('a signed link', () => {
  it('asks nothing but what it is for', async () => {
    const asked: string[] = [];
    const now = Date.now();
    say(console.front, 'view/tok', {
      page: 'overview',
      expires: now + 3_600_000,
      now,
      variables: { region: 'eu' },
      slis: [{ sli: SLIS[0], queries: [{ by: [] }, { by: ['region'] }] }],
    });
    // Senders stopped two minutes ago: times of the answers go on, the data does not.
    say(console.front, 'view/tok/freshness', { now, newest: now - 120_000, lag_seconds: 0 });
    const page = await console.open('/view/tok');
    await page.getByRole('heading', { name: 'eu' }).waitFor();
    await page.getByText(/^Late: 2/).waitFor();
    const streams: string[] = [];
    page.on('request', (request) => {
      asked.push(new URL(request.url()).pathname);
      if (request.url().endsWith('/view/tok/stream')) streams.push(request.postData() ?? '');
    });
    await page.reload();
    await page.getByText(/^This link holds until/).waitFor();
    await until(
      () => Promise.resolve(streams.length),
      (count) => count > 0,
      'the stream',
    );
    expect(JSON.parse(streams[0]!)).toEqual({
      queries: [
        { id: 'q0', panel: 'players', query: 0, range: 1800, step: 5 },
        { id: 'q1', panel: 'players', query: 1, range: 1800, step: 5 },
      ],
    });
    expect(asked.filter((path) => path.startsWith('/api/') && !path.startsWith('/api/v1/view/tok'))).toEqual([]);
  });

  it('shows a dashboard, and asks by its panels', async () => {
    const panel = {
      kind: 'Panel',
      spec: {
        display: { name: 'Players by region' },
        plugin: { kind: 'TimeSeriesChart', spec: {} },
        queries: [
          {
            kind: 'TimeSeriesQuery',
            spec: { plugin: { kind: 'PrometheusTimeSeriesQuery', spec: { query: 'sum by (region) (game_players)' } } },
          },
        ],
      },
    };
    const item = { x: 0, y: 0, width: 24, height: 8, content: { $ref: '#/spec/panels/players' } };
    const shifted = {
      ...panel,
      spec: {
        ...panel.spec,
        display: { name: 'A day before' },
        plugin: { kind: 'TimeSeriesChart', spec: { timeShift: '1d' } },
      },
    };
    const below = { ...item, y: 8, content: { $ref: '#/spec/panels/before' } };
    say(console.front, 'view/dash', {
      page: 'dashboard',
      expires: Date.now() + 3_600_000,
      now: Date.now(),
      dashboard: {
        kind: 'Dashboard',
        metadata: { name: 'room' },
        spec: {
          display: { name: 'The room' },
          panels: { players: panel, before: shifted },
          layouts: [{ kind: 'Grid', spec: { items: [item, below] } }],
        },
      },
    });
    say(console.front, 'view/dash/freshness', { now: Date.now(), newest: Date.now() - 120_000, lag_seconds: 0 });
    const page = await console.open('/view/dash');
    const streams: string[] = [];
    const ranges: string[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/view/dash/stream')) streams.push(request.postData() ?? '');
      if (request.url().endsWith('query_range')) ranges.push(`${request.url()} ${request.postData()}`);
    });
    await page.getByRole('heading', { name: 'The room' }).waitFor();
    await page.getByText(/^Late: 2/).waitFor();
    await page.reload();
    await page.getByRole('region', { name: 'Players by region' }).waitFor();
    await until(
      () => Promise.resolve(streams.length),
      (count) => count > 0,
      'the stream',
    );
    const { queries } = JSON.parse(streams[0]!) as { queries: object[] };
    expect(queries).toMatchObject([{ panel: 'players', query: 0, range: 1800 }]);
    expect(Object.keys(queries[0]!)).not.toContain('expr');
    // What the stream does not follow (it is refused here, as no server knows this link) and what looks back is asked by place too.
    await page.getByRole('region', { name: 'A day before' }).waitFor();
    const panels = (): (string | undefined)[] =>
      ranges.map((asked) => /view.dash.query_range \{"panel":"([a-z]+)","query":0,"start":/.exec(asked)?.[1]);
    await until(
      () => Promise.resolve(panels()),
      (asked) => asked.includes('before') && asked.includes('players'),
      'the range queries',
    );
    expect(panels()).not.toContain(undefined);
  });

  it('that does not hold says so, and asks for no token', async () => {
    refuse(console.front, 'view/old', 404, 'not_found', 'no such link');
    const page = await console.open('/view/old');
    await page.getByRole('heading', { name: 'This link does not hold' }).waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
  });
});

describe('status', () => {
  it('shows the process, and ends a query after a question', async () => {
    fillPages(console.front);
    const page = await console.open('/status');
    await page.getByRole('region', { name: 'Partitions' }).last().waitFor();
    const ended = page.waitForRequest(
      (request) => request.method() === 'DELETE' && request.url().endsWith('/queries/17'),
    );
    await page.getByRole('button', { name: /^End sum by/ }).click();
    const dialog = page.getByRole('dialog', { name: 'End this query?' });
    await dialog.getByRole('button', { name: 'Let it run' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: /^End sum by/ }).click();
    await dialog.getByRole('button', { name: 'End it' }).click();
    await ended;
    // The server knows no such query: it had ended.
    await page.getByText('The query had ended by itself.').waitFor();
  });

  it('shows the settings, and links that can be taken back', async () => {
    const page = await console.open('/status', { scheme: 'dark' });
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByLabel('Configuration as YAML').getByText(/query/).waitFor();
    expect(await seriousFaults(page)).toEqual([]);
  });

  it('one part that fails leaves the others', async () => {
    const before = console.front.answers.get('status/platform');
    refuse(console.front, 'status/platform', 500, 'internal', 'out of luck');
    const page = await console.open('/status');
    await page.getByText('out of luck').first().waitFor();
    await page
      .getByText('No query runs')
      .or(page.getByRole('button', { name: /^End/ }))
      .first()
      .waitFor();
    if (before === undefined) console.front.answers.delete('status/platform');
    else console.front.answers.set('status/platform', before);
  });
});

describe('cardinality', () => {
  it('shows metrics, labels, owners, what nobody asks for, and what is turned away; tabs go by arrows', async () => {
    fillPages(console.front);
    const page = await console.open('/cardinality');
    await page.getByRole('link', { name: 'game_disconnects_total' }).first().waitFor();
    expect(await seriousFaults(page)).toEqual([]);
    await page.getByRole('tab', { name: 'Metrics' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForURL('**tab=labels**');
    await page.getByRole('button', { name: 'Values of region' }).click();
    await page.getByRole('cell', { name: 'eu' }).waitFor();
    await page.keyboard.press('ArrowLeft');
    await page.getByRole('tab', { name: 'Owners' }).click();
    await page.getByRole('cell', { name: 'gameplay' }).waitFor();
    await page.getByRole('tab', { name: 'Never queried' }).click();
    await page.getByRole('region', { name: 'Never queried' }).last().waitFor();
    await page.getByRole('tab', { name: 'Guard and limits' }).click();
    await page.getByRole('cell', { name: 'private_data: email' }).waitFor();
    await page.getByText('user="[email]"').waitFor();
    await page.getByText('login [email] from ##').waitFor();
    expect(await seriousFaults(page)).toEqual([]);
  });
});

import { describe, expect, test } from 'vitest';

import { findingText } from './findings';
import { findSyntaxProblem } from './json-syntax';
import { parseDashboard, parseDashboardText, serialiseDashboard } from './parse';

// Protects: a document is taken whole or refused with the place and what was expected; what we do not know survives.

const good = {
  kind: 'Dashboard',
  metadata: { name: 'fleet', project: 'live', tags: ['game'], version: 3 },
  spec: {
    display: { name: 'Fleet' },
    duration: '1h30m',
    refreshInterval: '0s',
    variables: [
      {
        kind: 'ListVariable',
        spec: {
          name: 'region',
          allowMultiple: true,
          defaultValue: ['eu'],
          plugin: { kind: 'StaticListVariable', spec: { values: ['eu'] } },
        },
      },
      { kind: 'TextVariable', spec: { name: 'text', value: '' } },
    ],
    panels: {
      a: {
        kind: 'Panel',
        spec: { display: { name: 'A' }, plugin: { kind: 'TimeSeriesChart', spec: {} }, queries: [] },
      },
      'b c': { kind: 'Panel', spec: { plugin: { kind: 'SomethingNew', spec: { deep: [1, { x: null }] } } } },
    },
    layouts: [
      {
        kind: 'Grid',
        spec: {
          display: { title: 'Top', collapse: { open: true } },
          items: [
            { x: 0, y: 0, width: 12, height: 8, content: { $ref: '#/spec/panels/a' } },
            { x: 12, y: 0, width: 12, height: 8, content: { $ref: '#/spec/panels/b c' } },
          ],
        },
      },
    ],
    somethingNew: { kept: true },
  },
};

type Edit = (document: any) => void; // oxlint-disable-line typescript/no-explicit-any -- edits make documents that no type has.

function edited(edit: Edit): unknown {
  const copy = structuredClone(good);
  edit(copy);
  return copy;
}

test('a whole dashboard is taken, with what has no name here', () => {
  const { dashboard, findings } = parseDashboard(good);
  expect(findings).toEqual([]);
  expect(JSON.parse(serialiseDashboard(dashboard!))).toEqual(good);
});

const refused: readonly [name: string, edit: Edit, findings: readonly string[]][] = [
  ['no kind', (d) => delete d.kind, ['kind: expected "Dashboard", got nothing']],
  ['another kind', (d) => (d.kind = 'Folder'), ['kind: expected "Dashboard", got "Folder"']],
  ['a kind that every object has', (d) => (d.kind = 'constructor'), ['kind: expected "Dashboard", got "constructor"']],
  ['no panels', (d) => delete d.spec.panels, ['spec.panels: expected an object, got nothing']],
  ['panels as a list', (d) => (d.spec.panels = []), ['spec.panels: expected an object, got a list of 0']],
  [
    'a panel without plugin',
    (d) => delete d.spec.panels.a.spec.plugin,
    ['spec.panels.a.spec.plugin: expected an object, got nothing'],
  ],
  [
    'a name with a space',
    (d) => (d.spec.panels['b c'].spec.plugin = 1),
    ['spec.panels["b c"].spec.plugin: expected an object, got 1'],
  ],
  [
    'a path for a name',
    (d) => (d.metadata.name = '../x'),
    ['metadata.name: expected a name of at most 75 letters, digits, _, - and . that begins with no dot, got "../x"'],
  ],
  [
    'a duration without unit',
    (d) => (d.spec.duration = '90'),
    ['spec.duration: expected a duration such as 1h or 30s, got "90"'],
  ],
  [
    'half a column',
    (d) => (d.spec.layouts[0].spec.items[0].x = 0.5),
    ['spec.layouts[0].spec.items[0].x: expected a whole number from 0 to 23, got 0.5'],
  ],
  [
    'a panel of a million rows',
    (d) => (d.spec.layouts[0].spec.items[0].height = 1e6),
    ['spec.layouts[0].spec.items[0].height: expected a whole number from 1 to 1000, got 1000000'],
  ],
  [
    'past the grid',
    (d) => (d.spec.layouts[0].spec.items[1].width = 13),
    ['spec.layouts[0].spec.items[1].width: expected x and width of 24 columns together, got 25'],
  ],
  [
    'a reference to nothing',
    (d) => (d.spec.layouts[0].spec.items[0].content.$ref = '#/spec/panels/z'),
    [
      'spec.layouts[0].spec.items[0].content.$ref: expected a reference to one of spec.panels, got "#/spec/panels/z"',
      'spec.panels.a: no layout shows this panel',
    ],
  ],
  [
    'a variable twice',
    (d) => (d.spec.variables[1].spec.name = 'region'),
    ['spec.variables[1].spec.name: expected one variable of a name, got "region" again'],
  ],
  [
    'a default that is a number',
    (d) => (d.spec.variables[0].spec.defaultValue = 3),
    ['spec.variables[0].spec.defaultValue: expected a text or a list of texts, got 3'],
  ],
  [
    'several at once',
    (d) => {
      d.spec.layouts = 5;
      d.metadata = null;
    },
    ['metadata: expected an object, got null', 'spec.layouts: expected a list, got 5'],
  ],
];

test.each(refused)('refused: %s', (_name, edit, findings) => {
  const parsed = parseDashboard(edited(edit));
  expect(parsed.dashboard).toBeNull();
  expect(parsed.findings.map(findingText)).toEqual(findings);
});

test('null stands for what is optional and not there', () => {
  const { dashboard, findings } = parseDashboard(
    edited((d) => {
      d.spec.variables = null;
      d.spec.panels.a.spec.queries = null;
      d.metadata.tags = null;
    }),
  );
  expect(findings).toEqual([]);
  expect(dashboard!.spec.variables).toBeUndefined();
  expect(dashboard!.spec.panels['a']!.spec.queries).toBeUndefined();
});

describe('text that is not JSON', () => {
  test.each([
    ['', 1, 1, 'a value'],
    ['{', 1, 2, 'a name in double quotes'],
    ['{"a": 1,}', 1, 9, 'a name in double quotes'],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3, ', or }'],
    ["{'a': 1}", 1, 2, 'a name in double quotes'],
    ['[1, 2', 1, 6, ', or ]'],
    ['{"a" 1}', 1, 6, ':'],
    ['"line\nbreak"', 1, 1, 'a text that ends with a quote and holds no line break'],
    ['{} x', 1, 4, 'the end of the document'],
    ['01', 1, 2, 'the end of the document'],
    ['['.repeat(100_000), 1, 502, 'at most 500 levels'],
  ])('%j', (text, line, column, expected) => {
    expect(findSyntaxProblem(text.slice(0, 100_000))).toEqual({ line, column, expected });
  });

  test('is said with its place', () => {
    expect(parseDashboardText('{\n  "kind": "Dashboard",\n}').findings.map(findingText)).toEqual([
      'not JSON: line 3, column 1: expected a name in double quotes',
    ]);
  });

  test('and JSON has no problem', () => {
    expect(findSyntaxProblem(JSON.stringify(good, null, 2))).toBeNull();
    expect(findSyntaxProblem(String.raw`{"a":["\u00e9\"",-1.5e-3,true,null,{}]}`)).toBeNull();
  });
});

// A small generator of dashboards from one seed: whatever it makes must come back as it went in.
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function anyDashboard(seed: number): unknown {
  const next = random(seed);
  const whole = (most: number) => Math.floor(next() * most);
  const text = () => Array.from({ length: whole(12) }, () => String.fromCodePoint(32 + whole(0x3000))).join('');
  const json = (depth: number): unknown => {
    const kinds = depth > 3 ? 4 : 6;
    switch (whole(kinds)) {
      case 0:
        return text();
      case 1:
        return (next() - 0.5) * 10 ** whole(20);
      case 2:
        return next() < 0.5;
      case 3:
        return whole(1000);
      case 4:
        return Array.from({ length: whole(4) }, () => json(depth + 1));
      default:
        return Object.fromEntries(Array.from({ length: whole(4) }, () => [text(), json(depth + 1)]));
    }
  };
  const object = () => Object.fromEntries(Array.from({ length: whole(5) }, () => [text(), json(0)]));
  const keys = Array.from({ length: whole(12) }, (_, index) => `${text()}${index}`);
  const query = () => ({ kind: 'TimeSeriesQuery', extra: json(1), spec: { plugin: { kind: text(), spec: object() } } });
  return {
    kind: 'Dashboard',
    unknown: json(0),
    metadata: { name: `n${whole(1e6)}`, ...(next() < 0.5 ? { tags: [text()] } : {}), other: json(0) },
    spec: {
      display: { name: text(), more: json(1) },
      panels: Object.fromEntries(
        keys.map((key) => [
          key,
          {
            kind: 'Panel',
            spec: {
              display: { name: text() },
              plugin: { kind: text(), spec: object() },
              queries: Array.from({ length: whole(3) }, query),
            },
          },
        ]),
      ),
      layouts: [
        {
          kind: 'Grid',
          spec: {
            own: json(1),
            items: keys.map((key, y) => ({
              x: whole(12),
              y,
              width: 1 + whole(12),
              height: 1 + whole(9),
              content: { $ref: `#/spec/panels/${key}` },
              mark: json(1),
            })),
          },
        },
      ],
    },
  };
}

test('what is read and written again is the same, for 100 dashboards', { timeout: 60_000 }, () => {
  for (let seed = 1; seed <= 100; seed += 1) {
    const document = JSON.parse(JSON.stringify(anyDashboard(seed)));
    const { dashboard, findings } = parseDashboard(document);
    expect(findings, `seed ${seed}`).toEqual([]);
    expect(JSON.parse(serialiseDashboard(dashboard!)), `seed ${seed}`).toEqual(document);
  }
});

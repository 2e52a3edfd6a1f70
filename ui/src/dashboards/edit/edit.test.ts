import { describe, expect, test } from 'vitest';

import { type Dashboard, emptyDashboard, type GridItem, panelKeyOf } from '../model/dashboard';
import { parseDashboard } from '../model/parse';
import { differences } from './compare';
import { compacted, freePlace, overlap, placed } from './grid';
import { advance, begin, historyMax, redo, undo } from './history';
import { addPanel, addRow, copyPanel, newPanel, placePanel, removeItem, removeRow, renameRow } from './operations';

// Protects: whatever is done to a dashboard, panels do not lie upon each other, the document stays sound, and each step can be undone.

/** Boxes as `x,y wxh`. */
function boxes(text: string) {
  return text.split(' | ').map((each) => {
    const [x = 0, y = 0, width = 0, height = 0] = each.split(/[, x]/).map(Number);
    return { x, y, width, height };
  });
}

function written(items: readonly { x: number; y: number; width: number; height: number }[]): string {
  return items.map(({ x, y, width, height }) => `${x},${y} ${width}x${height}`).join(' | ');
}

describe('placing', () => {
  test.each([
    ['to the right, beside others', '0,0 12x8 | 12,0 12x8', 0, '12,0 12x8', '12,0 12x8 | 12,8 12x8'],
    ['onto another: that one gives way', '0,0 12x8 | 0,8 12x8', 1, '0,0 12x8', '0,8 12x8 | 0,0 12x8'],
    ['far down: gaps close', '0,0 24x4 | 0,4 24x4', 0, '0,40 24x4', '0,4 24x4 | 0,0 24x4'],
    ['past the right edge', '0,0 12x8', 0, '20,0 12x8', '12,0 12x8'],
    ['smaller than can be', '0,0 12x8', 0, '0,0 0x0', '0,0 2x2'],
    ['larger than can be', '0,0 12x8', 0, '0,0 99x99', '0,0 24x60'],
    ['wider: a neighbour moves down', '0,0 12x8 | 12,0 12x8', 0, '0,0 16x8', '0,0 16x8 | 12,8 12x8'],
  ])('%s', (_name, items, index, box, expected) => {
    expect(written(placed(boxes(items), index, boxes(box)[0]!))).toBe(expected);
  });

  test('never one upon another, for 2,000 moves by chance', () => {
    let state = 7;
    const next = (most: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * most);
    };
    let items = compacted(
      Array.from({ length: 14 }, () => ({ x: next(20), y: next(30), width: 2 + next(3), height: 2 + next(6) })),
    );
    for (let move = 0; move < 2000; move += 1) {
      items = placed(items, next(14), { x: next(26) - 1, y: next(40), width: next(26), height: next(20) });
      const pairs = items.flatMap((a, index) => items.slice(index + 1).map((b) => overlap(a, b)));
      expect(pairs, `move ${move}`).not.toContain(true);
      expect(Math.max(...items.map((item) => item.x + item.width))).toBeLessThanOrEqual(24);
    }
  });

  test('a free place', () => {
    expect(written([freePlace([], 12, 8)])).toBe('0,0 12x8');
    expect(written([freePlace(boxes('0,0 12x8'), 12, 8)])).toBe('12,0 12x8');
    expect(written([freePlace(boxes('0,0 16x8'), 12, 8)])).toBe('0,8 12x8');
  });
});

function some(): Dashboard {
  let dashboard = emptyDashboard('d', 'D');
  for (let n = 0; n < 3; n += 1) dashboard = addPanel(dashboard, 0, newPanel()).dashboard;
  return dashboard;
}

function keys(dashboard: Dashboard): readonly (string | undefined)[] {
  return dashboard.spec.layouts.flatMap((layout) => layout.spec.items.map((item: GridItem) => panelKeyOf(item)));
}

test('operations keep the document sound', () => {
  const three = some();
  const copied = copyPanel(three, 0, 'panel-1').dashboard;
  const row = renameRow(addRow(copied, 'Row'), 1, 'Named');
  const inRow = addPanel(row, 1, newPanel()).dashboard;
  const without = removeRow(inRow, 1);
  for (const each of [
    three,
    copied,
    row,
    inRow,
    without,
    placePanel(three, 0, 2, { x: 12, y: 0, width: 12, height: 3 }),
  ]) {
    expect(parseDashboard(each).findings).toEqual([]);
  }
  expect(keys(copied)).toEqual(['panel-1', 'panel-2', 'panel-3', 'panel-4']);
  expect(copied.spec.panels['panel-4']!.spec.display!.name).toBe('New panel (copy)');
  expect(row.spec.layouts[1]!.spec.display!.title).toBe('Named');
  expect(without.spec.layouts).toHaveLength(1);
  expect(keys(without)).toHaveLength(5);
});

test('a panel goes with the last item that shows it', () => {
  const three = some();
  expect(Object.keys(removeItem(three, 0, 1).spec.panels)).toEqual(['panel-1', 'panel-3']);
  const twice: Dashboard = {
    ...three,
    spec: {
      ...three.spec,
      layouts: [...three.spec.layouts, { kind: 'Grid', spec: { items: [three.spec.layouts[0]!.spec.items[1]!] } }],
    },
  };
  expect(Object.keys(removeItem(twice, 0, 1).spec.panels)).toContain('panel-2');
});

test('removing the first heading keeps its panels', () => {
  const titled = renameRow(some(), 0, 'Top');
  expect(removeRow(titled, 0).spec.layouts[0]!.spec.display).toBeUndefined();
  expect(keys(removeRow(titled, 0))).toHaveLength(3);
});

test('steps are undone and done again; a new step forgets what was undone', () => {
  const three = [1, 2, 3].reduce((history, step) => advance(history, step), begin(0));
  expect(undo(undo(three)).now).toBe(1);
  expect(redo(undo(three)).now).toBe(3);
  expect(advance(undo(three), 9).future).toEqual([]);
  expect(undo(begin(0)).now).toBe(0);
  expect(advance(three, 3)).toBe(three);
  const many = Array.from({ length: 300 }, (_, step) => step).reduce(
    (history, step) => advance(history, step + 1),
    begin(0),
  );
  expect(many.past).toHaveLength(historyMax);
});

test('two documents told apart in words', () => {
  const base = some();
  const changed = placePanel(removeItem(base, 0, 1), 0, 0, { x: 6, y: 0, width: 6, height: 4 });
  expect(differences(base, base)).toEqual([]);
  expect(differences(base, structuredClone(base))).toEqual([]);
  expect(differences(base, changed)).toEqual(['panel "New panel" removed', 'layout changed']);
  const renamed: Dashboard = {
    ...base,
    spec: {
      ...base.spec,
      display: { name: 'E' },
      duration: '2h',
      variables: [{ kind: 'TextVariable', spec: { name: 'v', value: '' } }],
    },
  };
  expect(differences(base, renamed)).toEqual([
    'title or description changed',
    'variable "v" added',
    'settings changed',
  ]);
});

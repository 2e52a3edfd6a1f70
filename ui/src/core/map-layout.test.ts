// Labels on the map: at their places, apart from each other, and reached by arrows.
import { describe, expect, it } from 'vitest';

import { layLabels, MAP_HEIGHT, MAP_WIDTH, neighbour, project } from './map-layout';

const SIZE = { width: 40, height: 12 };
const lay = (...places: [string, number, number][]) =>
  layLabels(
    places.map(([name, lon, lat]) => ({ name, place: { lon, lat } })),
    SIZE,
  );
const where = (...places: [string, number, number][]) => lay(...places).map(({ label }) => [label.x, label.y]);

it('has the date line at its edges', () => {
  expect(project({ lon: -180, lat: 78 })).toEqual({ x: 0, y: 0 });
  expect(project({ lon: 0, lat: 0 })).toEqual({ x: 180, y: 78 });
});

describe('labels', () => {
  it('stand at their places when these are apart', () => {
    expect(where(['eu', 0, 50], ['na', -100, 40], ['sa', 0, 30])).toEqual([
      [180, 28],
      [80, 38],
      [180, 48],
    ]);
  });

  it('give way up and down, no further than needed', () => {
    expect(where(['a', 0, 40], ['b', 5, 40], ['c', 10, 40], ['d', 0, 40], ['e', 0, 60])).toEqual([
      [180, 38],
      [185, 50],
      [190, 26],
      [180, 62],
      [180, 12],
    ]);
  });

  it('stay inside of the map', () => {
    expect(where(['fiji', 178, -18], ['north', 0, 78])).toEqual([
      [MAP_WIDTH - SIZE.width, 96],
      [180, 6],
    ]);
  });

  it('are all there when there are too many', () => {
    const many = Array.from({ length: 40 }, (_, i): [string, number, number] => [`r${i}`, 0, 0]);
    const laid = lay(...many);
    expect(laid).toHaveLength(40);
    expect(laid.every(({ label }) => label.y > 0 && label.y < MAP_HEIGHT)).toBe(true);
  });
});

it.each<[from: string, key: string, to: string | null]>([
  ['eu', 'ArrowLeft', 'na'],
  ['na', 'ArrowRight', 'eu'],
  ['eu', 'ArrowRight', 'apac'],
  ['na', 'ArrowDown', 'sa'],
  ['sa', 'ArrowUp', 'na'],
  ['apac', 'ArrowRight', null],
  ['eu', 'Enter', null],
  ['nobody', 'ArrowLeft', null],
])('from %s %s leads to %s', (from, key, to) => {
  const labels = lay(['eu', 10, 50], ['na', -98, 39], ['apac', 105, 20], ['sa', -58, -17]);
  expect(neighbour(labels, from, key)).toBe(to);
});

import { type Place } from './regions';

// A flat map: a degree east is as wide as a degree north is high. Without Antarctica and the far north, where nobody plays.

/** The map's size, in degrees. */
export const MAP_WIDTH = 360;
export const MAP_HEIGHT = 134;
const NORTH_END = 78;

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A place in the map, x from the left and y from above. */
export function project({ lon, lat }: Place): Point {
  return { x: lon + 180, y: NORTH_END - lat };
}

/** What stands on the map: where it is, and where its label goes. */
export interface Label {
  readonly name: string;
  /** The place itself. */
  readonly at: Point;
  /** The label's left edge, and its middle from above. */
  readonly label: Point;
}

/** Room a label takes, in degrees. */
export interface LabelSize {
  readonly width: number;
  readonly height: number;
}

/** A label is moved in so many parts of its height. */
const PARTS = 4;

/**
 * Labels at their places, moved up or down no further than needed until none covers another, and into the map where they would hang over
 * its edge. Those that are first in the list stay nearest. Where nothing is free any more labels lie on one another.
 */
export function layLabels(
  places: readonly { readonly name: string; readonly place: Place }[],
  { width, height }: LabelSize,
): readonly Label[] {
  const laid: Label[] = [];
  const most = PARTS * Math.ceil(MAP_HEIGHT / height);
  const moves = Array.from({ length: 2 * most }, (_, i) => ((i % 2 === 0 ? -i / 2 : (i + 1) / 2) * height) / PARTS);
  const free = ({ x, y }: Point): boolean =>
    y >= height / 2 &&
    y <= MAP_HEIGHT - height / 2 &&
    laid.every(({ label }) => Math.abs(label.x - x) >= width || Math.abs(label.y - y) >= height);
  for (const { name, place } of places) {
    const at = project(place);
    const x = Math.max(0, Math.min(at.x, MAP_WIDTH - width));
    const move = moves.find((one) => free({ x, y: at.y + one })) ?? 0;
    laid.push({ name, at, label: { x, y: at.y + move } });
  }
  return laid;
}

const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** The label that an arrow key leads to from another: the nearest on that side; null where there is none, or for another key. */
export function neighbour(labels: readonly Label[], from: string, key: string): string | null {
  const way = ARROWS[key];
  const here = labels.find(({ name }) => name === from)?.label;
  if (way === undefined || here === undefined) return null;
  let best: { name: string; cost: number } | null = null;
  for (const { name, label } of labels) {
    const [x, y] = [label.x - here.x, label.y - here.y];
    const along = x * way.x + y * way.y;
    if (along <= 0) continue;
    // What lies beside the way counts double: straight on comes first.
    const cost = along + 2 * Math.abs(x * way.y + y * way.x);
    if (best === null || cost < best.cost) best = { name, cost };
  }
  return best?.name ?? null;
}

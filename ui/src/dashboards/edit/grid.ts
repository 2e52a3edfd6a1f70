import { gridColumns } from '../model/dashboard';

// Items keep apart: what is moved stays where it is put, others give way downwards, and gaps close upwards.

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export const leastWidth = 2;
export const leastHeight = 2;

/** The items after one of them took another box. */
export function placed<T extends Box>(items: readonly T[], index: number, box: Box): readonly T[] {
  const width = clamp(Math.round(box.width), leastWidth, gridColumns);
  const moved: Box = {
    width,
    height: clamp(Math.round(box.height), leastHeight, 60),
    x: clamp(Math.round(box.x), 0, gridColumns - width),
    y: Math.max(0, Math.round(box.y)),
  };
  const boxes: Box[] = items.map((item, place) => (place === index ? moved : item));
  return compacted(
    items.map((item, place) => ({ ...item, ...pick(boxes[place] ?? item) })),
    index,
  );
}

/** Each item as far up as it can be, in the order of their rows; `first` is asked before others at its height. */
export function compacted<T extends Box>(items: readonly T[], first = -1): readonly T[] {
  const order = items
    .map((item, index) => ({ item, index }))
    .toSorted(
      (a, b) => a.item.y - b.item.y || Number(b.index === first) - Number(a.index === first) || a.item.x - b.item.x,
    );
  const done: Box[] = [];
  const result = [...items];
  for (const { item, index } of order) {
    let { y } = item;
    // Down out of what is there already, then up as long as nothing is in the way.
    while (done.some((other) => overlap(other, { ...pick(item), y }))) y += 1;
    while (y > 0 && !done.some((other) => overlap(other, { ...pick(item), y: y - 1 }))) y -= 1;
    const box = { ...pick(item), y };
    done.push(box);
    result[index] = { ...item, ...box };
  }
  return result;
}

export function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** Where an item of a size fits first, from the top left. */
export function freePlace(items: readonly Box[], width: number, height: number): Box {
  for (let y = 0; ; y += 1) {
    for (let x = 0; x + width <= gridColumns; x += 1) {
      const box = { x, y, width, height };
      if (!items.some((item) => overlap(item, box))) return box;
    }
  }
}

function pick({ x, y, width, height }: Box): Box {
  return { x, y, width, height };
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}

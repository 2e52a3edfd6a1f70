/** How the overview shows regions. */
export const SHAPES = ['grid', 'map'] as const;
export type Shape = (typeof SHAPES)[number];

const KEY = 'tickscope.overview.show';

export function shapeOf(text: string | null): Shape {
  return SHAPES.find((shape) => shape === text) ?? 'grid';
}

/** What was chosen last in this tab, for addresses that do not say. */
export function keptShape(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export function keepShape(shape: string): void {
  try {
    sessionStorage.setItem(KEY, shape);
  } catch {
    // Then the address alone says.
  }
}

import { arrayOf, type JsonObject, numberOf, objectOf, textOf } from '../model/json';

/** A panel and where it was. */
export interface PlacedPanel {
  readonly panel: JsonObject;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Panels under one heading; without a title those before the first. `y` counts from its top. */
export interface Section {
  readonly title?: string;
  readonly open: boolean;
  readonly repeat?: string;
  readonly panels: readonly PlacedPanel[];
}

/** All sections: `rows` of dashboards before version 16, `panels` with rows among them since. */
export function sectionsOf(dashboard: JsonObject): readonly Section[] {
  const rows = arrayOf(dashboard['rows']).map(objectOf);
  return [...rows.map(oldRow), ...currentSections(arrayOf(dashboard['panels']).map(objectOf))].filter(
    (section) => section.title !== undefined || section.panels.length > 0,
  );
}

// Rows of twelfths: panels stand side by side until the row is full.
function oldRow(row: JsonObject): Section {
  const height = Math.max(3, Math.ceil((pixels(row['height']) ?? 250) / 38));
  const panels: PlacedPanel[] = [];
  let x = 0;
  let y = 0;
  for (const panel of arrayOf(row['panels']).map(objectOf)) {
    const width = clamp(Math.round((numberOf(panel['span']) ?? 4) * 2), 1, 24);
    if (x + width > 24) {
      x = 0;
      y += height;
    }
    panels.push({ panel, x, y, width, height });
    x += width;
  }
  const title = textOf(row['title']);
  const repeat = textOf(row['repeat']);
  const titled = (row['showTitle'] === true || row['collapse'] === true || repeat) && title;
  return { ...(titled ? { title } : {}), open: row['collapse'] !== true, ...(repeat ? { repeat } : {}), panels };
}

function pixels(height: unknown): number | undefined {
  return typeof height === 'string' ? numberOf(height.replace('px', '')) : numberOf(height);
}

function currentSections(panels: readonly JsonObject[]): readonly Section[] {
  const sections: { title?: string; open: boolean; repeat?: string; panels: JsonObject[] }[] = [
    { open: true, panels: [] },
  ];
  for (const panel of inOrder(panels)) {
    if (panel['type'] !== 'row') {
      sections.at(-1)?.panels.push(panel);
      continue;
    }
    const repeat = textOf(panel['repeat']);
    sections.push({
      title: textOf(panel['title']) ?? 'Row',
      open: panel['collapsed'] !== true,
      ...(repeat ? { repeat } : {}),
      panels: arrayOf(panel['panels']).map(objectOf),
    });
  }
  return sections.map((section) => ({ ...section, panels: placed(section.panels) }));
}

/** By their place on the page, which decides what row a panel is under; those without one stay behind the one before. */
function inOrder(panels: readonly JsonObject[]): readonly JsonObject[] {
  let last = 0;
  const keyed = panels.map((panel) => {
    const position = objectOf(panel['gridPos']);
    last = numberOf(position['y']) ?? last;
    return { panel, y: last };
  });
  // Sorting is stable: panels at one height keep their order, and a row stands before what is at its height.
  return keyed
    .toSorted((a, b) => a.y - b.y || Number(b.panel['type'] === 'row') - Number(a.panel['type'] === 'row'))
    .map(({ panel }) => panel);
}

function placed(panels: readonly JsonObject[]): readonly PlacedPanel[] {
  let below = 0;
  const places = panels.map((panel): PlacedPanel => {
    const position = objectOf(panel['gridPos']);
    const width = clamp(Math.round(numberOf(position['w']) ?? 12), 1, 24);
    const height = clamp(Math.round(numberOf(position['h']) ?? 8), 1, 1000);
    const x = clamp(Math.round(numberOf(position['x']) ?? 0), 0, 24 - width);
    const y = Math.max(0, Math.round(numberOf(position['y']) ?? below));
    below = Math.max(below, y + height);
    return { panel, x, y, width, height };
  });
  const top = Math.min(...places.map(({ y }) => y));
  return settled(places.map((place) => ({ ...place, y: place.y - top })));
}

/** Panels that lie upon another are moved down until they do not, and heights past what a page can have are cut. */
function settled(places: readonly PlacedPanel[]): readonly PlacedPanel[] {
  const done: PlacedPanel[] = [];
  for (const place of places.toSorted((a, b) => a.y - b.y)) {
    let y = Math.min(place.y, 9_000);
    for (;;) {
      const at = y;
      const under = done.filter(
        (other) =>
          other.x < place.x + place.width &&
          place.x < other.x + other.width &&
          other.y < at + place.height &&
          at < other.y + other.height,
      );
      if (under.length === 0) break;
      y = Math.max(...under.map((other) => other.y + other.height));
    }
    done.push({ ...place, y });
  }
  return done;
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}

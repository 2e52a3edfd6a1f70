// Pictures that stay as they are: each is taken anew and held against the one kept in browser/golden.
//
//   UPDATE_GOLDEN=1   writes them anew: look at what `git diff --stat` names before you keep it
//
// Machines differ in fonts and in how they smooth edges, so a picture is kept coarse (a third of its size or less, sixteen shades of each colour), is
// compared coarser still, and a share of its points may differ.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Locator, type Page } from 'playwright-core';

const FOLDER = join(import.meta.dirname, 'golden');
/** Bytes of one picture that is kept. */
const BYTES_MAX = 40_000;
/** Share of coarse points that may differ: a chart that is gone is 0.016 and more, other letters of the same width 0.007 and less. */
export const DIFFERENT_MAX = 0.012;

const dataUrl = (png: Buffer): string => `data:image/png;base64,${png.toString('base64')}`;

/** A picture at a third of its size or less, with few shades, as it is kept. `page` is one that has nothing of ours: its browser decodes. */
export async function coarse(page: Page, png: Buffer): Promise<Buffer> {
  const text = await page.evaluate(async (url) => {
    const whole = await createImageBitmap(await (await fetch(url)).blob());
    const factor = Math.max(3, whole.width / 380, whole.height / 380);
    const [width, height] = [Math.ceil(whole.width / factor), Math.ceil(whole.height / factor)];
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width, height });
    const context = canvas.getContext('2d')!;
    context.imageSmoothingQuality = 'high';
    context.drawImage(whole, 0, 0, width, height);
    const points = context.getImageData(0, 0, width, height);
    for (let i = 0; i < points.data.length; ++i) {
      if (i % 4 !== 3) points.data[i] = Math.round(points.data[i]! / 17) * 17;
    }
    context.putImageData(points, 0, 0);
    return canvas.toDataURL('image/png');
  }, dataUrl(png));
  return Buffer.from(text.slice(text.indexOf(',') + 1), 'base64');
}

/** How far apart two pictures are. */
export interface Difference {
  readonly sizes: string;
  /** Share of points, each of two by two of the pictures', whose colour differs visibly; 1 when the sizes differ. */
  readonly share: number;
}

/** Compares two PNGs, in a page of a browser as for `coarse`. */
export async function difference(page: Page, one: Buffer, other: Buffer): Promise<Difference> {
  return page.evaluate(
    async (urls) => {
      const [left, right] = await Promise.all(
        urls.map(async (url) => createImageBitmap(await (await fetch(url)).blob())),
      );
      if (left === undefined || right === undefined) throw new Error('no picture');
      const sizes = `${left.width} x ${left.height} and ${right.width} x ${right.height}`;
      if (left.width !== right.width || left.height !== right.height) return { sizes, share: 1 };
      const [width, height] = [Math.ceil(left.width / 2), Math.ceil(left.height / 2)];
      const points = [left, right].map((image) => {
        const context = new OffscreenCanvas(width, height).getContext('2d')!;
        context.imageSmoothingQuality = 'high';
        context.drawImage(image, 0, 0, width, height);
        return context.getImageData(0, 0, width, height).data;
      });
      let different = 0;
      for (let i = 0; i < points[0]!.length; i += 4) {
        const most = Math.max(...[0, 1, 2].map((n) => Math.abs(points[0]![i + n]! - points[1]![i + n]!)));
        if (most > 36) ++different;
      }
      return { sizes, share: different / (points[0]!.length / 4) };
    },
    [dataUrl(one), dataUrl(other)],
  );
}

/** Fails unless `what` looks as its golden picture `name` does; says where the new one is. */
export async function looksAsKept(blank: Page, what: Page | Locator, name: string): Promise<void> {
  const taken = await coarse(blank, await what.screenshot({ animations: 'disabled', caret: 'hide' }));
  const file = join(FOLDER, `${name}.png`);
  if (taken.length > BYTES_MAX) throw new Error(`${name}: ${taken.length} bytes, want at most ${BYTES_MAX}`);
  const kept = existsSync(file) ? readFileSync(file) : null;
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(FOLDER, { recursive: true });
    // What looks the same stays as it is: no noise in the history.
    if (kept === null || (await difference(blank, kept, taken)).share > 0) writeFileSync(file, taken);
    return;
  }
  if (kept === null) throw new Error(`no golden picture ${file}: UPDATE_GOLDEN=1 makes it`);
  const { sizes, share } = await difference(blank, kept, taken);
  if (share <= DIFFERENT_MAX) return;
  const now = join(tmpdir(), `${name}.now.png`);
  writeFileSync(now, taken);
  const percent = (100 * share).toFixed(1);
  throw new Error(`${name}: ${percent} % of the picture differ from ${file} (${sizes}); as it is now: ${now}`);
}

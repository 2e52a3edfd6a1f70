// Lines keep their colours while a chart lives, series of one name have one colour on all panels, and no two looks are the same.
import { describe, expect, it } from 'vitest';

import { assignSlots, levelColour, rampColour, STROKES, strokeOf, type Scheme } from './colours';

const SCHEMES: readonly Scheme[] = ['light', 'dark'];
const GROUNDS: Readonly<Record<Scheme, string>> = { light: '#ffffff', dark: '#171c23' };

/** WCAG's relative luminance of a hex colour. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

/** WCAG's contrast of two hex colours. */
function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].toSorted((x, y) => y - x);
  return (high! + 0.05) / (low! + 0.05);
}

describe.each(SCHEMES)('on a %s ground', (scheme) => {
  it('looks differ', () => {
    const looks = Array.from({ length: STROKES }, (_, slot) => JSON.stringify(strokeOf(slot, scheme)));
    expect(new Set(looks).size).toBe(STROKES);
  });

  it('every line stands out (3:1, as for graphics)', () => {
    for (let slot = 0; slot < STROKES; ++slot) {
      expect(contrast(strokeOf(slot, scheme).colour, GROUNDS[scheme])).toBeGreaterThanOrEqual(3);
    }
  });

  it('levels can be read as text (4.5:1)', () => {
    for (const level of ['ok', 'warn', 'bad', 'none'] as const) {
      expect(contrast(levelColour(level, scheme), GROUNDS[scheme])).toBeGreaterThanOrEqual(4.5);
    }
  });
});

describe('assignSlots', () => {
  it('gives equal names equal places on different charts', () => {
    expect(assignSlots(['eu', 'us', 'apac']).get('us')).toBe(assignSlots(['us']).get('us'));
  });

  it('gives different places as long as there are some', () => {
    const keys = Array.from({ length: 60 }, (_, i) => `server-${i}`);
    expect(new Set(assignSlots(keys).values()).size).toBe(60);
    expect(new Set(assignSlots(keys.slice(0, 8)).values()).size).toBe(8);
  });

  it('moves nothing when series come and go', () => {
    const before = assignSlots(['a', 'b', 'c']);
    const after = assignSlots(['c', 'd', 'a'], before);
    expect([after.get('a'), after.get('c')]).toEqual([before.get('a'), before.get('c')]);
  });

  it('leaves dashes out where there are too many lines to tell apart', () => {
    const slots = assignSlots(Array.from({ length: 200 }, (_, i) => `server-${i}`));
    expect([...slots.values()].every((slot) => strokeOf(slot, 'light').dash.length === 0)).toBe(true);
  });
});

it('shades go from one end of the ramp to the other and stay there', () => {
  expect(rampColour(-1, 'light')).toBe(rampColour(0, 'light'));
  expect(rampColour(2, 'dark')).toBe(rampColour(1, 'dark'));
  expect(rampColour(0.2, 'dark')).toBe('rgb(44,75,125)');
});

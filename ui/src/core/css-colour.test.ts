// Colours as people and other systems write them in dashboards.
import { expect, it } from 'vitest';

import { hexColour } from './css-colour';

it.each([
  ['#f00', '#ff0000'],
  ['#F2495C', '#f2495c'],
  ['#12345678', '#123456'],
  ['rgb(1, 2, 3)', '#010203'],
  ['rgba(255,128,0,0.5)', '#ff8000'],
  ['rgb(999, 0, 0)', '#ff0000'],
  ['red', '#ff0000'],
  ['rebeccapurple', undefined],
  ['constructor', undefined],
  ['#12', undefined],
  ['', undefined],
  [undefined, undefined],
])('%s is %s', (written, hex) => {
  expect(hexColour(written)).toBe(hex);
});

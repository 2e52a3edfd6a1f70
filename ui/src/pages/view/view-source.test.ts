// A link asks by panel and place alone.
import { expect, it } from 'vitest';

import { viewId, viewRanges, viewSource } from './view-source';

it.each([
  ['players', 0],
  ['a/b', 12],
])('panel %s, query %d', (panel, query) => {
  const source = viewSource('t/k');
  expect(source.path).toBe('view/t%2Fk/stream');
  expect(source.member('q7', { id: viewId(panel, query), expr: 'secret', range: 60, step: 5 })).toEqual({
    id: 'q7',
    panel,
    query,
    range: 60,
    step: 5,
  });
  const ranges = viewRanges('t/k');
  expect(ranges.path).toBe('view/t%2Fk/query_range');
  expect(ranges.sending({ id: viewId(panel, query), expr: 'secret', start: 60, end: 120, step: 5 })).toEqual({
    method: 'POST',
    json: { panel, query, start: 60, end: 120, step: 5 },
  });
});

import { expect, test } from 'vitest';

import { parseVariableQuery } from './grafana-query';

test.each([
  ['label_values(region)', { kind: 'label-values', label: 'region' }],
  ['label_values(up, instance)', { kind: 'label-values', label: 'instance', matcher: 'up' }],
  [
    'label_values(up{a="x, y",b=~"$c"}, instance)',
    { kind: 'label-values', label: 'instance', matcher: 'up{a="x, y",b=~"$c"}' },
  ],
  [' label_values( up , job ) ', { kind: 'label-values', label: 'job', matcher: 'up' }],
  ['label_names()', { kind: 'label-names' }],
  ['label_names(up)', { kind: 'label-names', matcher: 'up' }],
  ['metrics(node_)', { kind: 'metrics', pattern: 'node_' }],
  ['query_result(topk(5, sum by (x)(up)))', { kind: 'promql', expr: 'topk(5, sum by (x)(up))' }],
  ['count by (x)(up)', { kind: 'promql', expr: 'count by (x)(up)' }],
  ['  ', null],
])('%s', (text, query) => {
  expect(parseVariableQuery(text)).toEqual(query);
});

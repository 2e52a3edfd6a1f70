import { type ReactNode } from 'react';

import { type Costs, type OwnerSeries } from '../../api/types';
import { useGet } from '../../api/use-get';
import { LevelMark } from '../../frame/level-mark';
import { useServerInfo } from '../../frame/server-info';
import { Facts, PlainTable, Share } from '../parts/plain-table';
import { Section } from '../parts/section';

/** From this part of a budget on it is said that it is nearly spent. */
const NEARLY = 0.8;

const nameOf = (owner: string): string => (owner === '' ? 'nobody: not in the schema' : owner);

/** How much of a budget is spent. */
function Spent({ month, budget }: { readonly month: number; readonly budget: number | null }): ReactNode {
  if (budget === null) return '–';
  const share = budget === 0 ? (month === 0 ? 0 : Infinity) : month / budget;
  const level = share > 1 ? 'bad' : share > NEARLY ? 'warn' : 'ok';
  const words = { ok: 'within', warn: 'nearly spent', bad: 'over' }[level];
  return (
    <>
      <LevelMark level={level} label="" /> {words}
    </>
  );
}

/** What series cost a month, by owner, where the server has a price. */
function CostsOfOwners(): ReactNode {
  const costs = useGet<Costs>('cardinality/costs', undefined, 60);
  return (
    <Section title="Costs of a month" note="By active series, as priced in the server's settings" wide of={costs}>
      {({ currency, month, budget, owners }) => {
        const money = (value: number): string =>
          `${value.toLocaleString('en', { maximumFractionDigits: 2, minimumFractionDigits: 2 })} ${currency}`;
        return (
          <>
            <Facts
              facts={[
                ['All', money(month)],
                ['Budget', budget === null ? '–' : money(budget)],
                ['Spent', <Spent key="spent" month={month} budget={budget} />],
              ]}
            />
            <PlainTable
              label="Costs of a month"
              rows={owners}
              rowKey={(row) => row.owner}
              columns={[
                { title: 'Owner', render: (row) => nameOf(row.owner) },
                { title: 'Series', number: true, render: (row) => row.series.toLocaleString('en') },
                { title: 'A month', number: true, render: (row) => money(row.month) },
                { title: 'Budget', number: true, render: (row) => (row.budget === null ? '–' : money(row.budget)) },
                { title: 'Spent', render: (row) => <Spent month={row.month} budget={row.budget} /> },
              ]}
            />
          </>
        );
      }}
    </Section>
  );
}

/** Series by the owner the schema names, and what they cost. */
export function OwnersTab(): ReactNode {
  const owners = useGet<OwnerSeries[]>('cardinality/owners', undefined, 60);
  const priced = useServerInfo().config?.features.includes('costs') === true;
  return (
    <>
      <Section title="Owners" note="As the schema names them" wide of={owners} empty="No series yet.">
        {(data) =>
          data.length === 0 ? null : (
            <PlainTable
              label="Owners"
              rows={data}
              rowKey={(row) => row.owner}
              columns={[
                { title: 'Owner', render: (row) => nameOf(row.owner) },
                { title: 'Metrics', number: true, render: (row) => row.metrics.toLocaleString('en') },
                { title: 'Series', number: true, render: (row) => row.series.toLocaleString('en') },
                { title: 'Share', number: true, render: (row) => <Share share={row.share} /> },
              ]}
            />
          )
        }
      </Section>
      {priced && <CostsOfOwners />}
    </>
  );
}

import { Button } from '@mantine/core';
import { useState } from 'react';

import { nextStep } from '../../core/panel-state';
import { planRows, planTotals, tierWords, type Plan, type PlanRow } from '../../core/plan';
import { unitText } from '../../core/units';
import classes from './explore.module.css';
import { usePlan, type PlanAsk } from './use-plan';

/** How a query is evaluated, part by part; "Analyze" runs it and tells time, series and samples of each. */
export function PlanView({ id, ask }: { readonly id: string; readonly ask: PlanAsk }) {
  const [analyzed, setAnalyzed] = useState<string | null>(null);
  const analyze = analyzed === ask.expr;
  const { data, error, loading } = usePlan(ask, analyze);
  return (
    <section className={classes.plan} aria-label={`Plan of query ${id}`} aria-busy={loading}>
      <header className={classes.planHead}>
        <h3>{id}</h3>
        <code>{ask.expr}</code>
        <span className={classes.space} />
        <Button size="compact-sm" variant="default" loading={loading && analyze} onClick={() => setAnalyzed(ask.expr)}>
          {analyze ? 'Analyzed' : 'Analyze'}
        </Button>
      </header>
      {error !== null && (
        <p className={classes.bad} role="alert">
          {error.message} {nextStep(error.type, error.message)}
        </p>
      )}
      {data !== null && error === null && <PlanBody plan={data} />}
    </section>
  );
}

function PlanBody({ plan }: { readonly plan: Plan }) {
  const rows = planRows(plan.plan);
  const totals = planTotals(plan.plan);
  const { estimate, cache } = plan;
  return (
    <>
      <dl className={classes.totals}>
        {totals !== null && (
          <>
            <Total name="time" value={unitText(totals.seconds, 's')} />
            <Total name="result" value={`${unitText(totals.series)} series`} />
            <Total name="series read" value={unitText(totals.seriesRead)} />
            <Total name="samples read" value={unitText(totals.samplesRead)} />
            <Total name="unpacked" value={unitText(totals.unpackedBytes, 'bytes')} />
            <Total name="stored, about" value={unitText(totals.storedBytes, 'bytes')} />
          </>
        )}
        <Total
          name="estimate"
          value={`${unitText(estimate.series)} series, ${unitText(estimate.samples)} samples, ${unitText(estimate.bytes, 'bytes')}`}
        />
        {cache !== undefined && (
          <Total name="kept" value={cache.mayBeKept ? `${cache.keptSteps} of ${cache.steps} steps` : 'never'} />
        )}
      </dl>
      <div className={classes.planScroll} tabIndex={0} role="region" aria-label="Parts of the query">
        <table className={classes.planTable}>
          <thead>
            <tr>
              <th scope="col">part</th>
              <th scope="col">how</th>
              <th scope="col">reads from</th>
              <th scope="col">series</th>
              <th scope="col">samples</th>
              <th scope="col">time</th>
              <th scope="col" className={classes.share}>
                own share
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <PlanPart key={row.node.id} row={row} whole={totals?.seconds ?? 0} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Total({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function PlanPart({ row, whole }: { readonly row: PlanRow; readonly whole: number }) {
  const { node, depth, ownSeconds } = row;
  const { actual, read } = node;
  const within = node.method.startsWith('within');
  const share = ownSeconds === null || whole === 0 ? 0 : ownSeconds / whole;
  const series = actual?.seriesRead ?? actual?.series ?? read?.estimate?.series;
  const samples = actual?.samplesRead ?? read?.estimate?.samples;
  const about = actual === undefined ? 'about ' : '';
  return (
    <tr title={node.expression}>
      <td style={{ paddingLeft: 8 + depth * 18 }}>
        <span className={classes.dim}>{node.operation}</span> <strong>{node.detail ?? ''}</strong>
        {read === undefined ? null : <div className={classes.matchers}>{read.matchers}</div>}
      </td>
      <td>{node.sharedWith === undefined ? (actual?.method ?? node.method) : `shared with #${node.sharedWith}`}</td>
      <td>{read?.tiers === undefined ? '' : tierWords(read.tiers)}</td>
      <td className={classes.right}>
        {series === undefined ? '' : `${actual === undefined ? about : ''}${unitText(series)}`}
      </td>
      <td className={classes.right}>
        {samples === undefined ? '' : `${actual?.samplesRead === undefined ? about : ''}${unitText(samples)}`}
      </td>
      <td className={classes.right}>{actual === undefined || within ? '' : unitText(actual.seconds, 's')}</td>
      <td className={classes.share}>
        {actual === undefined || within ? null : (
          <>
            <span className={classes.track} aria-hidden>
              <span style={{ width: `${Math.round(share * 100)}%` }} />
            </span>
            {unitText(share, 'percentunit', 0)}
          </>
        )}
      </td>
    </tr>
  );
}

import type { Loaded } from '../../api/use-get';
import type { Plan } from '../../core/plan';
import { nextStep } from '../../core/panel-state';
import { unitText } from '../../core/units';
import classes from './explore.module.css';

/** Unpacked bytes from which a query is worth a thought: where the server warns, and where it refuses, by default. */
const WARN_BYTES = 8 * 1024 ** 3;
const REFUSE_BYTES = 40 * 1024 ** 3;

/** What the query would cost, told before it runs; or why it cannot. */
export function CostLine({ plan, typing }: { readonly plan: Loaded<Plan>; readonly typing: boolean }) {
  if (plan.error !== null && !plan.loading) {
    // Where the text is wrong the editor marks it.
    const step = plan.error.type === 'bad_data' ? null : nextStep(plan.error.type, plan.error.message);
    return (
      <div className={`${classes.cost} ${classes.bad}`} role="status">
        {plan.error.message.replace(/^invalid parameter "query": /, '')}
        {step === null ? '' : `. ${step}`}
      </div>
    );
  }
  const { data } = plan;
  if (data === null) return <div className={classes.cost}>{typing ? '' : ' '}</div>;
  const { series, samples, bytes } = data.estimate;
  const kept = data.cache !== undefined && data.cache.steps > 0 ? data.cache.keptSteps / data.cache.steps : 0;
  const heavy = bytes >= WARN_BYTES;
  return (
    <div
      className={`${classes.cost} ${heavy ? classes.warn : ''}`}
      role="status"
      title="An estimate from the indexes, made before the query runs"
    >
      reads about {unitText(series)} series, {unitText(samples)} samples, {unitText(bytes, 'bytes')} unpacked
      {kept > 0 ? `; ${unitText(kept, 'percentunit', 0)} of the steps are kept` : ''}
      {heavy
        ? ` (costly: ${bytes >= REFUSE_BYTES ? 'likely refused' : 'answered with a warning'}). Fewer series, a shorter range or a longer step cost less.`
        : ''}
    </div>
  );
}

import { useEffect, useState } from 'react';

import { send } from '../../api/client';
import { useLoaded, type Loaded } from '../../api/use-get';
import type { Plan } from '../../core/plan';

/** A query over a window, as it is explained. */
export interface PlanAsk {
  readonly expr: string;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** How the server would evaluate a query; with `analyze` it runs it and tells what each part did. Nothing is asked while null. */
export function usePlan(ask: PlanAsk | null, analyze: boolean): Loaded<Plan> {
  const key = ask === null || ask.expr.trim() === '' ? null : JSON.stringify(['explain', ask, analyze]);
  return useLoaded(key, async (signal) => {
    const { expr, start, end, step } = ask!;
    // On multiples of the step, as the query itself is asked.
    const form = { query: expr, start: Math.floor(start / step) * step, end: Math.floor(end / step) * step, step };
    const sent = analyze ? { ...form, analyze: 1 } : form;
    return (await send<Plan>('explain', { method: 'POST', form: sent }, signal)).data;
  });
}

/** `value` as it was when it had not changed for `ms`. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

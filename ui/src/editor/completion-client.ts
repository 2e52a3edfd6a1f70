import type { PrometheusClient } from '@prometheus-io/codemirror-promql';
import { EqlRegex, Neq, NeqRegex } from '@prometheus-io/lezer-promql';

import { get } from '../api/client';
import { promqlString } from '../core/filters';
import { metricInfos } from './metadata';

/** Names and values that one question may bring: what a list can show, whatever the store holds. */
const NAMES_MAX = 5_000;
const VALUES_MAX = 500;
/** What is completed is what was written lately, in seconds: labels of last year's builds help nobody. */
const LATELY = 3600;
/** Answers are kept for so long, ms: a person types many letters of one word. */
const KEPT_MS = 30_000;

interface Matcher {
  readonly type: number;
  readonly name: string;
  readonly value: string;
}

/** `{__name__="x",region="eu"}` of what was typed around the cursor; without the label that is being completed. */
function selector(metric: string | undefined, matchers: readonly Matcher[], without: string): string | undefined {
  const parts = metric === undefined || metric === '' ? [] : [`__name__=${promqlString(metric)}`];
  for (const { type, name, value } of matchers) {
    if (name === without || name === '' || value === '') continue;
    const sign = type === Neq ? '!=' : type === EqlRegex ? '=~' : type === NeqRegex ? '!~' : '=';
    parts.push(`${name}${sign}${promqlString(value)}`);
  }
  return parts.length === 0 ? undefined : `{${parts.join(',')}}`;
}

/**
 * What completion asks of the server: names and values of labels, bounded and of the last hour, never series: one metric may have
 * hundreds of thousands of them.
 */
export class CompletionClient implements PrometheusClient {
  private readonly kept = new Map<string, { at: number; answer: Promise<string[]> }>();

  private ask(path: string, match: string | undefined, limit: number): Promise<string[]> {
    const key = `${path} ${match ?? ''}`;
    const before = this.kept.get(key);
    if (before !== undefined && Date.now() - before.at < KEPT_MS) return before.answer;
    const start = Math.floor(Date.now() / 1000) - LATELY;
    const params = { limit, start, ...(match === undefined ? {} : { 'match[]': match }) };
    // A completion that fails leaves words and functions: the query itself will tell what is wrong.
    const answer = get<string[]>(path, params).catch(() => []);
    if (this.kept.size > 200) this.kept.clear();
    this.kept.set(key, { at: Date.now(), answer });
    return answer;
  }

  labelNames(metric?: string): Promise<string[]> {
    return this.ask('labels', selector(metric, [], ''), VALUES_MAX);
  }

  labelValues(label: string, metric?: string, matchers: readonly Matcher[] = []): Promise<string[]> {
    return this.ask(`label/${encodeURIComponent(label)}/values`, selector(metric, matchers, label), VALUES_MAX);
  }

  async metricNames(prefix = ''): Promise<string[]> {
    const all = await this.ask('label/__name__/values', undefined, NAMES_MAX);
    // Where there are more than fit, those that hold what was typed are asked for by themselves.
    if (all.length < NAMES_MAX || prefix.length < 2) return all;
    const text = prefix.replaceAll(/[^a-zA-Z0-9_:]/g, '');
    return this.ask('label/__name__/values', `{__name__=~".*${text}.*"}`, VALUES_MAX);
  }

  async metricMetadata(): Promise<Record<string, { type: string; help: string }[]>> {
    const infos = await metricInfos();
    return Object.fromEntries([...infos].map(([name, { type, help }]) => [name, [{ type, help }]]));
  }

  series(): Promise<Map<string, string>[]> {
    return Promise.resolve([]);
  }

  flags(): Promise<Record<string, string>> {
    return Promise.resolve({});
  }
}

// Polling of what the live stream does not follow, on a clock of the test's own.
import { expect, it } from 'vitest';

import { type QueryState } from '../core/frame';
import { ApiError } from './client';
import { type LiveQuery } from './page-stream';
import { Poller, type PollHost, type PolledQuery } from './poller';

const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

class TestHost implements PollHost {
  at = 0;
  looks = true;
  /** Queries asked and not answered yet. */
  readonly open: { id: string; signal: AbortSignal; answer(value: number): void; fail(error: ApiError): void }[] = [];
  readonly asked: string[] = [];
  private readonly timers: { at: number; run: () => void }[] = [];

  ask({ id }: LiveQuery, signal: AbortSignal): Promise<QueryState> {
    this.asked.push(`${this.at / 1000} ${id}`);
    return new Promise((resolve, reject) => {
      this.open.push({
        id,
        signal,
        answer: (value) => {
          const frame = { times: [this.at], step: 10, series: [{ key: '', labels: {}, values: [value] }] };
          resolve({ frame, phase: 'ready', stale: false, warnings: [], error: null });
        },
        fail: reject,
      });
    });
  }
  setTimeout(run: () => void, ms: number): number {
    this.timers.push({ at: this.at + ms, run });
    return this.timers.length - 1;
  }
  clearTimeout(timer: number): void {
    this.timers[timer]!.run = () => undefined;
  }
  hidden(): boolean {
    return !this.looks;
  }

  async pass(seconds: number): Promise<void> {
    const end = this.at + seconds * 1000;
    for (;;) {
      await settle();
      const next = this.timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.at = next.at;
      next.at = Infinity;
      next.run();
    }
    this.at = end;
    await settle();
  }
  async answerAll(value: number): Promise<void> {
    for (const one of this.open.splice(0)) one.answer(value);
    await settle();
  }
}

const query = (id: string): PolledQuery => ({ id, expr: id, range: 60, step: 10, why: 'it moves' });

it('asks all at once, and again so long after the last answer', async () => {
  const host = new TestHost();
  let changes = 0;
  const poller = new Poller(host, [query('a'), query('b')], 10, () => ++changes);
  expect(poller.state('a').phase).toBe('loading');
  await host.pass(4);
  await host.answerAll(1);
  expect(poller.state('a')).toMatchObject({ phase: 'ready', polled: 'it moves' });
  expect(changes).toBe(2);
  await host.pass(10);
  expect(host.asked).toEqual(['0 a', '0 b', '14 a', '14 b']);
  // A round that is not answered is not asked twice.
  await host.pass(60);
  expect(host.asked).toHaveLength(4);
  await host.answerAll(2);
  expect(poller.state('b').frame!.series[0]!.values).toEqual([2]);
});

it('keeps what there was when a round fails, and goes on', async () => {
  const host = new TestHost();
  const poller = new Poller(host, [query('a')], 5, () => undefined);
  await settle();
  await host.answerAll(1);
  await host.pass(5);
  host.open.splice(0)[0]!.fail(new ApiError('timeout', 'too slow', 503));
  await host.pass(0);
  expect(poller.state('a')).toMatchObject({ phase: 'failed', stale: true, polled: 'it moves' });
  expect(poller.state('a').frame).not.toBeNull();
  await host.pass(5);
  await host.answerAll(3);
  expect(poller.state('a')).toMatchObject({ phase: 'ready', stale: false, error: null });
});

it('does not ask a mistake again', async () => {
  const host = new TestHost();
  const poller = new Poller(host, [query('a')], 5, () => undefined);
  await settle();
  host.open.splice(0)[0]!.fail(new ApiError('bad_data', 'parse error', 400));
  await host.pass(60);
  expect(host.asked).toEqual(['0 a']);
  expect(poller.state('a')).toMatchObject({ phase: 'failed', error: { message: 'parse error' } });
  expect(poller.state('a').polled).toBeUndefined();
});

it('asks nothing while nobody looks, and nothing after its end', async () => {
  const host = new TestHost();
  host.looks = false;
  const poller = new Poller(host, [query('a')], 5, () => undefined);
  await host.pass(20);
  expect(host.asked).toEqual([]);
  host.looks = true;
  await host.pass(5);
  expect(host.asked).toHaveLength(1);
  poller.stop();
  expect(host.open[0]!.signal.aborted).toBe(true);
  await host.answerAll(1);
  await host.pass(60);
  expect(host.asked).toHaveLength(1);
  expect(poller.state('a').phase).toBe('loading');
});

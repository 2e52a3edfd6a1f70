// The stream of a page against a server that says what was recorded of a real one, on a clock of the test's own.
import { beforeEach, describe, expect, it } from 'vitest';

import { ApiError } from './client';
import { type LiveQuery, PageStream, type StreamHost } from './page-stream';

interface Opened {
  readonly body: { queries: { id: string; query: string }[] };
  readonly lastEventId: string;
  readonly signal: AbortSignal;
  say(text: string): Promise<void>;
  end(): Promise<void>;
}

/** Lets what was promised run. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

class TestHost implements StreamHost {
  at = 0;
  readonly opened: Opened[] = [];
  /** What the next connections are answered with in place of a stream. */
  readonly refusals: (Response | ApiError)[] = [];
  private readonly timers = new Map<number, { at: number; run: () => void }>();
  private next = 1;

  open(_path: string, body: unknown, lastEventId: string, signal: AbortSignal): Promise<Response> {
    const refusal = this.refusals.shift();
    const encoder = new TextEncoder();
    let controller!: ReadableStreamDefaultController<Uint8Array>;
    const stream = new ReadableStream<Uint8Array>({ start: (made) => void (controller = made) });
    this.opened.push({
      body: body as Opened['body'],
      lastEventId,
      signal,
      say: (text) => {
        controller.enqueue(encoder.encode(text));
        return settle();
      },
      end: () => {
        controller.close();
        return settle();
      },
    });
    if (refusal instanceof ApiError) return Promise.reject(refusal);
    return Promise.resolve(refusal ?? new Response(stream));
  }
  setTimeout(run: () => void, ms: number): number {
    this.timers.set(this.next, { at: this.at + ms, run });
    return this.next++;
  }
  clearTimeout(timer: number): void {
    this.timers.delete(timer);
  }
  now(): number {
    return this.at;
  }
  random(): number {
    return 0.5;
  }

  /** Lets time pass, timers in their order. */
  async pass(ms: number): Promise<void> {
    const until = this.at + ms;
    for (;;) {
      const due = [...this.timers].filter(([, { at }]) => at <= until).toSorted(([, a], [, b]) => a.at - b.at)[0];
      if (due === undefined) break;
      this.timers.delete(due[0]);
      this.at = due[1].at;
      due[1].run();
      await settle();
    }
    this.at = until;
    await settle();
  }
  get last(): Opened {
    return this.opened.at(-1)!;
  }
}

const LEFT: LiveQuery = { id: 'left', expr: 'sum(a)', range: 20, step: 10 };
const RIGHT: LiveQuery = { id: 'right', expr: 'sum(b)', range: 20, step: 10 };

function snapshot(query: string, to: number, value: string, id: string): string {
  const data = { query, from: to - 20, to, step: 10, series: [{ n: 0, metric: {}, values: [[to, value]] }] };
  return `id: ${id}\nevent: snapshot\ndata: ${JSON.stringify(data)}\n\n`;
}
function points(query: string, to: number, value: string, id: string): string {
  const data = { query, to, series: [{ n: 0, values: [[to, value]] }] };
  return `id: ${id}\nevent: points\ndata: ${JSON.stringify(data)}\n\n`;
}

let host: TestHost;
let stream: PageStream;
beforeEach(() => {
  host = new TestHost();
  stream = new PageStream(host);
});

const nothing = (): void => undefined;
const values = (query: LiveQuery): readonly (number | null)[] | undefined =>
  stream.state(query).frame?.series[0]?.values;

/** Follows LEFT on an open connection that has sent its snapshot. */
async function followed(): Promise<void> {
  stream.follow(LEFT, nothing);
  await host.pass(30);
  await host.last.say(`retry: 2000\n\n${snapshot('q0', 1000, '1', 'x-1.1')}`);
}

it('asks all that a page mounts at once, equal queries once', async () => {
  stream.follow(LEFT, nothing);
  stream.follow(RIGHT, nothing);
  stream.follow({ ...LEFT, id: 'another name' }, nothing);
  await host.pass(30);
  expect(host.opened).toHaveLength(1);
  expect(host.last.body.queries).toEqual([
    { id: 'q0', query: 'sum(a)', range: 20, step: 10 },
    { id: 'q1', query: 'sum(b)', range: 20, step: 10 },
  ]);
});

it('shows a snapshot and what follows; what comes in one piece is told once', async () => {
  let told = 0;
  stream.follow(LEFT, () => void told++);
  await host.pass(30);
  expect(stream.state(LEFT).phase).toBe('loading');
  await host.last.say(snapshot('q0', 1000, '1', 'x-1.1') + points('q0', 1010, '2', 'x-1.2'));
  expect(stream.state(LEFT)).toMatchObject({ phase: 'ready', stale: false, error: null });
  expect(values(LEFT)).toEqual([null, 1, 2]);
  await host.pass(16);
  expect(told).toBe(1);
});

it('tells once of a step that comes query by query, and of a first picture at once', async () => {
  let told = 0;
  const listener = (): void => void told++;
  stream.follow(LEFT, listener);
  stream.follow(RIGHT, listener);
  await host.pass(30);
  await host.last.say(snapshot('q0', 1000, '1', 'x-1.1'));
  await host.last.say(snapshot('q1', 1000, '1', 'x-1.2'));
  await host.pass(16);
  expect(told).toBe(1);
  await host.last.say(points('q0', 1010, '2', 'x-1.3'));
  await host.pass(60);
  await host.last.say(points('q1', 1010, '3', 'x-1.4'));
  await host.pass(39);
  expect(told).toBe(1);
  await host.pass(1);
  expect(told).toBe(2);
  expect([values(LEFT)?.at(-1), values(RIGHT)?.at(-1)]).toEqual([2, 3]);
});

describe('when the connection is lost', () => {
  it('what is held is marked stale, and only what is missing comes after', async () => {
    await followed();
    await host.last.end();
    expect(stream.status.phase).toBe('waiting');
    expect(stream.state(LEFT)).toMatchObject({ phase: 'ready', stale: true });
    expect(values(LEFT)).toEqual([null, null, 1]);
    await host.pass(1_999);
    expect(host.opened).toHaveLength(1);
    await host.pass(2);
    expect(host.last.lastEventId).toBe('x-1.1');
    await host.last.say(points('q0', 1010, '2', 'x-1.2'));
    expect(stream.state(LEFT).stale).toBe(false);
    expect(values(LEFT)).toEqual([null, 1, 2]);
  });

  it('a restarted server begins anew', async () => {
    await followed();
    await host.last.say('event: bye\ndata: {}\n\n');
    await host.last.end();
    await host.pass(2_001);
    await host.last.say(snapshot('q0', 1030, '7', 'y-1.1'));
    expect(values(LEFT)).toEqual([null, null, 7]);
  });

  it('waits longer and longer while nobody answers, and says why', async () => {
    for (let i = 0; i < 8; i++) host.refusals.push(new ApiError('network', 'no answer', 0));
    stream.follow(LEFT, nothing);
    await host.pass(30);
    expect(stream.state(LEFT)).toMatchObject({ phase: 'failed', error: { type: 'network', message: 'no answer' } });
    await host.pass(60_000);
    // After 1, 2, 4, 8, then 15 s each.
    expect(host.opened).toHaveLength(8);
  });

  it('a query that comes meanwhile waits with the others', async () => {
    await followed();
    await host.last.end();
    stream.follow(RIGHT, nothing);
    await host.pass(1_000);
    expect(host.opened).toHaveLength(1);
    await host.pass(1_001);
    expect(host.last.body.queries).toHaveLength(2);
  });

  it('goes on at once when the network is back', async () => {
    await followed();
    await host.last.end();
    stream.retryNow();
    await host.pass(30);
    expect(host.opened).toHaveLength(2);
  });
});

it('a silent connection is given up, after a sleep as well', async () => {
  await followed();
  await host.pass(30_000);
  await host.last.say(':\n');
  await host.pass(39_000);
  expect(host.opened).toHaveLength(1);
  await host.pass(15_000);
  expect(stream.state(LEFT).stale || host.opened.length > 1).toBe(true);
  await host.pass(5_000);
  expect(host.opened.length).toBeGreaterThan(1);
  await host.last.say(snapshot('q0', 1100, '3', 'x-1.9'));
  host.at += 3_600_000;
  stream.checkAlive();
  expect(stream.state(LEFT).stale).toBe(true);
});

describe('failures', () => {
  it('of one query are its own, and its last answer stays', async () => {
    stream.follow(RIGHT, nothing);
    await followed();
    await host.last.say(snapshot('q0', 1000, '5', 'x-2.1'));
    await host.last.say('event: failure\ndata: {"query":"q1","errorType":"timeout","error":"took too long"}\n\n');
    expect(stream.state(LEFT)).toMatchObject({ phase: 'failed' });
    expect(stream.state(RIGHT)).toMatchObject({ phase: 'ready', stale: false });
    expect(stream.state(LEFT).error).toEqual({ type: 'timeout', message: 'took too long' });
  });

  it('a query the server refuses is left out, the others go on', async () => {
    const error = { status: 'error', errorType: 'bad_data', error: 'query 1: 1:5: parse error' };
    host.refusals.push(new Response(JSON.stringify(error), { status: 400 }));
    stream.follow(LEFT, nothing);
    stream.follow(RIGHT, nothing);
    await host.pass(30);
    await host.pass(30);
    expect(stream.state(RIGHT).error).toEqual({ type: 'bad_data', message: '1:5: parse error' });
    expect(stream.state(RIGHT).refused).toBe('1:5: parse error');
    expect(host.last.body.queries.map(({ query }) => query)).toEqual(['sum(a)']);
    await host.last.say(snapshot('q0', 1000, '1', 'x-1.1'));
    expect(stream.state(LEFT).phase).toBe('ready');
    expect(host.opened).toHaveLength(2);
  });

  it('a busy server says when to come back', async () => {
    host.refusals.push(new Response('{}', { status: 503, headers: { 'Retry-After': '7' } }));
    stream.follow(LEFT, nothing);
    await host.pass(30);
    await host.pass(6_900);
    expect(host.opened).toHaveLength(1);
    await host.pass(200);
    expect(host.opened).toHaveLength(2);
  });

  it('points of what is not held make it begin anew', async () => {
    await followed();
    stream.follow(RIGHT, nothing);
    await host.pass(30);
    expect(host.last.lastEventId).toBe('x-1.1');
    await host.last.say(points('q1', 1010, '2', 'x-1.1-1.2'));
    await host.pass(30);
    expect(host.opened).toHaveLength(3);
    expect(host.last.lastEventId).toBe('');
  });

  it('more queries than a stream takes are said so', async () => {
    const many = Array.from({ length: 66 }, (_, i) => ({ ...LEFT, id: String(i), expr: `a${i}` }));
    for (const query of many) stream.follow(query, nothing);
    await host.pass(30);
    expect(host.last.body.queries).toHaveLength(64);
    expect(stream.state(many[63]!).phase).toBe('loading');
    expect(stream.state(many[65]!).error?.message).toBe('a page follows 64 queries at most');
  });
});

describe('what is looked at', () => {
  it('a hidden tab has no connection, and comes back with what it holds', async () => {
    await followed();
    stream.pause();
    expect(host.last.signal.aborted).toBe(true);
    expect(stream.status.phase).toBe('paused');
    expect(stream.state(LEFT).stale).toBe(false);
    stream.follow(RIGHT, nothing);
    await host.pass(60_000);
    expect(host.opened).toHaveLength(1);
    stream.resume();
    await host.pass(30);
    expect(host.last.lastEventId).toBe('x-1.1');
    expect(host.last.body.queries).toHaveLength(2);
  });

  it('a query nobody shows any more is let go of', async () => {
    await followed();
    const end = stream.follow(RIGHT, nothing);
    await host.pass(30);
    end();
    await host.pass(30);
    expect(host.last.body.queries.map(({ query }) => query)).toEqual(['sum(a)']);
    expect(values(LEFT)).toEqual([null, null, 1]);
  });

  it('one that is shown again at once makes no request', async () => {
    const end = stream.follow(LEFT, nothing);
    await host.pass(30);
    end();
    stream.follow(LEFT, nothing);
    await host.pass(1_000);
    expect(host.opened).toHaveLength(1);
  });

  it('a page without queries has no connection', async () => {
    const end = stream.follow(LEFT, nothing);
    await host.pass(30);
    end();
    await host.pass(30);
    expect(host.last.signal.aborted).toBe(true);
    expect(stream.status.phase).toBe('idle');
  });
});

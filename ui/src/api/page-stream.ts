import { type QueryState } from '../core/frame';
import { LiveWindow, type StreamPoints, type StreamSnapshot } from '../core/live-window';
import { type ServerEvent, SseReader } from '../core/sse';
import { answerError, ApiError, apiFetch } from './client';

/** A query to be kept up to date. */
export interface LiveQuery {
  /** The asker's name for it: the key of its state. */
  readonly id: string;
  readonly expr: string;
  /** Seconds before now to begin at. */
  readonly range: number;
  /** Seconds between points. */
  readonly step: number;
}

/** How the stream is: `idle` when nothing is asked, `paused` while nobody looks. */
export type StreamPhase = 'idle' | 'connecting' | 'open' | 'waiting' | 'paused';

export interface StreamStatus {
  readonly phase: StreamPhase;
  /** Why it waits. */
  readonly error: ApiError | null;
}

/** What the stream needs of the world, so that a test can be the world. */
export interface StreamHost {
  /** Opens `/api/v1/<path>` with the body as JSON; as `fetch`. */
  open(path: string, body: unknown, lastEventId: string, signal: AbortSignal): Promise<Response>;
  setTimeout(run: () => void, ms: number): number;
  clearTimeout(timer: number): void;
  /** Milliseconds of a clock that goes on while the machine sleeps. */
  now(): number;
  random(): number;
}

/** Where a page asks: by PromQL, or (pages of a signed link) by the place of a query in a page that the server knows. */
export interface StreamSource {
  readonly path: string;
  /** A query as the server wants to be asked for it. */
  member(id: string, query: LiveQuery): unknown;
}

export const PROMQL_SOURCE: StreamSource = {
  path: 'stream',
  member: (id, { expr, range, step }) => ({ id, query: expr, range, step }),
};

const LOADING: QueryState = { frame: null, phase: 'loading', stale: false, warnings: [], error: null };
/** Queries that come and go within so many ms are one request: a page mounts its panels one after the other. */
const GATHER_MS = 25;
/** Without a heartbeat (every 15 s) for so long the connection is dead: a machine that slept, a network that changed. */
const SILENCE_MS = 40_000;
/** First and longest wait after a failure to connect. */
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 15_000;
/**
 * What changes within so many ms is told once: at a step the server sends the queries of a page one after the other, and each telling
 * costs a page a rendering. A first picture is not kept waiting so long.
 */
const TELL_MS = 100;
const TELL_FIRST_MS = 16;
/** Queries of one stream, as the server bounds it. */
export const LIVE_QUERIES_MAX = 64;

interface Topic {
  /** Its name on the wire. */
  readonly wire: string;
  readonly query: LiveQuery;
  readonly listeners: Set<() => void>;
  window: LiveWindow | null;
  state: QueryState;
  /** The server refused it: not asked again until somebody asks anew. */
  refused: boolean;
}

function textOf(query: LiveQuery): string {
  return `${query.range}|${query.step}|${query.expr}`;
}

function failedState(error: ApiError, before: QueryState): QueryState {
  return {
    ...before,
    phase: 'failed',
    stale: before.frame !== null,
    error: { type: error.type, message: error.message },
  };
}

/**
 * The one live stream of a page: whoever shows a query listens to it here, equal queries are asked once. A change of
 * what is asked, a lost connection and a restarted server are all met in the same way: the request is made anew and says
 * what it holds (Last-Event-ID), so that only what is missing is sent.
 */
export class PageStream {
  private readonly topics = new Map<string, Topic>();
  private readonly statusListeners = new Set<() => void>();
  private current: StreamStatus = { phase: 'idle', error: null };
  /** When the server's last event or heartbeat came, in ms of the host's clock. */
  private lastHeard = 0;
  private lastEventId = '';
  private names = 0;
  private paused = false;
  private failures = 0;
  private retryMs: number | null = null;
  private connection: AbortController | null = null;
  /** What the connection asks, as `wanted` has it. */
  private connected = '';
  private timer: number | null = null;
  private watch: number | null = null;
  /** Changed since their listeners were told. */
  private readonly untold = new Set<Topic>();
  private telling: { readonly timer: number; readonly at: number } | null = null;

  constructor(
    private readonly host: StreamHost,
    private readonly source: StreamSource = PROMQL_SOURCE,
  ) {}

  /** Follows a query; `listener` is called after each change of its state. Gives what ends that. */
  follow(query: LiveQuery, listener: () => void): () => void {
    const text = textOf(query);
    let topic = this.topics.get(text);
    if (topic === undefined) {
      topic = { wire: `q${this.names++}`, query, listeners: new Set(), window: null, state: LOADING, refused: false };
      this.topics.set(text, topic);
      this.changed();
    }
    topic.listeners.add(listener);
    return () => {
      topic.listeners.delete(listener);
      if (topic.listeners.size === 0) this.changed();
    };
  }

  /** What is known of a query; the same object until something changes. */
  state(query: LiveQuery): QueryState {
    return this.topics.get(textOf(query))?.state ?? LOADING;
  }

  get status(): StreamStatus {
    return this.current;
  }

  onStatus(listener: () => void): () => void {
    this.statusListeners.add(listener);
    return () => void this.statusListeners.delete(listener);
  }

  /** Ends the connection and keeps what is held; `resume` goes on from there. */
  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.disconnect();
    this.become('paused', null);
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.retryNow();
  }

  /** Connects now rather than when the wait is over: the network is back, or the token is another. */
  retryNow(): void {
    if (this.paused) return;
    this.failures = 0;
    for (const topic of this.topics.values()) topic.refused = false;
    this.disconnect();
    this.changed();
  }

  /** True when the connection's last sign of life is too long ago; then it is made anew. Called after a sleep as well. */
  checkAlive(): void {
    if (this.current.phase === 'open' && this.host.now() - this.lastHeard > SILENCE_MS) {
      this.lost(new ApiError('network', 'nothing was heard of the server for 40 s', 0));
    }
  }

  close(): void {
    this.disconnect();
    if (this.telling !== null) this.host.clearTimeout(this.telling.timer);
    this.telling = null;
    this.untold.clear();
    this.topics.clear();
    this.become('idle', null);
  }

  private changed(): void {
    if (this.paused || (this.timer !== null && this.current.phase === 'waiting')) return;
    if (this.timer !== null) this.host.clearTimeout(this.timer);
    this.timer = this.host.setTimeout(() => {
      this.timer = null;
      if (this.connection === null || this.wanted() !== this.connected) void this.connect();
    }, GATHER_MS);
  }

  /** What should be asked, as text; what nobody follows any more is let go of. */
  private wanted(): string {
    for (const [text, topic] of this.topics) if (topic.listeners.size === 0) this.topics.delete(text);
    return [...this.topics.values()]
      .filter((topic) => !topic.refused)
      .map((topic) => topic.wire)
      .join(' ');
  }

  private disconnect(): void {
    this.connection?.abort();
    this.connection = null;
    for (const timer of [this.timer, this.watch]) if (timer !== null) this.host.clearTimeout(timer);
    this.timer = null;
    this.watch = null;
  }

  private async connect(): Promise<void> {
    this.disconnect();
    this.wanted();
    const asked = [...this.topics.values()].filter((topic) => !topic.refused);
    for (const topic of asked.splice(LIVE_QUERIES_MAX)) {
      this.refuse(topic, new ApiError('too_many', `a page follows ${LIVE_QUERIES_MAX} queries at most`, 0));
    }
    if (asked.length === 0) return this.become('idle', null);
    const connection = new AbortController();
    this.connection = connection;
    this.connected = this.wanted();
    this.become('connecting', this.current.error);
    // What is not held in full cannot be continued.
    const known = asked.some((topic) => topic.window !== null) ? this.lastEventId : '';
    try {
      const body = { queries: asked.map((topic) => this.source.member(topic.wire, topic.query)) };
      const response = await this.host.open(this.source.path, body, known, connection.signal);
      if (connection.signal.aborted) return;
      if (!response.ok) return this.refusedAs(await answerError(response), asked);
      await this.read(response, known, asked, connection.signal);
      if (!connection.signal.aborted) this.lost(new ApiError('network', 'the stream ended', 0));
    } catch (error) {
      if (connection.signal.aborted) return;
      this.lost(error instanceof ApiError ? error : new ApiError('network', 'the stream broke off', 0));
    }
  }

  /** A request that was turned down: for one query's sake, which is left out, or as a whole. */
  private refusedAs(error: ApiError, asked: readonly Topic[]): void {
    const culprit = /^query (\d+): /.exec(error.message);
    const topic = culprit === null ? undefined : asked[Number(culprit[1])];
    if (error.status === 400 && topic !== undefined) {
      this.refuse(topic, new ApiError(error.type, error.message.slice(culprit![0].length), 400));
      return this.changed();
    }
    if (error.status === 400 || error.status === 404) {
      for (const one of asked) this.refuse(one, error);
      return this.become('idle', error);
    }
    this.lost(error);
  }

  private refuse(topic: Topic, error: ApiError): void {
    topic.refused = true;
    topic.window = null;
    this.put(topic, { ...failedState(error, topic.state), refused: error.message });
  }

  private async read(response: Response, known: string, asked: readonly Topic[], signal: AbortSignal): Promise<void> {
    const byName = new Map(asked.map((topic) => [topic.wire, topic]));
    const reader = response.body!.getReader();
    const decoder = new TextDecoder();
    const sse = new SseReader(known);
    this.heard();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      this.heard();
      for (const event of sse.feed(decoder.decode(value, { stream: true }))) {
        if (event.event === 'bye') this.failures = 0;
        const topic = this.take(event, byName);
        if (topic === 'lost count') {
          // What the server thinks we hold is not what we hold: begin anew.
          this.lastEventId = '';
          this.disconnect();
          return this.changed();
        }
        if (topic !== null) this.tellSoon(topic, event.event === 'points' ? TELL_MS : TELL_FIRST_MS);
        if (event.id !== '') this.lastEventId = event.id;
      }
      this.retryMs = sse.retry ?? this.retryMs;
    }
  }

  /** Tells of a change in `ms` at the latest, with all that changes meanwhile. */
  private tellSoon(topic: Topic, ms: number): void {
    this.untold.add(topic);
    const at = this.host.now() + ms;
    if (this.telling !== null) {
      if (this.telling.at <= at) return;
      this.host.clearTimeout(this.telling.timer);
    }
    const tell = (): void => {
      this.telling = null;
      const listeners = new Set([...this.untold].flatMap((one) => [...one.listeners]));
      this.untold.clear();
      for (const listener of listeners) listener();
    };
    this.telling = { timer: this.host.setTimeout(tell, ms), at };
  }

  private take(event: ServerEvent, byName: ReadonlyMap<string, Topic>): Topic | null | 'lost count' {
    if (event.event !== 'snapshot' && event.event !== 'points' && event.event !== 'failure') return null;
    const data = JSON.parse(event.data) as StreamSnapshot & StreamPoints & { errorType: string; error: string };
    const topic = byName.get(data.query);
    if (topic === undefined) return null;
    if (event.event === 'failure') {
      topic.state = failedState(new ApiError(data.errorType, data.error, 0), topic.state);
      return topic;
    }
    if (event.event === 'snapshot') topic.window = new LiveWindow(data, topic.query.range);
    else if (topic.window === null || !topic.window.apply(data)) return 'lost count';
    const warnings = data.warnings ?? [];
    topic.state = { frame: topic.window!.frame(), phase: 'ready', stale: false, warnings, error: null };
    return topic;
  }

  private heard(): void {
    this.failures = 0;
    this.lastHeard = this.host.now();
    if (this.current.phase !== 'open') {
      this.become('open', null);
      for (const topic of this.topics.values()) {
        if (topic.state.stale && topic.state.phase === 'ready') this.put(topic, { ...topic.state, stale: false });
      }
    }
    if (this.watch === null) {
      const look = (): void => {
        this.watch = this.host.setTimeout(look, SILENCE_MS / 4);
        this.checkAlive();
      };
      this.watch = this.host.setTimeout(look, SILENCE_MS / 4);
    }
  }

  private lost(error: ApiError): void {
    this.disconnect();
    for (const topic of this.topics.values()) {
      if (topic.refused) continue;
      const stale = topic.state.frame !== null;
      const state = { ...topic.state, stale };
      this.put(topic, stale ? state : failedState(error, state));
    }
    const asked = error.retryAfter === null ? this.retryMs : error.retryAfter * 1000;
    const base = this.failures === 0 ? (asked ?? RETRY_MS) : Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** this.failures);
    this.failures++;
    this.become('waiting', error);
    // The server draws `retry` for each client; our own waits are drawn here, so that a room does not come back at once.
    const wait = base * (0.75 + this.host.random() / 2);
    this.timer = this.host.setTimeout(() => {
      this.timer = null;
      void this.connect();
    }, wait);
  }

  private put(topic: Topic, state: QueryState): void {
    topic.state = state;
    for (const listener of topic.listeners) listener();
  }

  private become(phase: StreamPhase, error: ApiError | null): void {
    this.current = { phase, error };
    for (const listener of this.statusListeners) listener();
  }
}

/** The browser as the stream's world. */
export const BROWSER_HOST: StreamHost = {
  open: (path, body, lastEventId, signal) =>
    apiFetch(
      path,
      {
        method: 'POST',
        body: JSON.stringify(body),
        headers: {
          'Content-Type': 'application/json',
          ...(lastEventId === '' ? {} : { 'Last-Event-ID': lastEventId }),
        },
      },
      signal,
    ),
  setTimeout: (run, ms) => window.setTimeout(run, ms),
  clearTimeout: (timer) => window.clearTimeout(timer),
  now: () => Date.now(),
  random: () => Math.random(),
};

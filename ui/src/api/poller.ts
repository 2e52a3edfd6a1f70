import { type QueryState } from '../core/frame';
import { ApiError } from './client';
import { type LiveQuery } from './page-stream';

/** What polling needs of the world, so that a test can be the world. */
export interface PollHost {
  /** Asks a range query that ends now. Throws `ApiError`. */
  ask(query: LiveQuery, signal: AbortSignal): Promise<QueryState>;
  setTimeout(run: () => void, ms: number): number;
  clearTimeout(timer: number): void;
  /** True while nobody looks at the page. */
  hidden(): boolean;
}

const LOADING: QueryState = { frame: null, phase: 'loading', stale: false, warnings: [], error: null };

/** A query that the live stream does not follow, and what it said. */
export interface PolledQuery extends LiveQuery {
  readonly why: string;
}

/**
 * Asks queries again and again, for those that the live stream does not follow: all at once, and the next round `everySeconds` after the
 * last one was answered, so that slow ones are not asked twice at a time. What the server calls a mistake is not asked again. Nothing is
 * asked while nobody looks.
 */
export class Poller {
  private readonly states = new Map<string, QueryState>();
  private readonly hopeless = new Set<string>();
  private readonly aborter = new AbortController();
  private timer: number | null = null;

  constructor(
    private readonly host: PollHost,
    private readonly queries: readonly PolledQuery[],
    private readonly everySeconds: number,
    private readonly changed: () => void,
  ) {
    void this.round();
  }

  /** What is known of a query by its id; the same object until something changes. */
  state(id: string): QueryState {
    return this.states.get(id) ?? LOADING;
  }

  stop(): void {
    this.aborter.abort();
    if (this.timer !== null) this.host.clearTimeout(this.timer);
  }

  private async round(): Promise<void> {
    const asked = this.host.hidden() ? [] : this.queries.filter(({ id }) => !this.hopeless.has(id));
    await Promise.all(asked.map((query) => this.one(query)));
    if (this.aborter.signal.aborted || this.hopeless.size === this.queries.length) return;
    this.timer = this.host.setTimeout(() => void this.round(), this.everySeconds * 1000);
  }

  private async one(query: PolledQuery): Promise<void> {
    const state = await this.host.ask(query, this.aborter.signal).then(
      (answer): QueryState => ({ ...answer, polled: query.why }),
      (error: unknown) => this.failed(query, error),
    );
    if (this.aborter.signal.aborted) return;
    this.states.set(query.id, state);
    this.changed();
  }

  private failed({ id, why }: PolledQuery, error: unknown): QueryState {
    const { type, message, status } = error instanceof ApiError ? error : new ApiError('unknown', String(error), 0);
    const before = this.state(id);
    const failed = { ...before, phase: 'failed' as const, stale: before.frame !== null, error: { type, message } };
    if (status !== 400) return { ...failed, polled: why };
    this.hopeless.add(id);
    return failed;
  }
}

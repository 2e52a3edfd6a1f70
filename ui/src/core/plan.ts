/** How the server evaluates a query: what `/api/v1/explain` answers (docs/queries.md). */
export interface Plan {
  readonly query: string;
  readonly text: string;
  readonly plan: PlanNode;
  /** Before it runs, what admission goes by. */
  readonly estimate: Cost;
  /** Of a range query: how many of its steps are kept. */
  readonly cache?: { readonly mayBeKept: boolean; readonly steps: number; readonly keptSteps: number };
}

/** What a query is expected to read. */
export interface Cost {
  readonly series: number;
  readonly samples: number;
  /** Series times steps. */
  readonly cells: number;
  /** Samples and cells as they lie in memory. */
  readonly bytes: number;
  readonly storedBytes: number;
}

export interface TierStretch {
  readonly tier: string;
  readonly start: number;
  readonly end: number;
  /** Seconds a window; 0 for raw samples. */
  readonly resolution: number;
  readonly files: number;
}

export interface PlanNode {
  readonly id: number;
  readonly operation: string;
  readonly detail?: string;
  readonly expression: string;
  readonly method: string;
  readonly sharedWith?: number;
  readonly once: boolean;
  readonly start: number;
  readonly step: number;
  readonly steps: number;
  readonly read?: {
    readonly matchers: string;
    readonly function?: string;
    readonly range?: number;
    readonly tiers?: readonly TierStretch[];
    readonly estimate?: { readonly series: number; readonly samples: number; readonly storedBytes: number };
  };
  readonly actual?: {
    readonly method: string;
    /** With what is further in. */
    readonly seconds: number;
    readonly series: number;
    readonly seriesRead?: number;
    readonly samplesRead?: number;
    readonly unpackedBytes?: number;
    readonly storedBytesAbout?: number;
  };
  readonly children?: readonly PlanNode[];
}

/** A node with its place in the tree. */
export interface PlanRow {
  readonly node: PlanNode;
  readonly depth: number;
  /** Seconds of this node alone, what is further in taken off; null when it was not run. */
  readonly ownSeconds: number | null;
}

/** The tree from the top down, as it is listed. */
export function planRows(root: PlanNode): PlanRow[] {
  const rows: PlanRow[] = [];
  const visit = (node: PlanNode, depth: number): void => {
    const inner = (node.children ?? []).reduce((sum, child) => sum + (child.actual?.seconds ?? 0), 0);
    const own = node.actual === undefined ? null : Math.max(0, node.actual.seconds - inner);
    rows.push({ node, depth, ownSeconds: own });
    for (const child of node.children ?? []) visit(child, depth + 1);
  };
  visit(root, 0);
  return rows;
}

/** What an analysed query really read and took. */
export interface PlanTotals {
  readonly seconds: number;
  readonly series: number;
  readonly seriesRead: number;
  readonly samplesRead: number;
  readonly unpackedBytes: number;
  readonly storedBytes: number;
}

/** Totals of a plan that was run; null for one that was not. */
export function planTotals(root: PlanNode): PlanTotals | null {
  if (root.actual === undefined) return null;
  let [seriesRead, samplesRead, unpackedBytes, storedBytes] = [0, 0, 0, 0];
  for (const { node } of planRows(root)) {
    if (node.method === 'shared') continue;
    seriesRead += node.actual?.seriesRead ?? 0;
    samplesRead += node.actual?.samplesRead ?? 0;
    unpackedBytes += node.actual?.unpackedBytes ?? 0;
    storedBytes += node.actual?.storedBytesAbout ?? 0;
  }
  return {
    seconds: root.actual.seconds,
    series: root.actual.series,
    seriesRead,
    samplesRead,
    unpackedBytes,
    storedBytes,
  };
}

/** Where a selector's samples come from, in a few words: "memory, 5m 2 files". */
export function tierWords(stretches: readonly TierStretch[]): string {
  const files = new Map<string, number>();
  for (const { tier, files: count } of stretches) files.set(tier, (files.get(tier) ?? 0) + count);
  return [...files]
    .map(([tier, count]) => (count === 0 ? tier : `${tier} ${count} file${count === 1 ? '' : 's'}`))
    .join(', ');
}

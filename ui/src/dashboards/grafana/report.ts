// What an import did, for the person who has to trust its result: every panel is in it once, shown or not.

export interface PanelOutcome {
  /** Its key in the new dashboard. */
  readonly key: string;
  readonly title: string;
  /** What it was: Grafana's type. */
  readonly type: string;
  /** What it is now. */
  readonly shownAs: string;
  readonly outcome: 'shown' | 'placeholder';
  /** Why it is a placeholder, and what of it was changed or left out. */
  readonly notes: readonly string[];
}

/** A variable, annotation, link or setting that did not come over as it was. */
export interface ImportNote {
  readonly about: string;
  readonly message: string;
}

export interface ImportReport {
  readonly format: 'perses' | 'grafana';
  readonly title: string;
  readonly schemaVersion?: number;
  readonly panels: readonly PanelOutcome[];
  readonly notes: readonly ImportNote[];
  readonly counts: { readonly variables: number; readonly annotations: number; readonly links: number };
}

/** `42 panels: 40 shown, 2 placeholders`. */
export function reportSummary(report: ImportReport): string {
  const placeholders = report.panels.filter((panel) => panel.outcome === 'placeholder').length;
  const all = report.panels.length;
  const noun = all === 1 ? 'panel' : 'panels';
  if (placeholders === 0) return `${all} ${noun}, all shown`;
  return `${all} ${noun}: ${all - placeholders} shown, ${placeholders} ${placeholders === 1 ? 'placeholder' : 'placeholders'}`;
}

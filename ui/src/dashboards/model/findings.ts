/** Something a document's author should know. An error means that the document is not used as it stands. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  /** Where, as a path from the root: `spec.layouts[0].spec.items[2].x`; empty for the whole document. */
  readonly path: string;
  /** What was expected and what is there, lower case, without a stop. */
  readonly message: string;
}

/** The finding on one line. */
export function findingText(finding: Finding): string {
  return finding.path === '' ? finding.message : `${finding.path}: ${finding.message}`;
}

/** What a value is, for messages; texts are cut so that a message stays one line. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return value.length > 40 ? `"${value.slice(0, 40)}..."` : `"${value}"`;
  return String(value);
}

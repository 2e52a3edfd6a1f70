/** Where a query is wrong and why. Offsets in UTF-16 units, as editors count. */
export interface ParseError {
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

/**
 * The place an error of the server's names: `invalid parameter "query": 1:10: parse error: unclosed left parenthesis` (line and column
 * from 1). Without a place it is about the whole text.
 */
export function parseErrorOf(query: string, error: string): ParseError {
  const found = /(?:^|: )(\d+):(\d+): (?:parse error: )?([\s\S]*)$/.exec(error);
  if (found === null) return { from: 0, to: query.length, message: error.replace(/^invalid parameter "query": /, '') };
  const lines = query.split('\n');
  const line = Math.min(lines.length, Number(found[1]));
  const begin = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  const at = Math.min(query.length, begin + Math.max(0, Number(found[2]) - 1));
  // At least one character is marked: the last one when the text ends too early.
  const rest = /^[\w:]+/.exec(query.slice(at));
  const to = Math.min(query.length, at + (rest?.[0].length ?? 1));
  return { from: Math.min(at, Math.max(0, to - 1)), to, message: found[3]! };
}

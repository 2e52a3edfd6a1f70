import { type StreamSource } from '../../api/page-stream';

/** A query of a signed link's page as an expression of ours: the panel and the query's place in it. */
export function viewExpression(panel: string, query: number): string {
  return `${query} ${panel}`;
}

/** The stream of a signed link: it is asked by panel and place, never by PromQL. */
export function viewSource(token: string): StreamSource {
  return {
    path: `view/${encodeURIComponent(token)}/stream`,
    member: (id, { expr, range, step }) => {
      const space = expr.indexOf(' ');
      return { id, panel: expr.slice(space + 1), query: Number(expr.slice(0, space)), range, step };
    },
  };
}

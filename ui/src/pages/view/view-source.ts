import { type StreamSource } from '../../api/page-stream';
import { type RangeSource } from '../../api/use-range';

/** The id that a query of a signed link's page is followed with: its panel and its place among the panel's queries. */
export function viewId(panel: string, query: number): string {
  return `${panel}/${query}`;
}

/** The reverse of `viewId`. */
function placeOf(id: string): { readonly panel: string; readonly query: number } {
  const slash = id.lastIndexOf('/');
  return { panel: id.slice(0, slash), query: Number(id.slice(slash + 1)) };
}

/** The stream of a signed link: it is asked by panel and place, which ids are (`viewId`), never by PromQL. */
export function viewSource(token: string): StreamSource {
  return {
    path: `view/${encodeURIComponent(token)}/stream`,
    member: (wire, { id, range, step }) => ({ id: wire, ...placeOf(id), range, step }),
  };
}

/** Its queries over a window that does not move, such as those of panels that look back by a week: by panel and place as well. */
export function viewRanges(token: string): RangeSource {
  return {
    path: `view/${encodeURIComponent(token)}/query_range`,
    sending: ({ id, start, end, step }) => ({ method: 'POST', json: { ...placeOf(id), start, end, step } }),
  };
}

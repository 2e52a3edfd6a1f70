import { type StreamSource } from '../../api/page-stream';

/** The id that a query of a signed link's page is followed with: its panel and its place among the panel's queries. */
export function viewId(panel: string, query: number): string {
  return `${panel}/${query}`;
}

/** The stream of a signed link: it is asked by panel and place, which ids are (`viewId`), never by PromQL. */
export function viewSource(token: string): StreamSource {
  return {
    path: `view/${encodeURIComponent(token)}/stream`,
    member: (wire, { id, range, step }) => {
      const slash = id.lastIndexOf('/');
      return { id: wire, panel: id.slice(0, slash), query: Number(id.slice(slash + 1)), range, step };
    },
  };
}

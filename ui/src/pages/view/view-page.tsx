import { lazy, type ReactNode, useMemo } from 'react';
import { useParams } from 'wouter';

import { noteServerTime } from '../../api/clock';
import { get } from '../../api/client';
import { type View } from '../../api/types';
import { useLoaded } from '../../api/use-get';
import { useLive } from '../../api/use-live';
import { RangeSourceContext } from '../../api/use-range';
import { type QueryState } from '../../core/frame';
import { lastSeconds } from '../../core/time-range';
import { FrameContext, useFrame } from '../../frame/frame-state';
import { StreamProvider } from '../../frame/stream-provider';
import { timeText } from '../../core/zone';
import { useWallLife } from '../war-room/use-wall-life';
import { Wall } from '../war-room/wall';
import { ViewInfo } from './view-info';
import { viewId, viewRanges, viewSource } from './view-source';

const DashboardLink = lazy(() => import('./dashboard-link'));

/** As on the wall of the war room. */
const RANGE_S = 1800;
const STEP_S = 5;
/** How often it is looked whether the link still holds, in seconds. */
const LOOK_S = 60;

function pair(sli: string, state: QueryState | undefined): [string, QueryState][] {
  return state === undefined ? [] : [[sli, state]];
}

/** The overview of a link: its SLIs, and of each the queries that the server lets it ask. */
function OverviewView({ view }: { readonly view: View }): ReactNode {
  const { zone } = useFrame();
  const given = view.slis ?? [];
  const by = given.flatMap(({ queries }) => queries).find((query) => query.by.length === 1)?.by[0] ?? 'region';
  const parts = given.flatMap(({ sli, queries: known }) =>
    known.flatMap(({ by: labels }, place) => {
      const part = labels.length === 0 ? 'total' : labels.length === 1 && labels[0] === by ? 'by' : null;
      return part === null ? [] : [{ part, sli: sli.name, id: viewId(sli.name, place) }];
    }),
  );
  // The text of a query is its place: the server knows the PromQL, the page does not.
  const states = useLive(parts.map(({ id }) => ({ id, expr: id, range: RANGE_S, step: STEP_S })));
  const statesOf = (wanted: string): ReadonlyMap<string, QueryState> =>
    new Map(parts.filter(({ part }) => part === wanted).flatMap(({ sli, id }) => pair(sli, states.get(id))));
  const board = { slis: given.map(({ sli }) => sli), by, totals: statesOf('total'), rows: statesOf('by') };
  const title = Object.values(view.variables ?? {})
    .flat()
    .join(', ');
  return (
    <Wall
      board={board}
      title={title === '' ? 'All regions' : title}
      error={null}
      foot={`This link holds until ${timeText(view.expires / 1000, zone, 'minute')}.`}
    />
  );
}

function ViewOf({ token }: { readonly token: string }): ReactNode {
  const frame = useFrame();
  const walled = useMemo(() => ({ ...frame, range: lastSeconds(RANGE_S), refresh: `${STEP_S}s` }), [frame]);
  const load = async (signal: AbortSignal): Promise<View> => {
    const sent = Date.now();
    const view = await get<View>(`view/${encodeURIComponent(token)}`, undefined, signal);
    noteServerTime(view.now, sent, Date.now());
    return view;
  };
  const { data, error, reload } = useLoaded(token, load, LOOK_S);
  useWallLife(reload, data !== null);
  // A link that is over or revoked shows nothing more; a server that is away shows what there was.
  if (error?.status === 404) {
    return (
      <main style={{ padding: 48 }}>
        <h1>This link does not hold</h1>
        <p>It is over, was revoked, or was copied in part. Ask for a new one where you got it.</p>
      </main>
    );
  }
  if (data === null) return <main style={{ padding: 48 }}>{error === null ? 'Loading' : error.message}</main>;
  return (
    <ViewInfo token={token}>
      {data.page === 'overview' ? (
        <OverviewView view={data} />
      ) : (
        <FrameContext value={walled}>
          <DashboardLink view={data} />
        </FrameContext>
      )}
    </ViewInfo>
  );
}

/** A page behind a signed link: no login, no controls, only what the link is for. */
export default function ViewPage(): ReactNode {
  const { token = '' } = useParams<{ token: string }>();
  const source = useMemo(() => viewSource(token), [token]);
  const ranges = useMemo(() => viewRanges(token), [token]);
  return (
    <StreamProvider key={token} source={source}>
      <RangeSourceContext value={ranges}>
        <ViewOf token={token} />
      </RangeSourceContext>
    </StreamProvider>
  );
}

import { type ReactNode, useMemo } from 'react';

import { type View } from '../../api/types';
import { titleOf } from '../../dashboards/model/dashboard';
import { parseDashboard } from '../../dashboards/model/parse';
import { DashboardView } from '../../dashboards/page/dashboard-view';
import classes from '../../dashboards/page/dashboard.module.css';
import { FindingsList } from '../../dashboards/page/findings-list';
import { useFreshness } from '../../frame/freshness-badge';
import { LevelMark } from '../../frame/level-mark';

/** The variables of a link's dashboard: the server filled them in. */
const FILLED: readonly never[] = [];

/** Whether it can be believed. */
function Freshness(): ReactNode {
  const { level, text, details } = useFreshness();
  return (
    <>
      <span role="status" data-freshness={level}>
        <LevelMark level={level} label="" /> <span>{text}</span>
      </span>
      {level === 'bad' && <p role="alert">{details[0]}</p>}
    </>
  );
}

/** The dashboard of a link: its panels as they are, without anything to press. */
export default function DashboardLink({ view }: { readonly view: View }): ReactNode {
  const { dashboard, findings } = useMemo(() => parseDashboard(view.dashboard), [view.dashboard]);
  return (
    <main className={classes.kiosk}>
      {dashboard === null ? (
        <FindingsList findings={findings} />
      ) : (
        <div className={classes.page}>
          <header className={classes.head}>
            <h1 className={classes.title}>{titleOf(dashboard)}</h1>
            <Freshness />
          </header>
          <DashboardView dashboard={dashboard} variables={FILLED} annotations={false} editing={null} />
        </div>
      )}
    </main>
  );
}

import { type ReactNode } from 'react';
import { useParams, useSearch } from 'wouter';

import { titleOf } from '../model/dashboard';
import { choicesIn } from '../variables/url';
import classes from './dashboard.module.css';
import { DashboardView } from './dashboard-view';
import { FindingsList } from './findings-list';
import { type Loading, useDashboard } from './use-dashboard';
import { useVariables } from './use-variables';

/** A dashboard on a wall, `/d/NAME/wall`: its panels and nothing to press. */
export default function WallPage(): ReactNode {
  const { name = '' } = useParams<{ name: string }>();
  const { loading } = useDashboard(decodeURIComponent(name));
  return (
    <main className={classes.kiosk}>
      {loading.state === 'ready' ? (
        <Wall loading={loading} />
      ) : (
        <div className={classes.empty} role="status">
          {loading.state === 'failed' ? (
            loading.message
          ) : loading.state === 'broken' ? (
            <FindingsList findings={loading.findings} />
          ) : (
            'Loading the dashboard'
          )}
        </div>
      )}
    </main>
  );
}

function Wall({ loading }: { readonly loading: Loading & { state: 'ready' } }): ReactNode {
  const search = useSearch();
  const { dashboard } = loading;
  const { resolved } = useVariables(dashboard, choicesIn(new URLSearchParams(search)));
  return (
    <div className={classes.page}>
      <h1 className={classes.title}>{titleOf(dashboard)}</h1>
      <DashboardView dashboard={dashboard} variables={resolved} annotations editing={null} />
    </div>
  );
}

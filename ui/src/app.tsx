import { AppShell, NavLink, Title } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { Link, Route, Switch, useLocation } from 'wouter';

const Dashboards = lazy(() => import('./dashboards/dashboards-page'));

/** The frame: navigation on the left, a page on the right. */
export function App() {
  const [location] = useLocation();
  return (
    <AppShell navbar={{ width: 200, breakpoint: 'sm' }} padding="md">
      <AppShell.Navbar p="xs">
        <Title order={4}>Tickscope</Title>
        <NavLink component={Link} href="/dashboards" label="Dashboards" active={location.startsWith('/dashboards')} />
      </AppShell.Navbar>
      <AppShell.Main>
        <Suspense>
          <Switch>
            <Route path="/dashboards" component={Dashboards} />
          </Switch>
        </Suspense>
      </AppShell.Main>
    </AppShell>
  );
}

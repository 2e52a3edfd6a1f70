import { MantineProvider } from '@mantine/core';
import { lazy, type ReactNode, Suspense } from 'react';
import { Route, Switch } from 'wouter';

import { FrameProvider } from './frame/frame-provider';
import { Login } from './frame/login';
import { NotFound } from './frame/not-found';
import { PageErrorBoundary } from './frame/page-error';
import { ROUTES } from './frame/routes';
import { ServerInfoProvider } from './frame/server-info';
import { Shell } from './frame/shell';
import { StreamProvider } from './frame/stream-provider';
import { THEME } from './frame/theme';

const PAGES = ROUTES.map((route) => ({ ...route, Page: lazy(route.load) }));
const OPEN = PAGES.filter(({ open }) => open === true);
const BARE = PAGES.filter(({ bare }) => bare === true);
const FRAMED = PAGES.filter(({ bare, open }) => bare !== true && open !== true);

/** A page without the frame: on a wall, or behind a signed link. */
function Bare({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <PageErrorBoundary unattended>
      <Suspense>{children}</Suspense>
    </PageErrorBoundary>
  );
}

/** Pages for those who are logged in, or need not be. */
function Console(): ReactNode {
  return (
    <ServerInfoProvider>
      <StreamProvider>
        <Switch>
          {BARE.map(({ path, Page }) => (
            <Route key={path} path={path}>
              <Bare>
                <Page />
              </Bare>
            </Route>
          ))}
          <Route>
            <Shell>
              <Switch>
                {FRAMED.map(({ path, Page }) => (
                  <Route key={path} path={path} component={Page} />
                ))}
                <Route component={NotFound} />
              </Switch>
            </Shell>
          </Route>
        </Switch>
        <Login />
      </StreamProvider>
    </ServerInfoProvider>
  );
}

/** The console. */
export function App(): ReactNode {
  return (
    <MantineProvider theme={THEME} defaultColorScheme="auto">
      <FrameProvider>
        <Switch>
          {OPEN.map(({ path, Page }) => (
            <Route key={path} path={path}>
              <Bare>
                <Page />
              </Bare>
            </Route>
          ))}
          <Route>
            <Console />
          </Route>
        </Switch>
      </FrameProvider>
    </MantineProvider>
  );
}

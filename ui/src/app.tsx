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
const BARE = PAGES.filter(({ bare }) => bare === true);
const FRAMED = PAGES.filter(({ bare }) => bare !== true);

/** A page without the frame: on a wall, or behind a signed link. */
function Bare({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <PageErrorBoundary>
      <Suspense>{children}</Suspense>
    </PageErrorBoundary>
  );
}

/** The console. */
export function App(): ReactNode {
  return (
    <MantineProvider theme={THEME} defaultColorScheme="auto">
      <FrameProvider>
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
      </FrameProvider>
    </MantineProvider>
  );
}

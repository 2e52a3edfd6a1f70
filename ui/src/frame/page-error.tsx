import { Alert, Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';

/** Keeps the frame alive when a page has a fault: says so in its place, and lets one try again. */
export class PageErrorBoundary extends Component<{ readonly children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: unknown): { error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    // A chunk of an older build is gone from a server that was updated: the page must be loaded anew.
    const old = /dynamically imported module|module script|Loading chunk/i.test(error.message);
    return (
      <Alert color="red" title={old ? 'The console was updated' : 'This page has a fault'} role="alert">
        <p style={{ marginTop: 0 }}>{old ? 'Load it anew to go on.' : error.message}</p>
        <Button size="compact-sm" onClick={() => (old ? window.location.reload() : this.setState({ error: null }))}>
          {old ? 'Load anew' : 'Try again'}
        </Button>
      </Alert>
    );
  }
}

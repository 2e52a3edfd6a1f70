import { Alert, Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';

interface Props {
  /** A page that nobody looks after: it loads itself anew as soon as its server answers. */
  readonly unattended?: boolean;
  readonly children: ReactNode;
}

/** How often an unattended page looks for its server, in ms. */
const LOOK_MS = 5_000;

/** Keeps the frame alive when a page has a fault: says so in its place, and lets one try again. */
export class PageErrorBoundary extends Component<Props, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };
  private timer: number | undefined;

  static getDerivedStateFromError(error: unknown): { error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidUpdate(): void {
    if (this.props.unattended !== true || this.state.error === null || this.timer !== undefined) return;
    this.timer = window.setInterval(() => {
      fetch('/-/ready').then(
        ({ ok }) => ok && window.location.reload(),
        () => undefined,
      );
    }, LOOK_MS);
  }

  override componentWillUnmount(): void {
    window.clearInterval(this.timer);
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    // A part of the page that cannot be fetched: the server is away, or was updated and has other parts now.
    const missing = /dynamically imported module|module script|Loading chunk|preload CSS/i.test(error.message);
    return (
      <Alert color="red" title={missing ? 'This page could not be loaded' : 'This page has a fault'} role="alert">
        <p style={{ marginTop: 0 }}>
          {missing ? 'The server does not answer, or the console was updated: load the page anew.' : error.message}
        </p>
        <Button size="compact-sm" onClick={() => (missing ? window.location.reload() : this.setState({ error: null }))}>
          {missing ? 'Load anew' : 'Try again'}
        </Button>
      </Alert>
    );
  }
}

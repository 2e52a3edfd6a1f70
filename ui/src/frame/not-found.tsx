import { type ReactNode } from 'react';
import { Link } from 'wouter';

import { useFrame } from './frame-state';

/** For an address that leads nowhere. */
export function NotFound(): ReactNode {
  const { href } = useFrame();
  return (
    <>
      <h1>No such page</h1>
      <p>
        Nothing is at this address. Press <kbd>/</kbd> to find a page, or go to the{' '}
        <Link href={href('/')}>overview</Link>.
      </p>
    </>
  );
}

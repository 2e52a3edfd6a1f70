import { Button, Modal, PasswordInput, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';

import { startSession } from '../api/session';
import { useSession } from '../api/use-session';

/** Asks for a bearer token when the server says that it wants one. Kept for as long as the tab is open. */
export function Login(): ReactNode {
  const { refused, tenant, token } = useSession();
  const [typedToken, setToken] = useState('');
  const [typedTenant, setTenant] = useState(tenant);
  const enter = (event: React.FormEvent): void => {
    event.preventDefault();
    startSession(typedTenant.trim(), typedToken.trim());
    setToken('');
  };
  return (
    <Modal opened={refused} onClose={() => undefined} withCloseButton={false} title="Log in" size="sm" centered>
      <form onSubmit={enter}>
        <p style={{ marginTop: 0 }}>
          {token === ''
            ? 'This server asks for a bearer token.'
            : 'The server does not take this token: it is wrong, over, or not for this tenant.'}
        </p>
        <PasswordInput
          label="Token"
          description="Kept in this tab until it is closed."
          value={typedToken}
          onChange={(event) => setToken(event.currentTarget.value)}
          autoComplete="off"
          data-autofocus
          required
        />
        <TextInput
          mt="sm"
          label="Tenant"
          description="Leave empty for the token's own."
          value={typedTenant}
          onChange={(event) => setTenant(event.currentTarget.value)}
          autoComplete="off"
        />
        <Button type="submit" mt="md" fullWidth>
          Continue
        </Button>
      </form>
    </Modal>
  );
}

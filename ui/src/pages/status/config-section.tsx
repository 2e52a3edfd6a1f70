import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';

import { useGet } from '../../api/use-get';
import parts from '../parts/parts.module.css';
import { Section } from '../parts/section';

/** The settings the server runs with, asked for when somebody wants to see them. */
export function ConfigSection(): ReactNode {
  const [opened, setOpened] = useState(false);
  const config = useGet<{ yaml: string }>(opened ? 'status/config' : null);
  return (
    <Section
      title="Configuration"
      note="As the server runs, defaults included"
      wide
      of={opened ? config : { data: { yaml: '' }, error: null, loading: false, reload: config.reload }}
      empty="Not shown."
      controls={
        <Button size="compact-xs" variant="default" aria-expanded={opened} onClick={() => setOpened(!opened)}>
          {opened ? 'Hide' : 'Show'}
        </Button>
      }
    >
      {({ yaml }) =>
        opened ? (
          <pre className={parts.config} tabIndex={0} aria-label="Configuration as YAML">
            {yaml}
          </pre>
        ) : null
      }
    </Section>
  );
}

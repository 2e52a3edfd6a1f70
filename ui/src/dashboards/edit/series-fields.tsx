import { ActionIcon, Button, Checkbox, ColorInput, Group, Select, Stack, TextInput } from '@mantine/core';
import { type ReactNode } from 'react';

import { strokeOf } from '../../core/colours';
import { hexColour } from '../../core/css-colour';
import { arrayOf, type JsonObject, objectOf, textOf } from '../model/json';
import { patternOf } from '../model/options';
import classes from './panel-editor.module.css';

export interface SeriesFieldsProps {
  readonly spec: JsonObject;
  readonly setSpec: (spec: JsonObject) => void;
  readonly units: readonly string[];
  /** Whether the kind of panel has axes. */
  readonly axes: boolean;
}

/** The palette's first colours, which can be told apart on both grounds. */
const swatches = Array.from({ length: 8 }, (_, place) => strokeOf(place, 'light').colour);

/** What is different for some series: colour, unit, axis, name. Members that are not shown here stay. */
export function SeriesFields({ spec, setSpec, units, axes }: SeriesFieldsProps): ReactNode {
  const overrides = arrayOf(spec['overrides']).map(objectOf);
  const put = (next: readonly JsonObject[]) => {
    const { overrides: _before, ...rest } = spec;
    setSpec(next.length === 0 ? rest : { ...rest, overrides: next });
  };
  return (
    <Stack gap="xs" role="group" aria-label="Series of their own">
      {overrides.map((override, index) => (
        <OneOverride
          // oxlint-disable-next-line react/no-array-index-key -- an override is its place.
          key={index}
          number={index + 1}
          override={override}
          units={units}
          axes={axes}
          onChange={(members) =>
            put(overrides.map((each, place) => (place === index ? defined({ ...each, ...members }) : each)))
          }
          onRemove={() => put(overrides.filter((_, place) => place !== index))}
        />
      ))}
      <div>
        <Button size="xs" variant="default" onClick={() => put([...overrides, { match: '', pattern: false }])}>
          Set series apart
        </Button>
      </div>
    </Stack>
  );
}

function OneOverride(props: {
  readonly number: number;
  readonly override: JsonObject;
  readonly units: readonly string[];
  readonly axes: boolean;
  readonly onChange: (members: JsonObject) => void;
  readonly onRemove: () => void;
}): ReactNode {
  const { number, override, units, axes, onChange, onRemove } = props;
  const match = textOf(override['match']) ?? '';
  const pattern = override['pattern'] === true;
  const unit = textOf(override['unit']);
  const broken = pattern && patternOf(match) === null;
  return (
    <div className={classes.override} role="group" aria-label={`Series ${number}`}>
      <Group gap={6} wrap="nowrap" align="flex-start">
        <TextInput
          size="xs"
          aria-label={`Name of series ${number}`}
          placeholder={pattern ? 'eu-.*' : 'eu'}
          value={match}
          error={broken ? 'Not a regular expression' : undefined}
          onChange={(event) => onChange({ match: event.currentTarget.value })}
          style={{ flex: 1 }}
        />
        <Checkbox
          size="xs"
          label="pattern"
          mt={7}
          checked={pattern}
          onChange={(event) => onChange({ pattern: event.currentTarget.checked })}
        />
        <ActionIcon variant="subtle" color="gray" aria-label={`Remove series ${number}`} onClick={onRemove}>
          ✕
        </ActionIcon>
      </Group>
      <Group gap={6} grow>
        <ColorInput
          size="xs"
          aria-label={`Colour of series ${number}`}
          placeholder="colour"
          format="hex"
          swatches={swatches}
          withEyeDropper={false}
          value={hexColour(textOf(override['color'])) ?? textOf(override['color']) ?? ''}
          onChange={(colour) => onChange({ color: colour === '' ? undefined : colour })}
        />
        <Select
          size="xs"
          aria-label={`Unit of series ${number}`}
          placeholder="unit"
          clearable
          searchable
          data={unit === undefined || units.includes(unit) ? [...units] : [unit, ...units]}
          value={unit ?? null}
          onChange={(chosen) => onChange({ unit: chosen ?? undefined })}
        />
        {axes && (
          <Select
            size="xs"
            aria-label={`Axis of series ${number}`}
            allowDeselect={false}
            data={[
              { value: 'left', label: 'left axis' },
              { value: 'right', label: 'right axis' },
            ]}
            value={override['axis'] === 'right' ? 'right' : 'left'}
            onChange={(axis) => onChange({ axis: axis === 'right' ? 'right' : undefined })}
          />
        )}
      </Group>
    </div>
  );
}

function defined(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
